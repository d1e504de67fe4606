#include "timer_wheel_timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <vector>

namespace {

using namespace silk_tests;

TEST(timer_wheel, is_empty_at_first) {
  timer_wheel wheel(5);
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_EQ(wheel.next_deadline(), no_deadline);
  EXPECT_TRUE(advance(wheel, no_deadline - 1).empty());
}

TEST(timer_wheel, never_fires_early_and_always_on_time) {
  timer_wheel wheel(0);
  timer one(1000);
  wheel.insert(one.node);
  EXPECT_EQ(one.node.state, timer_state::armed);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(wheel.next_deadline(), 1000u);
  EXPECT_TRUE(advance(wheel, 999).empty());
  EXPECT_EQ(one.node.state, timer_state::armed);
  EXPECT_EQ(advance(wheel, 1000), timer_list{&one});
  EXPECT_EQ(one.node.position, timer_node::none);
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_EQ(wheel.next_deadline(), no_deadline);
}

// Around every border between two slots and between two levels, wherever the wheel starts.
TEST(timer_wheel, is_exact_at_the_borders_of_slots_and_levels) {
  const std::array<std::uint64_t, 8> starts{0,
                                            1,
                                            63,
                                            64,
                                            (1u << 18) - 1,
                                            (std::uint64_t{1} << 53) + 12345,
                                            (std::uint64_t{1} << 60) - 1,
                                            (std::uint64_t{1} << 63) - 1};
  for (const std::uint64_t start : starts) {
    for (unsigned bit = 0; bit < 63; ++bit) {
      for (const std::uint64_t offset : {-1, 0, 1}) {
        const std::uint64_t deadline = start + (std::uint64_t{1} << bit) + offset;
        if (deadline <= start) continue;
        timer_wheel wheel(start);
        timer one(deadline);
        wheel.insert(one.node);
        ASSERT_EQ(wheel.next_deadline(), deadline) << start << " + 2^" << bit;
        ASSERT_TRUE(advance(wheel, start + (deadline - start) / 2).empty() ||
                    deadline == start + 1);
        ASSERT_TRUE(advance(wheel, deadline - 1).empty()) << start << " + 2^" << bit;
        ASSERT_EQ(wheel.next_deadline(), deadline);
        ASSERT_EQ(advance(wheel, deadline), timer_list{&one}) << start << " + 2^" << bit;
      }
    }
  }
}

TEST(timer_wheel, holds_every_64_bit_time) {
  timer_wheel wheel(0);
  timer zero(0), beyond_doubles((std::uint64_t{1} << 53) + 1), last(no_deadline - 1);
  wheel.insert(last.node);
  wheel.insert(beyond_doubles.node);
  wheel.insert(zero.node);
  EXPECT_EQ(wheel.next_deadline(), 0u);
  EXPECT_EQ(advance(wheel, 0), timer_list{&zero});
  EXPECT_EQ(advance(wheel, std::uint64_t{1} << 53), timer_list{});
  EXPECT_EQ(advance(wheel, (std::uint64_t{1} << 53) + 1), timer_list{&beyond_doubles});
  EXPECT_EQ(advance(wheel, no_deadline - 2), timer_list{});
  EXPECT_EQ(wheel.next_deadline(), no_deadline - 1);
  EXPECT_EQ(advance(wheel, no_deadline - 1), timer_list{&last});
}

TEST(timer_wheel, takes_no_deadline_for_the_end_of_time) {
  timer_wheel wheel(0);
  timer never(no_deadline);
  wheel.insert(never.node);
  EXPECT_EQ(wheel.next_deadline(), no_deadline - 1) << "no_deadline says that nothing is armed";
  EXPECT_TRUE(advance(wheel, no_deadline - 2).empty());
  EXPECT_EQ(advance_once(wheel, no_deadline), timer_list{&never});
}

TEST(timer_wheel, jumps_over_any_distance_and_fires_in_order_of_deadline) {
  timer_wheel wheel(0);
  std::deque<timer> storage;
  timer_list expected;
  for (unsigned bit = 0; bit < 64; ++bit) expected.push_back(&storage.emplace_back(1ull << bit));
  for (auto each = expected.rbegin(); each != expected.rend(); ++each) wheel.insert((*each)->node);
  EXPECT_EQ(advance(wheel, no_deadline - 1), expected);
}

TEST(timer_wheel, fires_equal_deadlines_in_order_of_insertion_whatever_level_they_came_in_at) {
  const std::uint64_t deadline = 100 * second + 77;
  timer_wheel wheel(0);
  std::deque<timer> storage;
  timer_list expected;
  for (unsigned bit = 37; bit-- > 0;) {
    const std::uint64_t before = std::uint64_t{1} << bit;
    for (int i = 0; i < 40; ++i) {  // more than a chunk, so that slots are split
      expected.push_back(&storage.emplace_back(deadline));
      wheel.insert(expected.back()->node);
    }
    EXPECT_TRUE(advance(wheel, deadline - before).empty());
  }
  EXPECT_EQ(advance(wheel, deadline), expected);
}

TEST(timer_wheel, sorts_deadlines_that_are_nanoseconds_apart) {
  timer_wheel wheel(0);
  std::deque<timer> storage;
  std::mt19937_64 random(7);
  std::multimap<std::uint64_t, timer*> expected;
  for (int i = 0; i < 10'000; ++i) {
    timer& each = storage.emplace_back(second + random_below(random, 3000));
    wheel.insert(each.node);
    expected.emplace(each.node.deadline, &each);
  }
  for (std::uint64_t now = second; now < second + 3000; now += 7) {
    for (timer* each : advance(wheel, now)) {
      ASSERT_EQ(each, expected.begin()->second);
      expected.erase(expected.begin());
    }
    ASSERT_EQ(wheel.next_deadline(), expected.empty() ? no_deadline : expected.begin()->first);
  }
}

TEST(timer_wheel, fires_an_overdue_timer_at_the_next_advance) {
  timer_wheel wheel(0);
  advance(wheel, 10 * second);
  timer overdue(3), just_now(10 * second);
  wheel.insert(overdue.node);
  wheel.insert(just_now.node);
  EXPECT_LE(wheel.next_deadline(), 10 * second);
  EXPECT_EQ(advance(wheel, 10 * second), (timer_list{&overdue, &just_now}));
}

TEST(timer_wheel, lets_no_overdue_newcomer_starve_those_that_wait) {
  timer_wheel wheel(0);
  timer first(50), second_in_line(60), newcomer(20);
  wheel.insert(first.node);
  wheel.insert(second_in_line.node);
  EXPECT_EQ(advance(wheel, 100, 1), timer_list{&first});
  wheel.insert(newcomer.node);
  EXPECT_EQ(advance(wheel, 100, 1), timer_list{&second_in_line});
  EXPECT_EQ(advance(wheel, 100, 1), timer_list{&newcomer});
}

TEST(timer_wheel, goes_on_where_the_limit_stopped_it) {
  timer_wheel wheel(0);
  std::deque<timer> storage;
  timer_list expected;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    expected.push_back(&storage.emplace_back(second + i / 100));  // runs of equal deadlines
    wheel.insert(expected.back()->node);
  }
  EXPECT_TRUE(advance_once(wheel, 2 * second, 0).empty());
  timer_list fired;
  while (wheel.size() != 0) {
    ASSERT_EQ(wheel.next_deadline(), expected[fired.size()]->node.deadline);
    const timer_list more = advance(wheel, 2 * second, 7);
    ASSERT_EQ(more.size(), std::min<std::size_t>(7, 1000 - fired.size()));
    fired.insert(fired.end(), more.begin(), more.end());
  }
  EXPECT_EQ(fired, expected);
}

