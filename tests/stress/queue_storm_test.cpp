// Queues under tasks and foreign threads that put and take, are cancelled at any moment, and meet the
// end of the queue at any moment.
//
// Conservation: an item that was accepted is delivered once, or was discarded, or is still in the queue;
// an item whose put failed or was cancelled is never delivered.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

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
    EXPECT_LE(count(item.accepted) + count(item.refused), 1u) << "item " << i;
    EXPECT_LE(count(item.delivered), count(item.accepted)) << "item " << i << " was not accepted";
    accepted += count(item.accepted);
    delivered += count(item.delivered);
  }
  EXPECT_EQ(accepted, delivered + on.book.discarded);
  EXPECT_EQ(on.queue.unfinished(), 0u);
  EXPECT_EQ(on.queue.waiting_getters(), 0u);
  EXPECT_EQ(on.queue.waiting_putters(), 0u);
}

// From the first put to the last get after close.
template <class Queue>
void whole_life_of_a_queue(silk::runtime& runtime, silk::runtime& other, dice& random) {
  scene<Queue> on(random.below(5));
  std::vector<silk::join_handle<void>> all;
  for (unsigned i = 1 + random.below(5); i > 0; --i) {
    all.push_back(runtime.spawn(produces(life(), random.another(), on)));
    all.push_back(
        (random.one_in(2) ? runtime : other).spawn(consumes(life(), random.another(), on)));
  }
  std::atomic<bool> over{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, mine = random.another()] { disturbs(mine, on, all, over); });
  }
  for (unsigned i = random.below(20); i > 0; --i) jitter(random);
  if (random.one_in(2)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  on.queue.close();
  if (random.one_in(4)) on.book.discarded += on.queue.close(silk::close_mode::discard);
  over = true;
  threads.clear();
  runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(all); });
  while (on.take_without_waiting()) {  // every consumer may have been cancelled before it began
  }
  runtime.block_on(joins(on));
  check(on);
}

class queue_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(queue_storm);

TEST_P(queue_storm, loses_nothing_and_delivers_nothing_twice) {
  silk::runtime runtime(quiet(workers())), other(quiet(1));
  while (time.running()) {
    whole_life_of_a_queue<silk::queue<parcel>>(runtime, other, random);
    whole_life_of_a_queue<silk::priority_queue<parcel>>(runtime, other, random);
    whole_life_of_a_queue<silk::lifo_queue<parcel>>(runtime, other, random);
  }
}

// The task that takes the last item may destroy the queue, perhaps before the thread that put it has
// left put_nowait.
TEST_P(queue_storm, lets_the_queue_go_while_the_producer_is_on_its_way_out) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    auto queue = std::make_unique<silk::queue<parcel>>(1);
    const std::jthread producer([to = queue.get(), mine = random.another()]() mutable {
      jitter(mine);
      to->put_nowait(parcel(1));
    });
    runtime.block_on([&]() -> silk::task<> {
      const parcel last = co_await queue->get();
      EXPECT_EQ(last.number(), 1u);
      queue.reset();
    });
    liveness_oracle::progress();
  }
}

}  // namespace
