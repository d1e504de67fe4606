// pool_fixture: for model tests of the real pool, with its workers as virtual threads.
#pragma once

#include "../../scheduler/pool.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
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
using model::undisturbed;

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

// Keeps its worker busy until it is let go.
struct gate_job : job {
  gate_job() noexcept {
    run = [](job& self) noexcept { static_cast<gate_job&>(self).pass(); };
  }
  void open() {
    open_.store(1, sync::memory_order_release);
    sync::futex_wake(open_, 1);
  }
  void pass() {
    while (open_.load(sync::memory_order_acquire) == 0) sync::futex_wait(open_, 0);
  }

 private:
  sync::atomic<std::uint32_t> open_{0};
};

// A pool whose workers have come to rest when the test begins, some asleep and some in a job; how it is
// made and how it ends is not explored. Two workers are too many to explore all of their lives.
class resting_pool {
 public:
  // Each of `busy` has a worker to itself.
  explicit resting_pool(scheduler::pool_options how, std::initializer_list<job*> busy = {}) {
    undisturbed([&] { pool_.emplace(how); });
    for (job* each : busy) undisturbed([&] { pool_->schedule(*each); });
  }
  ~resting_pool() {
    undisturbed([&] { pool_->stop(); });
    undisturbed([&] { pool_.reset(); });
  }
  resting_pool(const resting_pool&) = delete;
  resting_pool& operator=(const resting_pool&) = delete;

  pool& operator*() noexcept { return *pool_; }
  pool* operator->() noexcept { return &*pool_; }

 private:
  std::optional<pool> pool_;
};

}  // namespace silk::model::pools