TEST(timer_wheel, tolerates_a_reader_of_an_older_clock) {
  timer_wheel wheel(0);
  timer early(1000), late(2000);
  wheel.insert(late.node);
  advance(wheel, 1500);
  wheel.insert(early.node);
  EXPECT_TRUE(advance(wheel, 900).empty());
  EXPECT_EQ(advance(wheel, 1999), timer_list{&early});
  EXPECT_EQ(advance(wheel, 2000), timer_list{&late});
}

TEST(timer_wheel, forgets_a_removed_timer_at_once) {
  timer_wheel wheel(0);
  timer kept(10);
  wheel.insert(kept.node);
  {
    timer gone(5);
    wheel.insert(gone.node);
    EXPECT_TRUE(wheel.remove(gone.node));
    EXPECT_EQ(gone.node.state, timer_state::cancelled);
    EXPECT_EQ(gone.node.position, timer_node::none);
    EXPECT_FALSE(wheel.remove(gone.node));
  }
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(wheel.next_deadline(), 10u);
  EXPECT_EQ(advance(wheel, 10), timer_list{&kept});
  EXPECT_FALSE(wheel.remove(kept.node)) << "it has fired";
  timer never_armed;
  EXPECT_FALSE(wheel.remove(never_armed.node));
  EXPECT_EQ(never_armed.node.state, timer_state::idle);
}

