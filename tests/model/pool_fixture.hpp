// pool_fixture: for model tests of the real pool, with its workers as virtual threads.
#pragma once

#include "../../scheduler/pool.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

namespace silk::model {

// For GoogleTest.
inline void PrintTo(fence_policy fences, std::ostream* to) {
  *to << (fences == fence_policy::full ? "full" : "asymmetric");
}

}  // namespace silk::model

namespace silk::model::pools {

namespace sync = silk::scheduler::sync;
using scheduler::clock_kind;
using scheduler::job;
using scheduler::pool;

using model::check;
using model::expect_holds;
using model::together;

// Each test twice: with asymmetric fences, and with full ones, as where the kernel has no membarrier.
class with_fences : public testing::TestWithParam<fence_policy> {
 protected:
  // With few values that are not the newest: a pool looks at dozens of hints, each of which may be old.
  static options within(unsigned preemptions, unsigned old_values) {
    options how = all_within(preemptions);
    how.old_values = old_values;
    how.fences = GetParam();
    how.barriers = barrier_steps::one;
    return how;
  }
  static options at_random(std::uint64_t executions) {
    options how = some(search::pct, executions);
    how.fences = GetParam();
    how.depth = 5;
    return how;
  }
};

class idle : public with_fences {};

inline std::string fences_name(const testing::TestParamInfo<fence_policy>& tested) {
  return testing::PrintToString(tested.param);
}

#define SILK_MODEL_WITH_BOTH_FENCES(suite)                                                     \
  INSTANTIATE_TEST_SUITE_P(                                                                    \
      fences, suite,                                                                           \
      testing::Values(silk::model::fence_policy::asymmetric, silk::model::fence_policy::full), \
      silk::model::pools::fences_name)

// Virtual time: nobody looks at a clock.
inline scheduler::pool_options quiet(unsigned workers) {
  scheduler::pool_options chosen;
  chosen.workers = workers;
  chosen.clock = clock_kind::virtual_time;
  return chosen;
}

// Runs once; who waits for it sleeps until then.
struct awaited_job : job {
  awaited_job() noexcept { run = &awaited_job::run_it; }
  static void run_it(job& self) noexcept {
    auto& it = static_cast<awaited_job&>(self);
    check(++it.runs == 1, "a job is run twice");
    it.done.store(1, sync::memory_order_release);
    sync::futex_wake(it.done, 2);
  }
  void wait() {
    while (done.load(sync::memory_order_acquire) == 0) sync::futex_wait(done, 0);
  }
  int runs = 0;
  sync::atomic<std::uint32_t> done{0};
};

}  // namespace silk::model::pools
