// spawn and join_handle: a task of its own, seen from outside. Failures that nobody looks at:
// unretrieved_test.cpp; cancellation: cancel_test.cpp.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::let_run;
using silk_tests::nothing;
using silk_tests::roadblock;
using silk_tests::told_of;
using silk_tests::virtual_time;

class spawn : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(spawn);

silk::task<int> give_after_a_yield(int n) {
  co_await silk::yield();
  co_return n;
}
silk::task<> fail_after_a_yield() {
  co_await silk::yield();
  throw std::runtime_error("boom");
}

// ---- the outcome ----

TEST_P(spawn, handle_gives_the_value_however_often_it_is_asked) {
  run([]() -> silk::task<> {
    const silk::join_handle<int> handle = silk::spawn(give_after_a_yield(7));
    for (int i = 0; i < 3; ++i) {
      const int value = co_await handle;
      EXPECT_EQ(value, 7);
    }
    EXPECT_TRUE(handle.done());
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(handle.result(), 7);
    EXPECT_EQ(handle.exception(), nullptr);
  });
}

TEST_P(spawn, handle_gives_the_failure_however_often_it_is_asked) {
  run([]() -> silk::task<> {
    const silk::join_handle<> handle = silk::spawn(fail_after_a_yield());
    for (int i = 0; i < 3; ++i) {
      const std::string end = co_await ending(handle);
      EXPECT_EQ(end, "boom");
    }
    EXPECT_TRUE(handle.done());
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(told_of(handle.exception()), "boom");
  });
}

TEST_P(spawn, handle_is_a_future_for_everybody_else) {
  run([]() -> silk::task<> {
    const silk::join_handle<int> handle = silk::spawn(give_after_a_yield(7));
    const silk::future<int> future = handle;
    EXPECT_EQ(future, handle);
    const int value = co_await future;
    EXPECT_EQ(value, 7);
  });
}

TEST_P(spawn, handle_outlives_its_runtime) {
  std::optional<silk::runtime> runtime(std::in_place, virtual_time());
  const silk::join_handle<int> handle =
      runtime->spawn(silk::spawn_options{.name = "seven"}, give_after_a_yield(7));
  runtime->block_on(silk::future<int>(handle));
  runtime.reset();
  EXPECT_EQ(handle.result(), 7);
  EXPECT_EQ(handle.name(), "seven");
  EXPECT_FALSE(handle.cancel());
}

TEST_P(spawn, many_waiters_join_one_task) {
  run([]() -> silk::task<> {
    const silk::join_handle<int> shared = silk::spawn([]() -> silk::task<int> {
      co_await silk::sleep(std::chrono::seconds(1));
      co_return 7;
    });
    std::vector<silk::join_handle<int>> waiters;
    for (int i = 0; i < 100; ++i) {
      waiters.push_back(silk::spawn(
          [](silk::future<int> f) -> silk::task<int> {
            const int value = co_await f;
            co_return value;
          },
          shared));
    }
    const std::vector<int> all = co_await silk::gather(std::move(waiters));
    EXPECT_EQ(all, std::vector(100, 7));
  });
}

TEST_P(spawn, tasks_join_one_another_in_any_order) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<int>> handles;
    for (int i = 0; i < 1000; ++i) handles.push_back(silk::spawn(give_after_a_yield(i)));
    int sum = 0;
    for (auto at = handles.rbegin(); at != handles.rend(); ++at) {
      const int value = co_await *at;
      sum += value;
    }
    EXPECT_EQ(sum, 999 * 1000 / 2);
  });
}

// It would wait for ever, and neither a cancel nor the end of the runtime could end that.
TEST_P(spawn, task_that_awaits_itself_is_told_so) {
  silk::run(
      []() -> silk::task<> {
        silk::join_handle<> self;
        silk::event known;
        self = silk::spawn([&]() -> silk::task<> {
          co_await known.wait();
          const std::string directly = co_await ending(self);
          EXPECT_EQ(directly, "usage");
          const auto awaits = [](silk::join_handle<> what) -> silk::task<> { co_await what; };
          std::string in_a_child;
          try {
            co_await silk::gather(give_after_a_yield(1), awaits(self));
          } catch (const silk::usage_error& error) {
            in_a_child = error.what();
          }
          EXPECT_EQ(in_a_child, "a task cannot await itself: it would wait for ever");
        });
        known.set();
        const std::string from_outside = co_await ending(self);
        EXPECT_EQ(from_outside, "value");
      },
      virtual_time());
}

