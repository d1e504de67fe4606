// Tasks that select among queues, a lock, permits, futures and time, and are cancelled at any moment; and
// tasks that share the outcomes of as_completed and are cancelled meanwhile.
//
// Conservation: what was put is taken once or still there; locks and permits are free in the end; each
// outcome is given out once.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <cstddef>
#include <vector>

namespace silk_stress::selecting {

constexpr std::ptrdiff_t permits = 2;

struct scene {
  silk::queue<unsigned> one, two{2};
  silk::mutex lock;
  silk::semaphore free{permits};
  unsigned char guarded =
      0;  // by `lock`: a plain byte, so that ThreadSanitizer sees a missing edge
  std::atomic<unsigned> put{0}, taken{0};
  std::atomic<bool> over{false};

  void got() {
    taken.fetch_add(1, std::memory_order_relaxed);
    liveness_oracle::progress();
  }
};

inline silk::task<> naps(life, dice random) { co_await nap(random); }
inline silk::task<unsigned> fails_now_and_then(life, dice random) {
  co_await nap(random.another());
  if (random.one_in(3)) throw failure_by_design();
  co_return 1;
}

inline silk::task<> one_select(dice& random, scene& on, const silk::future<>& stop) {
  switch (random.below(4)) {
    case 0: {
      const auto first =
          co_await silk::select(on.one.get(), on.two.get(), naps(life(), random.another()),
                                silk::sleep(microseconds(random.below(300))));
      if (first.index() < 2) on.got();
      break;
    }
    case 1: {
      auto first = co_await silk::select(on.lock.scoped(), on.two.next(), stop);
      if (first.index() == 0) ++on.guarded;
      if (first.index() == 1) on.got();
      break;
    }
    case 2: {
      const auto first = co_await silk::select(fails_now_and_then(life(), random.another()),
                                               on.free.acquire(), on.one.get(), stop);
      if (first.index() == 1) on.free.release();
      if (first.index() == 2) on.got();
      break;
    }
    default: {
      const auto first = co_await silk::select(
          silk::select(stop, naps(life(), random.another())), silk::yield(),
          silk::gather(naps(life(), random.another()), naps(life(), random.another())));
      static_cast<void>(first);
      break;
    }
  }
}

// Goes on through cancels until it is over.
inline silk::task<> selects(life, dice random, scene& on, silk::future<> stop) {
  while (!on.over.load(std::memory_order_relaxed)) {
    bool stopped = false;
    try {
      co_await one_select(random, on, stop);
    } catch (const failure_by_design&) {
    } catch (const silk::cancelled&) {
      stopped = true;
    }
    if (stopped) co_await silk::this_task::uncancel();
    co_await silk::yield();
  }
}

inline void puts(dice random, scene& on) {
  while (!on.over.load(std::memory_order_relaxed)) {
    if ((random.one_in(2) ? on.one : on.two).try_put(7u)) {
      on.put.fetch_add(1, std::memory_order_relaxed);
    }
    jitter(random);
  }
}
inline void cancels(dice random, const std::vector<silk::join_handle<>>& all,
                    const std::atomic<bool>& over) {
  while (!over.load(std::memory_order_relaxed)) {
    all[random.below(static_cast<unsigned>(all.size()))].cancel();
    jitter(random);
  }
}

// ---- as_completed ----

using outcomes = silk::completions<silk::future<std::size_t>>;

inline silk::task<> consumes(life, dice random, outcomes& from,
                             std::vector<std::atomic<int>>& seen) {
  while (from.remaining() != 0) {
    bool stopped = false;
    try {
      if (random.one_in(2)) {
        const auto done = co_await from.next();
        if (!done) break;
        ++seen[done->result()];
      } else {
        for (auto slot : from) {
          const std::size_t which = co_await slot;
          ++seen[which];
          if (random.one_in(2)) break;
        }
      }
    } catch (const silk::cancelled&) {
      stopped = true;
    }
    if (stopped) co_await silk::this_task::uncancel();
    if (random.one_in(4)) co_await silk::yield();
  }
}

}  // namespace silk_stress::selecting
