#include "../../scheduler/clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::clock_kind;
using engine_clock = silk::scheduler::clock;

TEST(steady_clock, is_the_clock_of_std_chrono) {
  const auto count = [] {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
  };
  const engine_clock clock(clock_kind::steady);
  const std::uint64_t before = count();
  const std::uint64_t now = clock.now();
  const std::uint64_t after = count();
  EXPECT_LE(before, now);
  EXPECT_LE(now, after);
  EXPECT_FALSE(clock.is_virtual());
}

TEST(steady_clock, never_goes_backwards) {
  const engine_clock clock(clock_kind::steady);
  std::uint64_t last = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(virtual_clock, starts_at_zero_and_stands_still) {
  const engine_clock clock(clock_kind::virtual_time);
  EXPECT_TRUE(clock.is_virtual());
  EXPECT_EQ(clock.now(), 0u);
  EXPECT_EQ(clock.now(), 0u);
}

TEST(virtual_clock, jumps_forward_and_never_back) {
  engine_clock clock(clock_kind::virtual_time);
  clock.advance_to(5'000'000'000);
  EXPECT_EQ(clock.now(), 5'000'000'000u);
  clock.advance_to(4'999'999'999);
  EXPECT_EQ(clock.now(), 5'000'000'000u);
  clock.advance_to(~std::uint64_t{0} - 1);
  EXPECT_EQ(clock.now(), ~std::uint64_t{0} - 1);
}

TEST(virtual_clock, is_seen_to_move_forward_by_every_thread) {
  constexpr std::uint64_t end = 20'000;
  engine_clock clock(clock_kind::virtual_time);
  std::vector<std::thread> readers;
  std::atomic<int> went_back{0};
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (std::uint64_t last = 0; last != end;) {
        const std::uint64_t now = clock.now();
        if (now < last) ++went_back;
        last = now;
      }
    });
  }
  for (std::uint64_t time = 1; time <= end; ++time) clock.advance_to(time);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(went_back, 0);
}

}  // namespace