TEST_P(spawn, from_many_threads_at_once_runs_every_task) {
  silk::runtime runtime(virtual_time());
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        runtime.spawn([&]() -> silk::task<> {
          co_await silk::yield();
          ++sum;
        });
      }
    });
  }
  for (std::thread& one : threads) one.join();
  while (runtime.live_tasks() != 0) std::this_thread::yield();
  EXPECT_EQ(sum, 1000);
}

// ---- the start ----

TEST(spawn, never_runs_the_body_inside_the_call) {
  silk::run(
      []() -> silk::task<> {
        bool started = false;
        const silk::join_handle<> handle = silk::spawn([&]() -> silk::task<> {
          started = true;
          co_return;
        });
        EXPECT_FALSE(started);
        EXPECT_FALSE(handle.done());
        co_await handle;
        EXPECT_TRUE(started);
      },
      virtual_time(1));
}

TEST(spawn, starts_tasks_in_order_on_one_worker) {
  std::vector<int> order;
  silk::run(
      [&]() -> silk::task<> {
        std::vector<silk::join_handle<>> handles;
        for (int i = 0; i < 1000; ++i) {  // more than the run queue holds
          handles.push_back(silk::spawn(
              [&](int n) -> silk::task<> {
                order.push_back(n);
                co_return;
              },
              i));
        }
        co_await silk::gather(std::move(handles));
      },
      virtual_time(1));
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(spawn, from_another_thread_starts_tasks_in_order_on_one_worker) {
  std::vector<int> order;
  silk::runtime runtime(virtual_time(1));
  roadblock busy(runtime);
  for (int i = 0; i < 1000; ++i) {
    runtime.spawn(
        [&](int n) -> silk::task<> {
          order.push_back(n);
          co_return;
        },
        i);
  }
  busy.release();
  let_run(runtime);
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(spawn, runs_on_the_runtime_of_the_caller) {
  run([]() -> silk::task<> {
    silk::runtime* here = &silk::runtime::current();
    co_await silk::spawn([&here]() -> silk::task<> {
      EXPECT_EQ(&silk::runtime::current(), here);
      co_return;
    });
  });
}

TEST(spawn, outside_of_a_task_is_a_usage_error_and_destroys_the_arguments) {
  auto token = std::make_shared<int>(0);
  auto body = [](std::shared_ptr<int> t) -> silk::task<> {
    ++*t;
    co_return;
  };
  EXPECT_THROW(silk::spawn(body(token)), silk::usage_error);
  EXPECT_THROW(silk::spawn(body, token), silk::usage_error);
  EXPECT_THROW(static_cast<void>(silk::runtime::current()), silk::usage_error);
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

TEST_P(spawn, on_a_closed_runtime_is_a_usage_error_and_destroys_the_arguments) {
  auto token = std::make_shared<int>(0);
  auto body = [](std::shared_ptr<int> t) -> silk::task<> {
    ++*t;
    co_return;
  };
  silk::runtime runtime(virtual_time());
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_THROW(runtime.spawn(body(token)), silk::usage_error);
  EXPECT_THROW(runtime.spawn(body, token), silk::usage_error);
  EXPECT_EQ(runtime.live_tasks(), 0u);
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

// ---- what the task keeps alive ----

TEST_P(spawn, keeps_callable_and_arguments_until_the_task_has_ended) {
  auto captured = std::make_shared<int>(1);
  auto passed = std::make_unique<int>(2);
  run([&]() -> silk::task<> {
    // Not inside the co_await: GCC 12 destroys the captures of such a lambda twice.
    auto handle = silk::spawn(
        [captured](const std::unique_ptr<int>& argument) -> silk::task<int> {
          co_await silk::sleep(std::chrono::seconds(1));
          co_return *captured + *argument;
        },
        std::move(passed));
    const int sum = co_await handle;
    EXPECT_EQ(sum, 3);
  });
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_P(spawn, copies_what_is_passed_by_reference_unless_told_otherwise) {
  run([]() -> silk::task<> {
    int original = 1;
    auto change = [](int& n) -> silk::task<> {
      n = 2;
      co_return;
    };
    co_await silk::spawn([&change](int n) { return change(n); }, original);
    EXPECT_EQ(original, 1);
    co_await silk::spawn(change, std::ref(original));
    EXPECT_EQ(original, 2);
  });
}

// Made of an argument, and dead at the end of the full expression that calls the coroutine.
class made_of_an_argument {
 public:
  made_of_an_argument(bool* lives) : lives_(lives) { *lives_ = true; }
  ~made_of_an_argument() { *lives_ = false; }
  made_of_an_argument(const made_of_an_argument&) = delete;
  made_of_an_argument& operator=(const made_of_an_argument&) = delete;

 private:
  bool* lives_;
};
silk::task<bool> look_later(const made_of_an_argument&, const bool* lives) {
  co_await silk::yield();
  co_return *lives;
}

TEST_P(spawn, keeps_what_an_argument_is_converted_to_until_the_task_has_ended) {
  run([]() -> silk::task<> {
    bool lives = false;
    const bool lived = co_await silk::spawn(look_later, &lives, &lives);
    EXPECT_TRUE(lived);
    EXPECT_FALSE(lives);
  });
}

TEST_P(spawn, destroys_the_arguments_before_anybody_can_see_the_end) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    for (int i = 0; i < 50; ++i) {
      co_await silk::spawn([](std::shared_ptr<int>) -> silk::task<> { co_return; }, token);
      EXPECT_EQ(token.use_count(), 1);
    }
  });
}

TEST_P(spawn, dropped_handle_detaches_the_task) {
  silk::runtime runtime(virtual_time());
  silk::promise<int> promise;
  runtime.block_on([&]() -> silk::task<> {
    silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(std::chrono::seconds(1));
      promise.set_value(7);
    });
    co_return;
  });
  EXPECT_EQ(runtime.block_on(promise.get_future()), 7);
}

