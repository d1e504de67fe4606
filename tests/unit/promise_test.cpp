// promise<T>: exactly one outcome, whoever wants to set it, and never none.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using silk_tests::told_of;
using silk_tests::virtual_time;

class promise : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(promise);

std::exception_ptr an_error() { return std::make_exception_ptr(std::runtime_error("boom")); }

TEST(promise, sets_a_value_once) {
  silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  promise.set_value(42);
  EXPECT_TRUE(promise.done());
  EXPECT_THROW(promise.set_value(43), silk::usage_error);
  EXPECT_THROW(promise.set_exception(an_error()), silk::usage_error);
  EXPECT_FALSE(promise.try_set_value(44));
  EXPECT_FALSE(promise.try_set_exception(an_error()));
  EXPECT_EQ(future.result(), 42);
  EXPECT_EQ(future.exception(), nullptr);
}

TEST(promise, sets_an_exception_once) {
  silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  promise.set_exception(an_error());
  EXPECT_THROW(promise.set_value(43), silk::usage_error);
  EXPECT_FALSE(promise.try_set_exception(an_error()));
  EXPECT_FALSE(future.is_cancelled());
  EXPECT_EQ(told_of(future), "boom");
  EXPECT_EQ(told_of(future.exception()), "boom");
}

TEST(promise, that_is_given_cancelled_as_an_exception_cancels) {
  silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  promise.set_exception(std::make_exception_ptr(silk::cancelled("the device is gone")));
  EXPECT_TRUE(future.is_cancelled());
  EXPECT_EQ(told_of(future), "cancelled: the device is gone");
  EXPECT_THROW(static_cast<void>(future.exception()), silk::cancelled);
  EXPECT_FALSE(future.cancel());
}

// docs/cancellation.md: k3
TEST(promise, comes_too_late_for_a_cancelled_future) {
  silk::promise<int> promise;
  EXPECT_TRUE(promise.get_future().cancel("not needed"));
  EXPECT_TRUE(promise.done());
  EXPECT_THROW(promise.set_value(1), silk::usage_error);
  EXPECT_THROW(promise.set_exception(an_error()), silk::usage_error);
  EXPECT_FALSE(promise.try_set_value(1));
  EXPECT_TRUE(promise.get_future().is_cancelled());
}

TEST(promise, refuses_an_exception_that_is_null) {
  silk::promise<int> promise;
  EXPECT_THROW(promise.set_exception(nullptr), silk::usage_error);
  EXPECT_THROW(static_cast<void>(promise.try_set_exception(nullptr)), silk::usage_error);
  EXPECT_FALSE(promise.done());
  promise.set_value(1);
}

TEST(promise, that_is_dropped_breaks_its_future) {
  silk::future<int> future;
  {
    const silk::promise<int> promise;
    future = promise.get_future();
    EXPECT_FALSE(future.done());
  }
  EXPECT_TRUE(future.done());
  EXPECT_THROW(future.result(), silk::broken_promise);
  EXPECT_THROW(std::rethrow_exception(future.exception()), silk::broken_promise);
}

TEST(promise, that_is_overwritten_breaks_its_future) {
  silk::promise<int> first;
  silk::promise<int> second;
  const silk::future<int> overwritten = first.get_future();
  const silk::future<int> moved = second.get_future();
  first = std::move(second);
  EXPECT_THROW(overwritten.result(), silk::broken_promise);
  EXPECT_FALSE(moved.done());
  first.set_value(1);
  EXPECT_EQ(moved.result(), 1);
}

TEST(promise, that_is_dropped_after_its_value_leaves_it) {
  silk::future<int> future;
  {
    silk::promise<int> promise;
    future = promise.get_future();
    promise.set_value(1);
  }
  EXPECT_EQ(future.result(), 1);
}

TEST(promise, that_was_moved_from_is_a_usage_error) {
  silk::promise<int> from;
  const silk::promise<int> to = std::move(from);
  EXPECT_THROW(from.set_value(1), silk::usage_error);
  EXPECT_THROW(static_cast<void>(from.get_future()), silk::usage_error);
  EXPECT_THROW(static_cast<void>(from.done()), silk::usage_error);
  EXPECT_FALSE(to.done());
}

TEST(promise, makes_the_value_in_place) {
  silk::promise<std::vector<int>> promise;
  promise.set_value(3u, 7);
  EXPECT_EQ(promise.get_future().result(), (std::vector<int>{7, 7, 7}));
}

// docs/cancellation.md: k3
TEST(promise, has_one_winner_among_many_threads) {
  for (int round = 0; round < 50; ++round) {
    silk::promise<int> promise;
    const silk::future<int> future = promise.get_future();
    std::atomic<int> winners = 0;
    std::atomic<int> winner = -1;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        if (i == 0 ? future.cancel() : promise.try_set_value(i)) {
          ++winners;
          winner = i;
        }
      });
    }
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(told_of(future), winner == 0 ? "cancelled" : "value");
    EXPECT_TRUE(winner == 0 || future.result() == winner);
  }
}

TEST_P(promise, set_on_another_thread_wakes_a_waiting_task) {
  silk::promise<std::unique_ptr<int>> source;
  std::thread producer;
  run([&]() -> silk::task<> {
    producer = std::thread([&] { source.set_value(std::make_unique<int>(7)); });
    const std::unique_ptr<int> value = co_await source.get_future();
    EXPECT_EQ(*value, 7);
  });
  producer.join();
}

// The runtime may end as soon as the task has its value, while the producer is still on its way out.
TEST_P(promise, set_on_another_thread_may_end_the_runtime) {
  for (int round = 0; round < 100; ++round) {
    silk::promise<int> source;
    std::thread producer;
    run([&]() -> silk::task<> {
      producer = std::thread([&] { source.set_value(7); });
      const int value = co_await source.get_future();
      EXPECT_EQ(value, 7);
    });
    producer.join();
  }
}

TEST_P(promise, dropped_on_another_thread_wakes_a_waiting_task) {
  auto source = std::make_unique<silk::promise<int>>();
  std::thread producer;
  run([&]() -> silk::task<> {
    silk::future<int> future = source->get_future();
    producer = std::thread([&] { source.reset(); });
    bool broken = false;
    try {
      static_cast<void>(co_await future);
    } catch (const silk::broken_promise&) {
      broken = true;
    }
    EXPECT_TRUE(broken);
  });
  producer.join();
}

TEST_P(promise, set_by_a_task_of_another_runtime_wakes_a_waiting_task) {
  silk::runtime other(virtual_time(1));
  silk::promise<int> there;
  silk::promise<int> back;
  const auto echo = other.spawn([&]() -> silk::task<> {
    const int value = co_await there.get_future();
    back.set_value(value + 1);
  });
  const int answer = run([&]() -> silk::task<int> {
    there.set_value(1);
    const int value = co_await back.get_future();
    co_return value;
  });
  EXPECT_EQ(answer, 2);
  other.block_on(silk::future<void>(echo));
}

static_assert(!std::is_copy_constructible_v<silk::promise<int>>);

}  // namespace
