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

inline options within(unsigned preemptions) {
  options how = all_within(preemptions);
  how.has_globals = true;  // the list of runtimes, reasons that are made once
  return how;
}

inline runtime_options quiet() { return {.workers = 1, .time = time_source::virtual_time}; }

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
