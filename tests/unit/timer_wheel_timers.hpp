// Timers for tests of the wheel, and what has fired.
#pragma once

#include "../../scheduler/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace silk_tests {

using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::no_deadline;
using silk::scheduler::timer_node;
using silk::scheduler::timer_state;
using silk::scheduler::timer_wheel;

inline constexpr std::uint64_t second = 1'000'000'000;
inline constexpr std::size_t all = ~std::size_t{0};
inline constexpr std::size_t chunk_bytes = 256;
inline constexpr std::size_t slab_bytes = 64 * chunk_bytes;
inline constexpr std::size_t slots = 11 * 64;

struct timer : job {
  explicit timer(std::uint64_t deadline = 0) {
    node.on_fire = this;
    node.deadline = deadline;
  }
  timer(const timer&) = delete;  // the node points at it
  timer& operator=(const timer&) = delete;

  timer_node node;
};

using timer_list = std::vector<timer*>;

// One call of advance.
inline timer_list advance_once(timer_wheel& wheel, std::uint64_t now, std::size_t limit = all) {
  job_list due;
  const std::size_t count = wheel.advance(now, limit, due);
  EXPECT_EQ(due.size(), count);
  EXPECT_LE(count, limit);
  timer_list fired;
  while (!due.empty()) {
    fired.push_back(static_cast<timer*>(&due.pop_front()));
    EXPECT_EQ(fired.back()->node.state, timer_state::fired);
    EXPECT_LE(fired.back()->node.deadline, now);
  }
  return fired;
}

// As many calls as it takes.
inline timer_list advance(timer_wheel& wheel, std::uint64_t now, std::size_t limit = all) {
  timer_list fired;
  do {
    const timer_list more = advance_once(wheel, now, limit - fired.size());
    fired.insert(fired.end(), more.begin(), more.end());
  } while (fired.size() < limit && wheel.next_deadline() <= now);
  return fired;
}

inline std::uint64_t random_below(std::mt19937_64& random, std::uint64_t end) {
  return random() % end;
}

}  // namespace silk_tests
