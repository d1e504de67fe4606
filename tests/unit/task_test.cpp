// task<T>: what happens between the call of a coroutine and its co_await. Awaitables that are not
// silk's: foreign_await_test.cpp. Kinds of values: values_test.cpp.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::virtual_time;

class task : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(task);

silk::task<int> plus_one(int n) { co_return n + 1; }
silk::task<int> plus_one_later(int n) {
  co_await silk::yield();
  co_return n + 1;
}
silk::task<> fail(std::string why) {
  co_await silk::yield();
  throw std::runtime_error(why);
}
// Holds `token` as an argument until its frame goes.
silk::task<> hold(std::shared_ptr<int> token) {
  co_await silk::yield();
  ++*token;
}

TEST_P(task, gives_its_value_to_whoever_awaits_it) {
  const int value = run([]() -> silk::task<int> {
    const int once = co_await plus_one(1);
    const int twice = co_await plus_one_later(once);
    co_return twice;
  });
  EXPECT_EQ(value, 3);
}

TEST_P(task, does_not_start_before_it_is_awaited) {
  bool started = false;
  run([&]() -> silk::task<> {
    silk::task<> lazy = [](bool& s) -> silk::task<> {
      s = true;
      co_return;
    }(started);
    co_await silk::yield();
    EXPECT_FALSE(started);
    co_await std::move(lazy);
    EXPECT_TRUE(started);
  });
}

TEST_P(task, awaited_inline_is_part_of_the_awaiting_task) {
  run([]() -> silk::task<> {
    const std::string outer = co_await silk::this_task::name();
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      const std::string inner = co_await silk::this_task::name();
      EXPECT_EQ(inner, outer);
      EXPECT_EQ(silk::runtime::current().live_tasks(), 1u);
      sum = co_await plus_one_later(sum);
    }
    EXPECT_EQ(sum, 100);
  });
}

TEST_P(task, failure_arrives_as_the_same_exception_object) {
  const std::exception* thrown = nullptr;
  const std::exception* caught = nullptr;
  auto thrower = [](const std::exception*& at) -> silk::task<> {
    co_await silk::yield();
    try {
      throw std::runtime_error("boom");
    } catch (const std::exception& e) {
      at = &e;
      throw;
    }
  };
  run([&]() -> silk::task<> {
    try {
      co_await thrower(thrown);
    } catch (const std::exception& e) {
      caught = &e;
    }
  });
  EXPECT_NE(caught, nullptr);
  EXPECT_EQ(caught, thrown);
}

TEST_P(task, failure_leaves_run) {
  EXPECT_THROW(run([]() -> silk::task<> { co_await fail("boom"); }), std::runtime_error);
}

TEST_P(task, frame_is_gone_before_the_awaiting_task_goes_on) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    co_await hold(token);
    EXPECT_EQ(token.use_count(), 1);
    const std::string end = co_await ending([](std::shared_ptr<int> t) -> silk::task<> {
      co_await hold(t);
      throw std::runtime_error("boom");
    }(token));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(token.use_count(), 1);
  });
  EXPECT_EQ(*token, 2);
}

TEST_P(task, locals_are_destroyed_in_reverse_order_when_it_fails) {
  struct leaves_a_mark {
    leaves_a_mark(std::string& l, char m) : log(l), mark(m) {}
    ~leaves_a_mark() { log += mark; }
    std::string& log;
    char mark;
  };
  std::string log;
  run([&]() -> silk::task<> {
    const std::string end = co_await ending([](std::string& l) -> silk::task<> {
      const leaves_a_mark first(l, '1');
      const leaves_a_mark second(l, '2');
      co_await fail("boom");
    }(log));
    EXPECT_EQ(end, "boom");
  });
  EXPECT_EQ(log, "21");
}

TEST_P(task, chain_of_exceptions_keeps_its_causes) {
  run([]() -> silk::task<> {
    const silk::join_handle<> stopped =
        silk::spawn([]() -> silk::task<> { co_await silk::sleep(std::chrono::hours(1)); });
    stopped.cancel("enough");
    std::string why;
    try {
      try {
        co_await stopped;
      } catch (...) {
        std::throw_with_nested(std::runtime_error("could not go on"));
      }
    } catch (const std::runtime_error& outer) {
      try {
        std::rethrow_if_nested(outer);
      } catch (const silk::cancelled& cause) {
        why = outer.what() + std::string(" because ") + cause.reason();
      }
    }
    EXPECT_EQ(why, "could not go on because enough");
  });
}

