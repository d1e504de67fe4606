// to_std_future and from_std_future: outcomes cross over unchanged, and no worker is blocked.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace silk_tests;

class std_future : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(std_future);

bool is_ready(const auto& future) { return future.wait_for(0s) == std::future_status::ready; }

template <class T>
silk::task<> wait_for(std::future<T> plain) {
  static_cast<void>(co_await silk::from_std_future(std::move(plain)));
}

// ---- to ----

TEST_P(std_future, a_foreign_thread_gets_the_value_of_a_task) {
  silk::runtime runtime(virtual_time());
  auto value = silk::to_std_future(runtime.spawn(answer_after(1h, 42)));
  auto nothing = silk::to_std_future(runtime.spawn(asleep(1h)));
  EXPECT_EQ(value.get(), 42);
  EXPECT_NO_THROW(nothing.get());
}

TEST_P(std_future, gets_failures_and_cancels) {
  silk::runtime runtime(virtual_time());
  auto failed = silk::to_std_future(runtime.spawn(fail_after(1s)));
  EXPECT_THROW(failed.get(), boom);
  const auto handle = runtime.spawn(never_ends());
  auto cancelled = silk::to_std_future(handle);
  handle.cancel("enough");
  EXPECT_THROW(cancelled.get(), silk::cancelled);
}

TEST_P(std_future, of_what_is_done_is_ready_and_needs_no_runtime) {
  silk::promise<std::string> promise;
  promise.set_value("done");
  auto ready = silk::to_std_future(promise.get_future());
  EXPECT_TRUE(is_ready(ready));
  EXPECT_EQ(ready.get(), "done");
  EXPECT_EQ(promise.get_future().result(), "done");  // a copy was given
}

TEST_P(std_future, of_a_pending_future_needs_somebody_who_calls_back) {
  silk::promise<int> promise;
  EXPECT_THROW(silk::to_std_future(promise.get_future()), silk::usage_error);
  std::future<int> later;
  {
    silk::runtime runtime(virtual_time());
    runtime.block_on([&]() -> silk::task<> {
      later = silk::to_std_future(promise.get_future());
      co_return;
    });
    promise.set_value(7);
    EXPECT_EQ(later.get(), 7);
  }
  EXPECT_THROW(silk::to_std_future(silk::future<int>()), silk::usage_error);
}

TEST_P(std_future, is_broken_when_the_runtime_ends_before) {
  std::future<int> never;
  {
    silk::promise<int> promise;
    run([&]() -> silk::task<> {
      never = silk::to_std_future(promise.get_future());
      co_return;
    });
  }
  EXPECT_THROW(never.get(), std::future_error);
}

TEST_P(std_future, values_that_only_move_are_moved) {
  silk::runtime runtime(virtual_time());
  auto moved = silk::to_std_future(runtime.spawn(
      []() -> silk::task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); }));
  EXPECT_EQ(*moved.get(), 3);
}

// ---- from ----

TEST_P(std_future, that_is_ready_needs_no_thread) {
  run([]() -> silk::task<> {
    std::promise<std::unique_ptr<int>> promise;
    promise.set_value(std::make_unique<int>(5));
    auto wrapped = silk::from_std_future(promise.get_future());
    EXPECT_TRUE(wrapped.done());
    const std::unique_ptr<int> value = co_await std::move(wrapped);
    EXPECT_EQ(*value, 5);

    std::promise<void> fails;
    fails.set_exception(std::make_exception_ptr(boom()));
    const std::string end = co_await ending(wait_for(fails.get_future()));
    EXPECT_EQ(end, "boom");
  });
}

TEST_P(std_future, is_waited_for_without_blocking_a_worker) {
  run([]() -> silk::task<> {
    std::promise<int> promise;
    const auto waits = silk::from_std_future(promise.get_future());
    for (int i = 0; i < 100; ++i) co_await silk::yield();  // others run meanwhile
    EXPECT_FALSE(waits.done());
    std::thread([&] { promise.set_value(1); }).join();
    const int value = co_await waits;
    EXPECT_EQ(value, 1);
  });
}

TEST_P(std_future, that_is_deferred_runs_on_a_thread_that_may_block) {
  run([]() -> silk::task<> {
    const auto here = std::this_thread::get_id();
    auto deferred = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
    const auto there = co_await silk::from_std_future(std::move(deferred));
    EXPECT_NE(there, here);
  });
}

TEST_P(std_future, that_is_broken_fails) {
  run([]() -> silk::task<> {
    std::optional<std::promise<void>> promise(std::in_place);
    auto pending = promise->get_future();
    const auto waits = silk::spawn(wait_for(std::move(pending)));
    promise.reset();
    bool broken = false;
    try {
      co_await waits;
    } catch (const std::future_error&) {
      broken = true;
    }
    EXPECT_TRUE(broken);
  });
}

TEST_P(std_future, a_cancelled_wait_ends_at_once) {
  std::promise<int> promise;
  std::thread sets;
  {
    silk::runtime runtime(virtual_time());
    const auto waits = runtime.spawn(wait_for(promise.get_future()));
    runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
    waits.cancel();
    EXPECT_THROW(runtime.block_on(waits), silk::cancelled);
    sets = std::thread([&] { promise.set_value(1); });
  }  // waits for the thread that waits
  sets.join();
}

TEST_P(std_future, that_refers_to_nothing_is_refused) {
  run([]() -> silk::task<> {
    const std::string end = co_await ending(wait_for(std::future<int>()));
    EXPECT_EQ(end, "usage");
  });
}

TEST_P(std_future, there_and_back_again) {
  const std::string text = run([]() -> silk::task<std::string> {
    const auto handle = silk::spawn([]() -> silk::task<std::string> {
      co_await silk::yield();
      co_return "silk";
    });
    co_return co_await silk::from_std_future(silk::to_std_future(handle));
  });
  EXPECT_EQ(text, "silk");
}

}  // namespace