TEST(timer_wheel, arms_a_timer_again_after_it_fired_or_was_removed) {
  timer_wheel wheel(0);
  timer one(10);
  wheel.insert(one.node);
  EXPECT_EQ(advance(wheel, 10), timer_list{&one});
  one.node.deadline = 20;
  wheel.insert(one.node);
  EXPECT_TRUE(wheel.remove(one.node));
  one.node.deadline = 30;
  wheel.insert(one.node);
  EXPECT_EQ(wheel.next_deadline(), 30u);
  EXPECT_EQ(advance(wheel, 30), timer_list{&one});
}

TEST(timer_wheel, wakes_a_sleeper_only_to_fire) {
  timer_wheel wheel(0);
  std::mt19937_64 random(11);
  std::deque<timer> storage;
  for (int i = 0; i < 20'000; ++i) {
    wheel.insert(storage.emplace_back(random_below(random, 3600 * second)).node);
  }
  while (wheel.size() != 0) {
    const std::uint64_t wake = wheel.next_deadline();
    const timer_list fired = advance(wheel, wake);
    ASSERT_FALSE(fired.empty()) << "woken in vain at " << wake;
    ASSERT_EQ(fired.front()->node.deadline, wake);
  }
}

TEST(timer_wheel, wakes_a_sleeper_in_vain_at_most_once_after_a_removal) {
  timer_wheel wheel(0);
  std::deque<timer> storage;
  for (std::uint64_t i = 0; i < 500; ++i) {
    wheel.insert(storage.emplace_back(40 * second + i * 1000).node);
  }
  for (std::size_t i = 0; i < 400; ++i) wheel.remove(storage[i].node);
  EXPECT_EQ(wheel.next_deadline(), 40 * second) << "a lower bound";
  EXPECT_TRUE(advance(wheel, 40 * second).empty());
  EXPECT_EQ(wheel.next_deadline(), storage[400].node.deadline);
}

