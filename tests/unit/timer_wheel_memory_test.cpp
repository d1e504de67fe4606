// What timers take in the wheel, and that it comes back.
#include "timer_wheel_timers.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

using namespace silk_tests;

// Arms a million timers, in no order.
std::vector<timer> million_armed(timer_wheel& wheel) {
  std::mt19937_64 random(19);
  std::vector<timer> storage(1'000'000);
  for (timer& each : storage) {
    each.node.deadline = second + random_below(random, 60 * second);
    wheel.insert(each.node);
  }
  return storage;
}

TEST(timer_wheel_memory, a_million_timers_take_nine_bytes_each) {
  timer_wheel wheel(0);
  const std::vector<timer> storage = million_armed(wheel);
  EXPECT_LE(wheel.used_bytes(), storage.size() * chunk_bytes / 30 + slots * chunk_bytes);
  EXPECT_LE(wheel.capacity_bytes(), wheel.used_bytes() + (slots + 2) * chunk_bytes + slab_bytes);
}

// The bound is 256 bytes per live timer, plus the reserve.
TEST(timer_wheel_memory, removed_timers_hold_none) {
  timer_wheel wheel(0);
  std::vector<timer> storage = million_armed(wheel);
  std::multimap<std::uint64_t, timer*> kept;
  for (std::size_t i = 0; i < storage.size(); ++i) {
    if (i % 1000 == 0) {
      kept.emplace(storage[i].node.deadline, &storage[i]);
    } else {
      ASSERT_TRUE(wheel.remove(storage[i].node));
    }
  }
  EXPECT_EQ(wheel.size(), kept.size());
  EXPECT_LE(wheel.used_bytes(), kept.size() * chunk_bytes);
  wheel.trim();
  EXPECT_LE(wheel.capacity_bytes(), (kept.size() + slots + 1) * chunk_bytes + slab_bytes);
  timer_list expected;
  for (const auto& entry : kept) expected.push_back(entry.second);
  EXPECT_EQ(advance(wheel, 100 * second), expected);
  EXPECT_EQ(wheel.used_bytes(), 0u);
}

TEST(timer_wheel_memory, set_and_cancel_takes_none) {
  timer_wheel wheel(0);
  timer live(3600 * second), often;
  wheel.insert(live.node);
  const std::size_t capacity = wheel.capacity_bytes();
  for (std::uint64_t i = 0; i < 10'000'000; ++i) {
    often.node.deadline = i % 2 == 0 ? 3600 * second : 30 * second + i;  // beside `live`, or alone
    wheel.insert(often.node);
    wheel.remove(often.node);
  }
  EXPECT_EQ(wheel.capacity_bytes(), capacity);
  EXPECT_EQ(wheel.used_bytes(), chunk_bytes);
}

// The worst a user can do: keep one timer of each chunk.
TEST(timer_wheel_memory, a_chunk_with_one_timer_left_is_the_worst_case) {
  timer_wheel wheel(0);
  std::vector<timer> storage(300'000);
  for (std::size_t i = 0; i < storage.size(); ++i) {
    storage[i].node.deadline = 100 * second + i;
    wheel.insert(storage[i].node);
    if (i % 30 != 0) wheel.remove(storage[i - i % 2].node);
    ASSERT_LE(wheel.used_bytes(), wheel.size() * chunk_bytes);
  }
}

TEST(timer_wheel_memory, comes_back_after_a_burst_as_time_goes_on) {
  timer_wheel wheel(0);
  std::vector<timer> storage(1'000'000);
  for (std::size_t i = 0; i < storage.size(); ++i) {
    storage[i].node.deadline = second + i * 1000;
    wheel.insert(storage[i].node);
  }
  std::uint64_t now = second;
  for (; wheel.size() != 0; now += 1'000'000) advance(wheel, now, 2000);
  EXPECT_LE(wheel.capacity_bytes(), 2 * (slots * chunk_bytes + slab_bytes)) << "twice the reserve";
  for (int i = 0; i < 100; ++i) advance_once(wheel, now);
  EXPECT_LE(wheel.capacity_bytes(), 2 * slab_bytes);
}

}  // namespace
