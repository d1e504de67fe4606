// task_fixture: for model tests of tasks. Their runtimes have no threads: the virtual threads of a test
// drive them, so that nothing is explored but what the test is about.
#pragma once

#include "checker/sync.hpp"
#include "report.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

namespace silk::model::tasks {

using model::check;
using model::expect_holds;
using model::together;

inline runtime_options quiet() { return {.workers = 1, .time = time_source::virtual_time}; }

// What the library makes when it is first needed, to stay, such as the reasons of its own cancels, would
// look like a leak.
inline bool make_what_is_made_once() {
  const auto waits = [](event& for_it) -> task<int> {
    co_await for_it.wait();
    co_return 0;
  };
  const auto fails = []() -> task<int> {
    throw 1;
    co_return 0;
  };
  const auto all = [&](event& never) -> task<int> {
    try {
      co_await with_timeout(std::chrono::microseconds(1), waits(never));
    } catch (const timeout_error&) {
    }
    try {
      co_await gather(waits(never), fails());
    } catch (int) {
    }
    co_return 0;
  };
  event never;
  manual_runtime here(quiet()), another(quiet());
  const auto cancelled_by_the_end = another.spawn(waits(never));
  return here.block_on(all(never)) == 0 && another.shutdown();
}

// A worker that goes to sleep again and again because it sees the same old value each time ends only
// where such values are bounded: `old_values` for tests in which one goes to sleep.
inline options within(unsigned preemptions, unsigned old_values = search_tree::unbounded) {
  [[maybe_unused]] static const bool made = make_what_is_made_once();
  options how = all_within(preemptions);
  how.old_values = old_values;
  how.has_globals = true;  // the list of runtimes
  return how;
}

// Whether a task has ended as cancelled; else it must have come to `value`.
inline bool was_cancelled(const join_handle<int>& ended, int value) {
  check(ended.done(), "the task has ended");
  if (ended.is_cancelled()) return true;
  check(ended.result() == value, "the value comes out");
  return false;
}

// One more worker of a driven runtime, for a virtual thread to play: it has forks and a queue of its own.
class second_worker {
 public:
  explicit second_worker(manual_runtime& of) : self_(pool_of(of), 0) {}

  // Takes what the first worker has forked, up to so many times, and runs it.
  void steal(unsigned times) {
    scheduler::detail::this_worker = &self_;
    scheduler::deque& forks = self_.owner().at(0).forks();
    for (; times > 0; --times) {
      const scheduler::steal_result stolen = forks.steal();
      if (stolen.status != scheduler::steal_status::taken) continue;
      ++stolen_;
      stolen.item->run(*stolen.item);
      run_ready();
    }
    scheduler::detail::this_worker = nullptr;
  }
  // Runs what waits for any worker.
  void work() {
    scheduler::detail::this_worker = &self_;
    run_ready();
    scheduler::detail::this_worker = nullptr;
  }
  unsigned stolen() const noexcept { return stolen_; }

 private:
  static scheduler::pool& pool_of(manual_runtime& driven) {
    const manual_runtime::driving seat(driven);
    return scheduler::current_worker()->owner();
  }
  void run_ready() {
    while (self_.run_turn(nullptr)) {
    }
  }

  scheduler::worker self_;
  unsigned stolen_ = 0;
};

}  // namespace silk::model::tasks
