// Queues under tasks and foreign threads that put and take, are cancelled at any moment, and meet the
// end of the queue at any moment.
//
// Conservation: an item that was accepted is delivered once, or was discarded, or is still in the queue;
// an item whose put failed or was cancelled is never delivered.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace silk_stress::queueing {

constexpr unsigned most_items = 4'000;

// What became of each item; relaxed, so that only the queue orders anything.
struct fate {
  std::atomic<std::uint8_t> accepted{0};
  std::atomic<std::uint8_t> refused{0};
  std::atomic<std::uint8_t> delivered{0};
};

struct ledger {
  std::vector<fate> items = std::vector<fate>(most_items);
  std::atomic<unsigned> begun{0};
  std::atomic<std::size_t> discarded{0};

  std::optional<unsigned> new_item() {
    const unsigned item = begun.fetch_add(1, std::memory_order_relaxed);
    return item < most_items ? std::optional(item) : std::nullopt;
  }
  void accept(unsigned item) { items[item].accepted.fetch_add(1, std::memory_order_relaxed); }
  void refuse(unsigned item) { items[item].refused.fetch_add(1, std::memory_order_relaxed); }
  void deliver(unsigned item) {
    items[item].delivered.fetch_add(1, std::memory_order_relaxed);
    liveness_oracle::progress();
  }
};

// Moves only, compares, and must end.
class parcel {
 public:
  explicit parcel(unsigned number) : number_(number) {}
  unsigned number() const { return number_; }
  bool operator<(const parcel& other) const { return number_ % 16 < other.number_ % 16; }

 private:
  unsigned number_;
  life life_;
};

template <class Queue>
struct scene {
  explicit scene(std::ptrdiff_t capacity) : queue(capacity) {}
  Queue queue;
  ledger book;

  // By a thread, or by a task that will not wait. False: closed.
  bool put_without_waiting(dice& random) {
    const auto item = book.new_item();
    if (!item) return false;
    bool accepted = false;
    if (random.one_in(2)) {
      parcel sent(*item);
      accepted = queue.try_put(std::move(sent));
    } else {
      try {
        queue.put_nowait(parcel(*item));
        accepted = true;
      } catch (const silk::queue_full&) {
      } catch (const silk::closed_error&) {
      }
    }
    accepted ? book.accept(*item) : book.refuse(*item);
    return accepted || !queue.is_closed();
  }
  bool take_without_waiting() {
    const auto got = queue.try_get();
    if (got) {
      book.deliver(got->number());
      queue.task_done();
    }
    return got.has_value();
  }
};

// Goes on through cancels until the queue is closed.
template <class Queue>
silk::task<> produces(life, dice random, scene<Queue>& on) {
  bool open = true;
  while (open) {
    if (random.one_in(4)) {
      open = on.put_without_waiting(random);
    } else {
      const auto item = on.book.new_item();
      if (!item) break;
      bool stopped = false;
      try {
        co_await on.queue.put(parcel(*item));
        on.book.accept(*item);
      } catch (const silk::cancelled&) {
        on.book.refuse(*item);
        stopped = true;
      } catch (const silk::closed_error&) {
        on.book.refuse(*item);
        open = false;
      }
      if (stopped) co_await silk::this_task::uncancel();
    }
    bool stopped = false;
    try {
      co_await nap(random.another());
    } catch (const silk::cancelled&) {
      stopped = true;
    }
    if (stopped) co_await silk::this_task::uncancel();
  }
}

template <class Queue>
silk::task<> consumes(life, dice random, scene<Queue>& on) {
  bool open = true;
  while (open) {
    bool stopped = false;
    try {
      switch (random.below(4)) {
        case 0: {
          static_cast<void>(on.take_without_waiting());
          break;
        }
        case 1: {
          const auto got = co_await on.queue.next();
          open = got.has_value();
          if (open) {
            on.book.deliver(got->number());
            on.queue.task_done();
          }
          break;
        }
        default: {
          const parcel got = co_await on.queue.get();
          on.book.deliver(got.number());
          on.queue.task_done();
        }
      }
      if (random.one_in(4)) co_await nap(random.another());
      if (random.one_in(8)) co_await silk::yield();
    } catch (const silk::cancelled&) {
      stopped = true;
    } catch (const silk::closed_error&) {
      open = false;
    }
    if (stopped) co_await silk::this_task::uncancel();
  }
}

// Everybody is told to stop what they wait for, again and again, until the time has come to close.
template <class Queue>
void disturbs(dice random, scene<Queue>& on, const std::vector<silk::join_handle<void>>& all,
              std::atomic<bool>& over) {
  while (!over.load(std::memory_order_relaxed)) {
    switch (random.below(4)) {
      case 0:
        static_cast<void>(on.put_without_waiting(random));
        break;
      case 1:
        static_cast<void>(on.take_without_waiting());
        break;
      default:
        all[random.below(static_cast<unsigned>(all.size()))].cancel();
    }
    jitter(random);
  }
}

template <class Queue>
silk::task<> joins(scene<Queue>& on) {
  co_await on.queue.join();
}

template <class Queue>
void check(const scene<Queue>& on) {
  const auto count = [](const std::atomic<std::uint8_t>& n) {
    return static_cast<std::size_t>(n.load(std::memory_order_relaxed));
  };
  std::size_t accepted = 0, delivered = 0;
  for (unsigned i = 0; i < most_items; ++i) {
    const fate& item = on.book.items[i];
    expect(count(item.accepted) + count(item.refused) <= 1u);
    expect(count(item.delivered) <= count(item.accepted));
    accepted += count(item.accepted);
    delivered += count(item.delivered);
  }
  expect(accepted == delivered + on.book.discarded);
  expect(on.queue.unfinished() == 0u);
  expect(on.queue.waiting_getters() == 0u);
  expect(on.queue.waiting_putters() == 0u);
}

}  // namespace silk_stress::queueing
