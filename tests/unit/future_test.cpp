// future<T>: one outcome, seen by many. Who sets it: promise_test.cpp.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::told;
using silk_tests::told_of;
using silk_tests::virtual_time;

class future : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(future);

TEST(future, starts_without_an_outcome) {
  const silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  EXPECT_TRUE(future.valid());
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.is_cancelled());
  EXPECT_THROW(future.result(), silk::usage_error);
  EXPECT_THROW(static_cast<void>(future.exception()), silk::usage_error);
}

TEST(future, keeps_its_value_where_it_is) {
  silk::promise<std::string> promise;
  const silk::future<std::string> future = promise.get_future();
  promise.set_value("here");
  EXPECT_EQ(future.result(), "here");
  EXPECT_EQ(&future.result(), &promise.get_future().result());
  EXPECT_EQ(future.exception(), nullptr);
}

TEST(future, that_is_cancelled_tells_why) {
  const silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  EXPECT_TRUE(future.cancel("not needed"));
  EXPECT_TRUE(future.done());
  EXPECT_TRUE(future.is_cancelled());
  EXPECT_EQ(told_of(future), "cancelled: not needed");
  EXPECT_EQ(told([&] { static_cast<void>(future.exception()); }), "cancelled: not needed");
}

TEST(future, that_is_done_cannot_be_cancelled) {
  silk::promise<int> value;
  value.set_value(1);
  EXPECT_FALSE(value.get_future().cancel());
  EXPECT_EQ(told_of(value.get_future()), "value");

  silk::promise<int> failure;
  failure.set_exception(std::make_exception_ptr(std::runtime_error("boom")));
  EXPECT_FALSE(failure.get_future().cancel());
  EXPECT_EQ(told_of(failure.get_future()), "boom");

  const silk::promise<int> cancelled;
  EXPECT_TRUE(cancelled.get_future().cancel("first"));
  EXPECT_FALSE(cancelled.get_future().cancel("second"));
  EXPECT_EQ(told_of(cancelled.get_future()), "cancelled: first");
}

TEST(future, that_refers_to_nothing_is_safe) {
  silk::promise<int> promise;
  silk::future<int> from = promise.get_future();
  const silk::future<int> to = std::move(from);
  for (const silk::future<int>& empty : {silk::future<int>(), from}) {
    EXPECT_FALSE(empty.valid());
    EXPECT_FALSE(empty.done());
    EXPECT_FALSE(empty.is_cancelled());
    EXPECT_THROW(empty.cancel(), silk::usage_error);
    EXPECT_THROW(empty.result(), silk::usage_error);
    EXPECT_THROW(static_cast<void>(empty.exception()), silk::usage_error);
    EXPECT_THROW(static_cast<void>(empty.operator co_await()), silk::usage_error);
  }
  EXPECT_TRUE(to.valid());
}

TEST(future, compares_equal_when_it_is_the_same_outcome) {
  const silk::promise<int> one;
  const silk::promise<int> other;
  EXPECT_EQ(one.get_future(), one.get_future());
  EXPECT_NE(one.get_future(), other.get_future());
  EXPECT_EQ(silk::future<int>(), silk::future<int>());
}

TEST(future, outlives_runtime_and_promise) {
  silk::future<int> future;
  {
    silk::runtime runtime(virtual_time(1));
    auto promise = std::make_shared<silk::promise<int>>();
    future = promise->get_future();
    runtime.spawn([promise]() -> silk::task<> {
      promise->set_value(7);
      co_return;
    });
    runtime.block_on(future);
  }
  EXPECT_EQ(future.result(), 7);
}

TEST_P(future, done_already_is_awaited_without_suspending) {
  silk::promise<int> promise;
  promise.set_value(7);
  run([&]() -> silk::task<> {
    const silk::future<int> done = promise.get_future();
    bool others_ran = false;
    const auto other = silk::spawn([&]() -> silk::task<> {
      others_ran = true;
      co_return;
    });
    if (workers() == 1) {
      for (int i = 0; i < 10; ++i) {
        const int& value = co_await done;
        EXPECT_EQ(value, 7);
      }
      EXPECT_FALSE(others_ran);
    }
    co_await other;
  });
}

TEST_P(future, gives_the_object_that_was_set) {
  silk::promise<std::unique_ptr<int>> promise;
  run([&]() -> silk::task<> {
    auto value = std::make_unique<int>(7);
    const int* where = value.get();
    const auto setter = silk::spawn([&]() -> silk::task<> {
      promise.set_value(std::move(value));
      co_return;
    });
    const silk::future<std::unique_ptr<int>> shared = promise.get_future();
    const std::unique_ptr<int>& seen = co_await shared;
    EXPECT_EQ(seen.get(), where);
    EXPECT_EQ(&seen, &shared.result());
    const std::unique_ptr<int> taken = co_await promise.get_future();
    EXPECT_EQ(taken.get(), where);
    co_await setter;
  });
}

struct counts_copies {
  explicit counts_copies(int* c) : copies(c) {}
  counts_copies(const counts_copies& other) : copies(other.copies) { ++*copies; }
  counts_copies(counts_copies&&) noexcept = default;
  int* copies;
};

TEST(future, value_is_moved_to_the_last_one_who_refers_to_it) {
  int copies = 0;
  silk::run(
      [&]() -> silk::task<> {
        auto promise = std::make_unique<silk::promise<counts_copies>>();
        silk::future<counts_copies> first = promise->get_future();
        silk::future<counts_copies> last = first;
        promise->set_value(&copies);
        promise.reset();
        static_cast<void>(co_await std::move(first));
        EXPECT_EQ(copies, 1);
        static_cast<void>(co_await std::move(last));
        EXPECT_EQ(copies, 1);
        EXPECT_FALSE(last.valid());
      },
      virtual_time(1));
}

