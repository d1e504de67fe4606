// cancel against completion, and cancel against cancel: exactly one outcome, and nothing accepted is
// lost.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::asleep;
using silk_tests::ending;
using silk_tests::let_run;
using silk_tests::roadblock;
using silk_tests::steady_time;
using silk_tests::virtual_time;

class cancel_race : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(cancel_race);

// One worker, which is blocked: the future is set, then the task is cancelled, then it resumes.
// docs/cancellation.md: r2 w3b
TEST(cancel_race, between_wake_and_resume_the_cancel_is_thrown_and_the_future_keeps_its_value) {
  silk::runtime runtime(virtual_time(1));
  silk::promise<int> promise;
  const auto handle = runtime.spawn([&]() -> silk::task<int> {
    const int value = co_await promise.get_future();
    co_return value;
  });
  let_run(runtime);
  roadblock busy(runtime);
  promise.set_value(7);
  EXPECT_TRUE(handle.cancel("late"));
  busy.release();
  EXPECT_EQ(runtime.block_on(ending(handle)), "cancelled: late");
  EXPECT_EQ(promise.get_future().result(), 7);
}

// The other order: first the future is cancelled, then the task, before it resumes.
TEST(cancel_race, of_a_future_and_of_its_waiter_resumes_the_waiter_once) {
  silk::runtime runtime(virtual_time(1));
  const silk::promise<int> promise;
  int resumed = 0;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    try {
      static_cast<void>(co_await promise.get_future());
    } catch (const silk::cancelled&) {
      ++resumed;
    }
    co_await silk::sleep(1s);
  });
  let_run(runtime);
  roadblock busy(runtime);
  EXPECT_TRUE(promise.get_future().cancel("the future"));
  EXPECT_TRUE(handle.cancel("the task"));
  busy.release();
  EXPECT_EQ(runtime.block_on(ending(handle)), "value");
  EXPECT_EQ(resumed, 1);
}

// docs/cancellation.md: r2 w8b
TEST(cancel_race, between_the_last_child_and_the_resumption_of_gather_the_cancel_is_thrown) {
  silk::runtime runtime(virtual_time(1));
  silk::promise<> promise;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    auto child = [&]() -> silk::task<> { co_await promise.get_future(); };
    auto slow_child = [&]() -> silk::task<> {
      try {
        co_await promise.get_future();
      } catch (const silk::cancelled&) {
      }
    };
    co_await silk::gather(child(), slow_child());
  });
  let_run(runtime);
  roadblock busy(runtime);
  promise.set_value();
  EXPECT_TRUE(handle.cancel("late"));
  busy.release();
  EXPECT_EQ(runtime.block_on(ending(handle)), "cancelled: late");
}

// Whoever wins, nothing is lost: an accepted cancel is seen, and a value that is not seen is a cancel.
// docs/cancellation.md: r1
TEST_P(cancel_race, with_completion_loses_no_accepted_cancel) {
  silk::runtime runtime(virtual_time());
  for (int round = 0; round < 300; ++round) {
    silk::promise<int> promise;
    const auto handle = runtime.spawn([&]() -> silk::task<int> {
      const int value = co_await promise.get_future();
      co_return value;
    });
    std::thread producer([&] { static_cast<void>(promise.try_set_value(7)); });
    const bool accepted = handle.cancel("stop");
    producer.join();
    const std::string end = runtime.block_on(ending(handle));
    EXPECT_EQ(end, accepted ? "cancelled: stop" : "value");
  }
}

TEST_P(cancel_race, of_many_threads_is_counted_and_thrown) {
  silk::runtime runtime(steady_time(workers()));
  for (int round = 0; round < 50; ++round) {
    const auto handle = runtime.spawn(asleep());
    std::atomic<unsigned> accepted = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { accepted += handle.cancel("stop"); });
    }
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(runtime.block_on(ending(handle)), "cancelled: stop");
    EXPECT_GE(accepted, 1u);
    EXPECT_EQ(handle.cancelling(), accepted);
  }
}

}  // namespace