TEST(timer_wheel, fires_any_number_at_once_that_were_armed_in_order) {
  timer_wheel wheel(0);
  std::vector<timer> storage(10'000);
  timer_list expected;
  for (std::size_t i = 0; i < storage.size(); ++i) {
    storage[i].node.deadline = 70 * second + i / 2 * 1000;  // beyond 2^36: one slot for all
    wheel.insert(storage[i].node);
    if (i % 3 != 0) expected.push_back(&storage[i]);
  }
  for (std::size_t i = 0; i < storage.size(); i += 3) wheel.remove(storage[i].node);
  EXPECT_EQ(advance_once(wheel, 70 * second + 499'999),
            timer_list(expected.begin(), expected.begin() + 666));
  EXPECT_EQ(wheel.next_deadline(), expected[666]->node.deadline);
  EXPECT_EQ(advance_once(wheel, 100 * second), timer_list(expected.begin() + 666, expected.end()));
}

TEST(timer_wheel, fires_in_order_after_one_has_come_before_those_that_were_in_order) {
  constexpr std::size_t count = 200;
  timer_wheel wheel(0);
  std::vector<timer> storage(count);
  timer_list expected;
  for (std::size_t i = 0; i < count; ++i) {
    storage[i].node.deadline = 70 * second + i * 1000;
    wheel.insert(storage[i].node);
    expected.push_back(&storage[i]);
  }
  EXPECT_EQ(advance(wheel, 70 * second + 99'999),
            timer_list(expected.begin(), expected.begin() + 100));
  timer between(70 * second + 150'500);
  wheel.insert(between.node);
  expected.insert(expected.begin() + 151, &between);
  EXPECT_EQ(advance(wheel, 100 * second), timer_list(expected.begin() + 100, expected.end()));
}

TEST(timer_wheel, does_bounded_work_per_call) {
  constexpr std::size_t count = 100'000, most_moves = 3 * 64 * 30;  // a split's, two freed slabs'
  timer_wheel wheel(0);
  std::mt19937_64 random(13);
  std::vector<timer> storage(count);
  for (timer& each : storage) {
    each.node.deadline = second + random_below(random, 60 * second);
    wheel.insert(each.node);
  }
  std::vector<std::uint32_t> positions(count);
  std::size_t fired = 0, previous_deadline = 0;
  while (wheel.size() != 0) {
    for (std::size_t i = 0; i < count; ++i) positions[i] = storage[i].node.position;
    for (timer* each : advance_once(wheel, 100 * second, 2000)) {
      ASSERT_GE(each->node.deadline, previous_deadline);
      previous_deadline = each->node.deadline;
      ++fired;
    }
    std::size_t moved = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const timer_node& node = storage[i].node;
      if (node.state == timer_state::armed && node.position != positions[i]) ++moved;
    }
    ASSERT_LE(moved, most_moves);
    ASSERT_EQ(fired + wheel.size(), count);
    ASSERT_TRUE(wheel.size() == 0 || wheel.next_deadline() <= 100 * second) << "more is due";
  }
}

// A slot too large for one call, of which one call has moved a part.
class timer_wheel_in_a_split : public testing::Test {
 protected:
  static constexpr std::uint64_t begin = 70 * second;  // beyond 2^36: one slot for all

  timer_wheel_in_a_split() {
    for (timer& each : storage) {
      each.node.deadline = begin + random_below(random, 20 * second);
      insert(each);
    }
    EXPECT_TRUE(advance_once(wheel, least()).empty()) << "should have been too large for one call";
  }

  void insert(timer& each) {
    wheel.insert(each.node);
    expected.emplace(each.node.deadline, &each);
  }

  std::uint64_t least() const { return expected.begin()->first; }

  void expect_the_rest_in_order() {
    timer_list in_order;
    for (const auto& entry : expected) in_order.push_back(entry.second);
    EXPECT_EQ(advance(wheel, 200 * second), in_order);
  }

  std::mt19937_64 random{17};
  timer_wheel wheel{0};
  std::vector<timer> storage{20'000};
  std::multimap<std::uint64_t, timer*> expected;
};

TEST_F(timer_wheel_in_a_split, knows_the_next_deadline) {
  EXPECT_EQ(wheel.next_deadline(), least());
  expect_the_rest_in_order();
}

TEST_F(timer_wheel_in_a_split, keeps_newcomers_behind_their_equals) {
  std::vector<timer> newcomers(storage.size());
  for (std::size_t i = 0; i < storage.size(); i += 3) {
    newcomers[i].node.deadline = storage[i].node.deadline;
    insert(newcomers[i]);
  }
  expect_the_rest_in_order();
}

TEST_F(timer_wheel_in_a_split, survives_the_removal_of_what_was_not_moved) {
  expected.clear();
  for (std::size_t i = 0; i < storage.size(); ++i) {
    if (i < 100) {
      expected.emplace(storage[i].node.deadline, &storage[i]);
    } else {
      EXPECT_TRUE(wheel.remove(storage[i].node));
    }
  }
  timer early(begin), late(begin + 30 * second);
  insert(late);
  EXPECT_LE(wheel.next_deadline(), least());
  insert(early);
  EXPECT_LE(wheel.next_deadline(), least());
  expect_the_rest_in_order();
}

TEST_F(timer_wheel_in_a_split, survives_the_removal_of_all) {
  for (timer& each : storage) EXPECT_TRUE(wheel.remove(each.node));
  expected.clear();
  EXPECT_EQ(wheel.next_deadline(), no_deadline);
  timer another(begin + second);
  insert(another);
  EXPECT_EQ(wheel.next_deadline(), begin + second);
  expect_the_rest_in_order();
}

TEST_F(timer_wheel_in_a_split, can_be_trimmed) {
  for (std::size_t i = 0; i < storage.size(); ++i) {
    if (i % 100 != 0) wheel.remove(storage[i].node);
  }
  std::erase_if(expected, [](const auto& entry) {
    return entry.second->node.state == timer_state::cancelled;
  });
  wheel.trim();
  expect_the_rest_in_order();
}

TEST(timer_wheel_contract, a_timer_is_armed_once_at_a_time) {
  timer_wheel wheel(0);
  timer one(1);
  wheel.insert(one.node);
  EXPECT_DEATH(wheel.insert(one.node), "remove a timer before you arm it again");
}

}  // namespace