TEST_P(future, wakes_every_waiter_once) {
  silk::promise<int> promise;
  std::atomic<int> woken = 0;
  run([&]() -> silk::task<> {
    std::vector<silk::join_handle<>> waiters;
    for (int i = 0; i < 1000; ++i) {
      waiters.push_back(silk::spawn([&]() -> silk::task<> {
        const int value = co_await promise.get_future();
        woken += value;
      }));
    }
    co_await silk::yield();
    promise.set_value(1);
    co_await silk::gather(std::move(waiters));
  });
  EXPECT_EQ(woken, 1000);
}

TEST(future, wakes_waiters_in_the_order_in_which_they_came) {
  silk::promise<> promise;
  std::vector<int> order;
  silk::run(
      [&]() -> silk::task<> {
        std::vector<silk::join_handle<>> waiters;
        for (int i = 0; i < 100; ++i) {
          waiters.push_back(silk::spawn(
              [&](int n) -> silk::task<> {
                co_await promise.get_future();
                order.push_back(n);
              },
              i));
        }
        co_await silk::sleep(std::chrono::seconds(1));
        promise.set_value();
        co_await silk::gather(std::move(waiters));
      },
      virtual_time(1));
  EXPECT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(future, that_is_cancelled_cancels_who_awaits_it) {
  silk::promise<int> promise;
  silk::runtime runtime(virtual_time());
  const auto waiter =
      runtime.spawn([&]() -> silk::task<> { static_cast<void>(co_await promise.get_future()); });
  promise.get_future().cancel("gone");
  EXPECT_EQ(runtime.block_on(ending(waiter)), "cancelled: gone");
  EXPECT_TRUE(waiter.is_cancelled());
  EXPECT_EQ(waiter.cancelling(), 0u);
}

TEST_P(future, failure_is_the_same_exception_for_all) {
  run([]() -> silk::task<> {
    const silk::join_handle<> failing = silk::spawn([]() -> silk::task<> {
      co_await silk::yield();
      throw std::runtime_error("boom");
    });
    std::vector<const std::exception*> seen;
    for (int i = 0; i < 5; ++i) {
      try {
        co_await failing;
      } catch (const std::exception& e) {
        seen.push_back(&e);
      }
    }
    EXPECT_EQ(seen, std::vector(5, seen.front()));
  });
}

TEST_P(future, is_waited_for_in_several_runtimes) {
  silk::promise<int> promise;
  std::vector<std::unique_ptr<silk::runtime>> runtimes;
  std::vector<silk::join_handle<int>> waiters;
  for (int i = 0; i < 6; ++i) {
    if (i % 2 == 0) {
      runtimes.push_back(std::make_unique<silk::runtime>(virtual_time()));
    }
    waiters.push_back(runtimes.back()->spawn([&]() -> silk::task<int> {
      const int value = co_await promise.get_future();
      co_return value;
    }));
    silk_tests::let_run(*runtimes.back());
  }
  promise.set_value(7);
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    EXPECT_EQ(runtimes[i / 2]->block_on(silk::future<int>(waiters[i])), 7);
  }
}

TEST_P(future, blocks_a_thread_until_it_is_done) {
  silk::runtime runtime(virtual_time());
  silk::promise<int> promise;
  std::vector<std::thread> blocked;
  std::atomic<int> sum = 0;
  for (int i = 0; i < 3; ++i) {
    blocked.emplace_back([&] { sum += runtime.block_on(promise.get_future()); });
  }
  promise.set_value(7);
  for (std::thread& one : blocked) one.join();
  EXPECT_EQ(sum, 21);
  EXPECT_EQ(runtime.block_on(promise.get_future()), 7);
}

// ---- failures that nobody retrieved ----

class future_failure : public testing::Test {
 protected:
  // A promise fails inside a task of a runtime whose handler writes to `told`.
  template <class Look>
  void fail_and(Look look) {
    silk::run(
        [&]() -> silk::task<> {
          silk::promise<int> promise;
          promise.set_exception(std::make_exception_ptr(std::runtime_error("boom")));
          look(promise);
          co_return;
        },
        virtual_time(1, [this](const silk::failure& what) {
          reports.push_back(silk_tests::told_of(what.error) + " of '" +
                            std::string(what.task_name) + "' at line " +
                            std::to_string(what.spawned_at.line()));
        }));
  }
  std::vector<std::string> reports;
};

TEST_F(future_failure, that_nobody_retrieved_reaches_the_handler) {
  fail_and([](silk::promise<int>&) {});
  EXPECT_EQ(reports, std::vector<std::string>{"boom of '' at line 0"});
}

TEST_F(future_failure, that_was_looked_at_does_not) {
  fail_and([](silk::promise<int>& p) { static_cast<void>(p.get_future().exception()); });
  fail_and([](silk::promise<int>& p) { EXPECT_ANY_THROW(p.get_future().result()); });
  EXPECT_TRUE(reports.empty());
}

TEST_F(future_failure, of_a_dropped_promise_is_not_one) {
  fail_and([](silk::promise<int>&) { static_cast<void>(silk::promise<int>().get_future()); });
  EXPECT_EQ(reports.size(), 1u);  // that of fail_and itself
}

static_assert(!std::is_constructible_v<silk::future<int>, int>);
static_assert(std::is_copy_constructible_v<silk::future<std::unique_ptr<int>>>);

}  // namespace
