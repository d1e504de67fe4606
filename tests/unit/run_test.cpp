#include "at_workers.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace silk_tests;

class run_program : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(run_program);

TEST_P(run_program, gives_the_value_of_its_body) {
  EXPECT_EQ(silk::run(answer_after(1h, 42), virtual_time()), 42);
  const auto doubles = [factor = 2]() -> silk::task<int> { co_return 21 * factor; };
  EXPECT_EQ(silk::run(doubles, virtual_time()), 42);
  const auto pointer =
      silk::run([]() -> silk::task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); },
                virtual_time());
  EXPECT_EQ(*pointer, 7);
}

TEST_P(run_program, throws_what_its_body_throws_after_the_clean_up) {
  bool cleaned = false;
  const auto body = [&]() -> silk::task<> {
    silk::spawn([&]() -> silk::task<> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        cleaned = true;
        throw;
      }
    });
    co_await silk::sleep(1s);
    throw boom(3);
  };
  EXPECT_THROW(silk::run(body, virtual_time()), boom);
  EXPECT_TRUE(cleaned);
}

TEST_P(run_program, throws_cancelled_when_its_body_ends_so) {
  std::string reason;
  try {
    run([]() -> silk::task<> {
      co_await silk::yield();
      throw silk::cancelled("enough");
    });
  } catch (const silk::cancelled& stopped) {
    reason = stopped.reason();
  }
  EXPECT_EQ(reason, "enough");
}

TEST_P(run_program, cancels_what_is_left_and_waits_for_it) {
  std::atomic<int> cleaned = 0;
  const int value = run([&]() -> silk::task<int> {
    for (int i = 0; i < 100; ++i) {
      silk::spawn([&]() -> silk::task<> {
        bool stopped = false;
        try {
          co_await never_ends();
        } catch (const silk::cancelled&) {
          stopped = true;
        }
        if (stopped) co_await silk::sleep(1h);  // time goes on while it cleans up
        ++cleaned;
      });
    }
    co_await silk::sleep(1s);
    co_return 42;
  });
  EXPECT_EQ(value, 42);
  EXPECT_EQ(cleaned, 100);
}

// However fast time is: they are told before anybody could see that it goes on.
TEST_P(run_program, cancels_what_is_left_at_the_instant_of_its_end) {
  for (int round = 0; round < 20; ++round) {
    int ticks = 0;
    silk::time_point stopped_at;
    silk::run(
        [&]() -> silk::task<> {
          silk::spawn([&]() -> silk::task<> {
            try {
              for (;; ++ticks) co_await silk::sleep(1s);
            } catch (const silk::cancelled&) {
              stopped_at = silk::now();
              throw;
            }
          });
          co_await silk::sleep(3500ms);
        },
        virtual_time());
    ASSERT_EQ(ticks, 3);
    ASSERT_EQ(stopped_at.time_since_epoch(), 3500ms);
  }
}

TEST_P(run_program, inside_a_task_is_refused_and_starts_nothing) {
  run([]() -> silk::task<> {
    bool started = false;
    const auto body = [&]() -> silk::task<> {
      started = true;
      co_return;
    };
    EXPECT_THROW(silk::run(body), silk::usage_error);
    EXPECT_THROW(silk::run(body()), silk::usage_error);
    EXPECT_FALSE(started);
    co_await silk::sleep(1s);  // the runtime around it is well
  });
}

TEST_P(run_program, errors_of_leftovers_reach_the_handler_and_mask_nothing) {
  const auto leaves_a_failure = [](bool fails) -> silk::task<int> {
    silk::spawn(silk::spawn_options{.name = "leftover"}, []() -> silk::task<> {
      bool stopped = false;
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) throw boom(1);
    });
    co_await silk::sleep(1s);
    if (fails) throw std::runtime_error("main");
    co_return 42;
  };
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure& what) {
    EXPECT_EQ(what.task_name, "leftover");
    EXPECT_THROW(std::rethrow_exception(what.error), boom);
    ++told;
  };
  EXPECT_EQ(silk::run(leaves_a_failure(false), options), 42);
  EXPECT_EQ(told, 1);
  std::string text;
  try {
    silk::run(leaves_a_failure(true), options);
  } catch (const std::runtime_error& error) {
    text = error.what();
  }
  EXPECT_EQ(text, "main");
  EXPECT_EQ(told, 2);
}

TEST_P(run_program, leaves_no_current_runtime_behind) {
  run([]() -> silk::task<> {
    EXPECT_EQ(silk::runtime::current().workers(), GetParam());
    co_return;
  });
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
}

TEST(run_options, that_are_bad_start_nothing) {
  bool started = false;
  const auto body = [&]() -> silk::task<> {
    started = true;
    co_return;
  };
  EXPECT_THROW(silk::run(body, {.workers = 5000}), std::invalid_argument);
  EXPECT_FALSE(started);
}

template <class T>
concept can_be_run = requires(T body) { silk::run(std::move(body)); };

TEST(run_type, takes_tasks_and_what_gives_them_only) {
  static_assert(can_be_run<silk::task<int>>);
  static_assert(can_be_run<silk::task<> (*)()>);
  static_assert(!can_be_run<int>);
  static_assert(!can_be_run<int (*)()>);
  static_assert(!can_be_run<silk::future<int>>);
}

TEST(run_in_real_time, takes_at_least_as_long_as_it_sleeps) {
  const auto start = std::chrono::steady_clock::now();
  silk::run(asleep(5ms), {.workers = 2});
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

}  // namespace