TEST_P(spawn, ended_tasks_are_not_kept) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) co_await silk::spawn(nothing());
    EXPECT_EQ(silk::runtime::current().live_tasks(), 1u);
  });
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

// ---- names and places ----

TEST_P(spawn, name_is_kept_and_can_be_changed) {
  run([]() -> silk::task<> {
    silk::join_handle<std::string> handle =
        silk::spawn(silk::spawn_options{.name = "worker bee"}, []() -> silk::task<std::string> {
          const std::string name = co_await silk::this_task::name();
          co_return name;
        });
    EXPECT_EQ(handle.name(), "worker bee");
    const std::string inside = co_await handle;
    EXPECT_EQ(inside, "worker bee");
    handle.set_name("retired");
    EXPECT_EQ(handle.name(), "retired");
  });
}

TEST_P(spawn, generated_names_are_distinct_and_grow) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<>> handles;
    for (int i = 0; i < 100; ++i) handles.push_back(silk::spawn(nothing()));
    std::set<std::string> names;
    long last = 0;
    for (const auto& handle : handles) {
      const std::string name = handle.name();
      EXPECT_TRUE(names.insert(name).second);
      const long number = std::stol(name.substr(name.find_last_not_of("0123456789") + 1));
      EXPECT_GT(number, last);
      last = number;
    }
    co_await silk::gather(std::move(handles));
  });
}

TEST_P(spawn, place_is_that_of_the_caller) {
  silk::runtime runtime(virtual_time());
  const auto line = std::source_location::current().line();
  const std::vector<silk::join_handle<>> handles = {
      runtime.spawn(nothing()),
      runtime.spawn(silk::spawn_options{.name = "named"}, nothing()),
      runtime.spawn([]() -> silk::task<> { co_return; }),
      runtime.spawn(silk::spawn_options{.name = "named"}, []() -> silk::task<> { co_return; }),
  };
  for (std::size_t i = 0; i < handles.size(); ++i) {
    EXPECT_EQ(handles[i].spawned_at().line(), line + 2 + i);
    EXPECT_STREQ(handles[i].spawned_at().file_name(), std::source_location::current().file_name());
  }
}

// A callable with arguments leaves no room for a default argument: the place is unknown, not wrong.
TEST_P(spawn, place_of_a_callable_with_arguments_is_not_inside_silk) {
  silk::runtime runtime(virtual_time());
  const auto handle = runtime.spawn([](int) -> silk::task<> { co_return; }, 1);
  const std::string file = handle.spawned_at().file_name();
  EXPECT_EQ(file.find("silk/"), std::string::npos) << file << ":" << handle.spawned_at().line();
}

// ---- what does not compile ----

template <class T>
concept can_be_spawned = requires(T thing) { silk::spawn(std::move(thing)); };
static_assert(can_be_spawned<silk::task<int>>);
static_assert(can_be_spawned<silk::task<> (*)()>);
static_assert(!can_be_spawned<int>);
static_assert(!can_be_spawned<int (*)()>);

template <class T>
concept has_set_value = requires(T thing) { thing.set_value(1); };
static_assert(!has_set_value<silk::join_handle<int>>);
static_assert(std::is_convertible_v<silk::join_handle<int>, silk::future<int>>);

}  // namespace
