// sleep, sleep_until, yield: how long, in which order, and what stays behind.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::elapsed;
using silk_tests::ending;
using silk_tests::virtual_time;

class sleep : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(sleep);

TEST_P(sleep, takes_exactly_its_duration_of_virtual_time) {
  run([]() -> silk::task<> {
    EXPECT_EQ(elapsed(), 0s);
    co_await silk::sleep(50ms);
    EXPECT_EQ(elapsed(), 50ms);
    co_await silk::sleep(1ns);
    EXPECT_EQ(elapsed(), 50ms + 1ns);
    co_await silk::sleep(24h * 365);
    EXPECT_EQ(elapsed(), 50ms + 1ns + 24h * 365);
  });
}

TEST_P(sleep, takes_any_chrono_duration_and_rounds_up) {
  run([]() -> silk::task<> {
    co_await silk::sleep(std::chrono::duration<double>(0.25));
    EXPECT_EQ(elapsed(), 250ms);
    co_await silk::sleep(std::chrono::duration<double, std::nano>(0.1));
    EXPECT_EQ(elapsed(), 250ms + 1ns);
    using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
    co_await silk::sleep(picoseconds(1001));
    EXPECT_EQ(elapsed(), 250ms + 3ns);
  });
}

TEST_P(sleep, until_a_point_ends_at_that_point) {
  run([]() -> silk::task<> {
    co_await silk::sleep_until(silk::time_point(5s));
    EXPECT_EQ(elapsed(), 5s);
    co_await silk::sleep_until(silk::now() + 5s);
    EXPECT_EQ(elapsed(), 10s);
  });
}

TEST_P(sleep, until_a_point_in_the_past_takes_no_time) {
  run([]() -> silk::task<> {
    co_await silk::sleep(10s);
    co_await silk::sleep_until(silk::time_point(5s));
    co_await silk::sleep_until(silk::time_point(-5s));
    co_await silk::sleep_until(silk::time_point::min());
    co_await silk::sleep_until(silk::now());
    EXPECT_EQ(elapsed(), 10s);
  });
}

TEST_P(sleep, of_zero_or_less_takes_no_time) {
  run([]() -> silk::task<> {
    co_await silk::sleep(0s);
    co_await silk::sleep(-1h);
    co_await silk::sleep(silk::duration::min());
    co_await silk::sleep(std::chrono::duration<double>(-std::numeric_limits<double>::infinity()));
    EXPECT_EQ(elapsed(), 0s);
  });
}

TEST_P(sleep, of_what_is_not_a_number_is_refused) {
  run([]() -> silk::task<> {
    EXPECT_THROW(static_cast<void>(silk::sleep(std::chrono::duration<double>(std::nan("")))),
                 std::invalid_argument);
    co_return;
  });
}