TEST_P(task, that_is_destroyed_unstarted_destroys_its_arguments_only) {
  auto token = std::make_shared<int>(0);
  {
    const silk::task<> never = hold(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

TEST_P(task, moves_and_gives_up_what_it_held) {
  auto first = std::make_shared<int>(0);
  auto second = std::make_shared<int>(0);
  silk::task<> a = hold(first);
  silk::task<> b = hold(second);
  EXPECT_TRUE(a);
  b = std::move(a);
  EXPECT_EQ(second.use_count(), 1);
  EXPECT_EQ(first.use_count(), 2);
  silk::task<> c = std::move(b);
  EXPECT_TRUE(c);
  run([&]() -> silk::task<> { co_await std::move(c); });
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(first.use_count(), 1);
}

TEST_P(task, awaited_twice_is_a_usage_error_and_runs_once) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    silk::task<> once = hold(token);
    co_await std::move(once);
    bool refused = false;
    try {
      co_await std::move(once);
    } catch (const silk::usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  });
  EXPECT_EQ(*token, 1);
}

TEST_P(task, that_was_started_cannot_be_spawned_or_gathered) {
  run([]() -> silk::task<> {
    silk::task<int> once = plus_one(1);
    const int value = co_await std::move(once);
    EXPECT_EQ(value, 2);
    EXPECT_THROW(silk::spawn(std::move(once)), silk::usage_error);
    EXPECT_THROW(static_cast<void>(silk::gather(std::move(once), plus_one(2))), silk::usage_error);
    EXPECT_THROW(static_cast<void>(silk::gather(plus_one(2), std::move(once))), silk::usage_error);
    std::vector<silk::task<int>> tasks;
    tasks.push_back(plus_one(2));
    tasks.push_back(std::move(once));
    EXPECT_THROW(static_cast<void>(silk::gather(std::move(tasks))), silk::usage_error);
  });
}

TEST_P(task, value_that_is_a_future_is_not_awaited) {
  silk::promise<int> promise;
  const silk::future<int> inner = run([&]() -> silk::task<silk::future<int>> {
    silk::future<int> pending = co_await [](silk::future<int> f) -> silk::task<silk::future<int>> {
      co_return f;
    }(promise.get_future());
    EXPECT_FALSE(pending.done());
    co_return pending;
  });
  EXPECT_EQ(inner, promise.get_future());
}

TEST_P(task, value_that_is_a_task_is_not_started) {
  const int value = run([]() -> silk::task<int> {
    silk::task<int> inner =
        co_await []() -> silk::task<silk::task<int>> { co_return plus_one(1); }();
    EXPECT_TRUE(inner);
    const int result = co_await std::move(inner);
    co_return result;
  });
  EXPECT_EQ(value, 2);
}

TEST_P(task, cancelled_that_it_throws_itself_makes_it_cancelled) {
  silk::runtime runtime(virtual_time());
  const silk::join_handle<> handle = runtime.spawn([]() -> silk::task<> {
    throw silk::cancelled("my own");
    co_return;
  });
  EXPECT_THROW(runtime.block_on(silk::future<void>(handle)), silk::cancelled);
  EXPECT_TRUE(handle.is_cancelled());
  EXPECT_EQ(handle.cancelling(), 0u);
  EXPECT_EQ(silk_tests::told_of(handle), "cancelled: my own");
}

TEST_P(task, swallows_no_exception_that_is_not_a_std_exception) {
  run([]() -> silk::task<> {
    int caught = 0;
    try {
      co_await []() -> silk::task<> {
        throw 42;
        co_return;
      }();
    } catch (int number) {
      caught = number;
    }
    EXPECT_EQ(caught, 42);
  });
}

static_assert(!std::is_copy_constructible_v<silk::task<>>);
static_assert(!std::is_copy_assignable_v<silk::task<>>);
static_assert(std::is_nothrow_move_constructible_v<silk::task<>>);

}  // namespace
