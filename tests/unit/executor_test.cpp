// Executors of the user's, well-behaved and not, and the end of a runtime that waits for them.
#include "at_workers.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class executor : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(executor);

// Keeps what it is given until somebody wants it.
struct keeps {
  void submit(silk::blocking_job job) {
    const std::lock_guard hold(lock);
    jobs.push_back(std::move(job));
  }
  std::vector<silk::blocking_job> take() {
    const std::lock_guard hold(lock);
    return std::exchange(jobs, {});
  }
  std::mutex lock;
  std::vector<silk::blocking_job> jobs;
};

std::vector<silk::blocking_job> wait_for_jobs(keeps& from, std::size_t count) {
  std::vector<silk::blocking_job> all;
  while (all.size() < count) {
    for (auto& each : from.take()) all.push_back(std::move(each));
    std::this_thread::yield();
  }
  return all;
}

TEST_P(executor, may_call_a_job_twice_which_runs_once) {
  const auto own = std::make_shared<keeps>();
  silk::runtime runtime(virtual_time());
  runtime.set_default_executor(own);
  int calls = 0;
  const auto handle = runtime.spawn(silk::to_thread([&] { return ++calls; }));
  const auto jobs = wait_for_jobs(*own, 1);
  const auto copy = jobs[0];
  jobs[0]();
  copy();
  EXPECT_EQ(runtime.block_on(handle), 1);
  EXPECT_EQ(calls, 1);
}

TEST_P(executor, that_drops_a_job_makes_the_call_fail) {
  const auto own = std::make_shared<keeps>();
  silk::runtime runtime(virtual_time());
  runtime.set_default_executor(own);
  const auto held = std::make_shared<int>(0);
  const auto handle = runtime.spawn(silk::to_thread([held] { return *held; }));
  wait_for_jobs(*own, 1).clear();
  EXPECT_THROW(runtime.block_on(handle), silk::closed_error);
  EXPECT_EQ(held.use_count(), 1);
}

struct refuses {
  void submit(silk::blocking_job) { throw boom(3); }
};

TEST_P(executor, that_throws_makes_the_call_fail_with_it) {
  silk::runtime runtime(virtual_time());
  runtime.set_default_executor(std::make_shared<refuses>());
  const auto held = std::make_shared<int>(0);
  bool called = false;
  EXPECT_THROW(runtime.block_on(silk::to_thread([&called, held] { called = true; })), boom);
  EXPECT_FALSE(called);
  EXPECT_EQ(held.use_count(), 1);
}

struct runs_at_once_and_throws {
  void submit(silk::blocking_job job) {
    job();
    throw boom();
  }
};

TEST_P(executor, may_run_a_job_inside_submit_and_what_it_throws_then_is_too_late) {
  silk::runtime runtime(virtual_time());
  runtime.set_default_executor(std::make_shared<runs_at_once_and_throws>());
  EXPECT_EQ(runtime.block_on(silk::to_thread([] { return 42; })), 42);
}

TEST_P(executor, that_holds_a_cancelled_call_is_waited_for_at_the_end) {
  const auto own = std::make_shared<keeps>();
  bool called = false;
  silk::runtime runtime(virtual_time());
  runtime.set_default_executor(own);
  const auto handle = runtime.spawn(silk::to_thread([&] { called = true; }));
  const auto jobs = wait_for_jobs(*own, 1);
  EXPECT_TRUE(handle.cancel());
  EXPECT_THROW(runtime.block_on(handle), silk::cancelled);
  EXPECT_FALSE(runtime.shutdown(1ms));
  jobs[0]();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_FALSE(called);
}

// Its threads end later than the runtime: the last touch of the runtime must be before the end of it.
TEST_P(executor, may_outlive_the_runtime) {
  struct detached {
    void submit(std::function<void()> job) {
      const std::lock_guard hold(lock);
      threads.emplace_back(std::move(job));
    }
    std::mutex lock;
    std::vector<std::thread> threads;
  };
  const auto own = std::make_shared<detached>();
  for (int round = 0; round < 50; ++round) {
    silk::runtime runtime(virtual_time());
    runtime.set_default_executor(own);
    for (int i = 0; i < 4; ++i) runtime.spawn(silk::to_thread([] {}));
    runtime.block_on(silk::to_thread([] {}));
  }
  for (std::thread& each : own->threads) each.join();
}

}  // namespace
