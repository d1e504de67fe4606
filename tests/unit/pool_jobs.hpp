// Jobs and timers for the tests of the pool.
#pragma once

#include "../../scheduler/pool.hpp"

#include <functional>
#include <utility>

namespace silk::test {

// A job that calls a function. It must outlive its run.
struct function_job : scheduler::job {
  explicit function_job(std::function<void()> what) : body(std::move(what)) {
    run = [](scheduler::job& self) noexcept { static_cast<function_job&>(self).body(); };
  }
  function_job(const function_job&) = delete;
  function_job& operator=(const function_job&) = delete;

  std::function<void()> body;
};

// A function that a pool calls at a time.
struct function_timer : function_job {
  explicit function_timer(std::function<void()> what) : function_job(std::move(what)) {
    node.on_fire = this;
  }

  // As a task arms a timer; `caller` says what the calling job does next.
  void arm_at(scheduler::pool& pool, std::uint64_t deadline,
              scheduler::pool::then caller = scheduler::pool::then::runs_on) {
    node.deadline = deadline;
    pool.prepare_timer(node);
    static_cast<void>(pool.arm(node, caller));
  }
  void arm_in(scheduler::pool& pool, std::uint64_t ns,
              scheduler::pool::then caller = scheduler::pool::then::runs_on) {
    arm_at(pool, pool.time().now() + ns, caller);
  }

  scheduler::timer_node node;
};

inline scheduler::worker& this_worker() { return *scheduler::current_worker(); }

}  // namespace silk::test