TEST_P(sleep, too_long_for_the_clock_never_ends_by_itself) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<>> sleepers;
    sleepers.push_back(
        silk::spawn([]() -> silk::task<> { co_await silk::sleep(silk::duration::max()); }));
    sleepers.push_back(
        silk::spawn([]() -> silk::task<> { co_await silk::sleep(std::chrono::years(100'000)); }));
    sleepers.push_back(silk::spawn([]() -> silk::task<> {
      co_await silk::sleep(std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
    }));
    sleepers.push_back(
        silk::spawn([]() -> silk::task<> { co_await silk::sleep_until(silk::time_point::max()); }));
    co_await silk::sleep(24h * 365 * 200);
    for (const auto& sleeper : sleepers) {
      EXPECT_FALSE(sleeper.done());
      EXPECT_TRUE(sleeper.cancel());
      const std::string end = co_await ending(sleeper);
      EXPECT_EQ(end, "cancelled");
    }
    EXPECT_EQ(elapsed(), 24h * 365 * 200);
  });
}

TEST_P(sleep, never_ends_early_and_on_a_virtual_clock_never_late) {
  std::minstd_rand random(testing::UnitTest::GetInstance()->random_seed() + 1);
  std::vector<silk::duration> lengths;
  for (int i = 0; i < 2000; ++i) {
    // Every power of two up to some hours, so that every level of the wheel is met.
    lengths.push_back(silk::duration((std::int64_t{1} << (i % 44)) + random() % 1000));
  }
  run([&]() -> silk::task<> {
    auto sleeper = [](silk::duration length) -> silk::task<> {
      for (int i = 0; i < 3; ++i) {
        const silk::duration before = elapsed();
        co_await silk::sleep(length);
        EXPECT_EQ(elapsed(), before + length);
      }
    };
    co_await silk::gather(lengths | std::views::transform(sleeper));
    EXPECT_EQ(elapsed(), 3 * *std::max_element(lengths.begin(), lengths.end()));
  });
}

TEST(sleep, ends_in_order_of_the_deadlines) {
  std::minstd_rand random(7);
  std::vector<silk::duration> woken;
  silk::run(
      [&]() -> silk::task<> {
        auto sleeper = [&](int) -> silk::task<> {
          co_await silk::sleep(1us * (random() % 1'000'000));
          woken.push_back(elapsed());
        };
        co_await silk::gather(std::views::iota(0, 5000) | std::views::transform(sleeper));
      },
      virtual_time(1));
  EXPECT_EQ(woken.size(), 5000u);
  EXPECT_TRUE(std::is_sorted(woken.begin(), woken.end()));
}

TEST_P(sleep, of_many_tasks_passes_at_the_same_time) {
  run([]() -> silk::task<> {
    auto crawl = [](int) -> silk::task<> {
      for (int page = 0; page < 3; ++page) co_await silk::sleep(1s);
    };
    co_await silk::gather(std::views::iota(0, 10'000) | std::views::transform(crawl));
    EXPECT_EQ(elapsed(), 3s);
  });
}

TEST_P(sleep, time_stands_still_while_anything_can_run) {
  run([]() -> silk::task<> {
    const auto sleeper = silk::spawn([]() -> silk::task<> { co_await silk::sleep(1ns); });
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(elapsed(), 0s);
      co_await silk::yield();
    }
    EXPECT_FALSE(sleeper.done());
    co_await sleeper;
    EXPECT_EQ(elapsed(), 1ns);
  });
}

// docs/cancellation.md: w1a
TEST_P(sleep, that_is_cancelled_leaves_no_timer) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([]() -> silk::task<> {
    std::vector<silk::join_handle<>> sleepers;
    for (int i = 0; i < 100; ++i) {
      sleepers.push_back(silk::spawn([]() -> silk::task<> { co_await silk::sleep(1h); }));
    }
    co_await silk::sleep(1s);
    for (const auto& sleeper : sleepers) EXPECT_TRUE(sleeper.cancel());
    for (const auto& sleeper : sleepers) {
      const std::string end = co_await ending(sleeper);
      EXPECT_EQ(end, "cancelled");
    }
  });
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(2h); });
  EXPECT_EQ(runtime.now().time_since_epoch(), 2h + 1s);
}

TEST(sleep, of_zero_lets_what_was_runnable_run_first) {
  silk::run(
      []() -> silk::task<> {
        for (int i = 0; i < 3; ++i) {
          int ran = 0;
          std::vector<silk::join_handle<>> others;
          for (int n = 0; n < 10; ++n) {
            others.push_back(silk::spawn([&]() -> silk::task<> {
              ++ran;
              co_return;
            }));
          }
          if (i == 0) co_await silk::sleep(0s);
          if (i == 1) co_await silk::sleep(-1s);
          if (i == 2) co_await silk::yield();
          EXPECT_EQ(ran, 10);
          co_await silk::gather(std::move(others));
        }
      },
      virtual_time(1));
}

TEST(sleep, yield_takes_turns) {
  std::string turns;
  silk::run(
      [&]() -> silk::task<> {
        auto player = [&](char name) -> silk::task<> {
          for (int i = 0; i < 5; ++i) {
            turns += name;
            co_await silk::yield();
          }
        };
        const auto a = silk::spawn(player, 'a');
        const auto b = silk::spawn(player, 'b');
        const auto c = silk::spawn(player, 'c');
        co_await silk::gather(a, b, c);
      },
      virtual_time(1));
  EXPECT_EQ(turns, "abcabcabcabcabc");
}

TEST_P(sleep, yield_keeps_nobody_from_waking) {
  run([]() -> silk::task<> {
    silk::promise<> promise;
    const auto setter = silk::spawn([&]() -> silk::task<> {
      for (int i = 0; i < 10; ++i) co_await silk::yield();
      promise.set_value();
    });
    const silk::future<> future = promise.get_future();
    while (!future.done()) co_await silk::yield();
    co_await setter;
  });
}

TEST(sleep, now_outside_of_tasks_is_steady_time) {
  const auto before = std::chrono::steady_clock::now();
  const silk::time_point now = silk::now();
  const auto after = std::chrono::steady_clock::now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
}

}  // namespace
