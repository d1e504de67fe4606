// What a simulated pool chooses: drawn from a seed, or made again from a schedule.
#include "../../scheduler/decisions.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace {

using namespace silk::scheduler;

std::vector<std::uint32_t> some(decisions from, int count = 200) {
  std::vector<std::uint32_t> made;
  for (int i = 0; i < count; ++i)
    made.push_back(from.choose(i % 3 == 0 ? decision::wake : decision::actor, 5));
  return made;
}

TEST(decisions, are_those_of_the_seed) {
  EXPECT_EQ(some(decisions(7)), some(decisions(7)));
  EXPECT_NE(some(decisions(7)), some(decisions(8)));
}

TEST(decisions, are_made_again_by_their_schedule) {
  decisions first(3);
  std::vector<std::uint32_t> made;
  for (int i = 0; i < 50; ++i) {
    made.push_back(first.choose(decision::actor, 4));
    made.push_back(first.choose_evenly(decision::program, 9));
  }
  decisions again(first.departures());
  for (std::size_t i = 0; i < made.size(); i += 2) {
    EXPECT_EQ(again.choose(decision::actor, 4), made[i]);
    EXPECT_EQ(again.choose_evenly(decision::program, 9), made[i + 1]);
  }
  EXPECT_EQ(again.departures(), first.departures());
}

TEST(decisions, are_the_default_where_the_schedule_says_nothing) {
  decisions replay(schedule{{decision::actor, 2, 1}});
  std::vector<std::uint32_t> made;
  for (int i = 0; i < 5; ++i) made.push_back(replay.choose(decision::actor, 3));
  EXPECT_EQ(made, (std::vector<std::uint32_t>{0, 0, 1, 0, 0}));
}

TEST(decisions, are_counted_for_each_kind_by_itself) {
  decisions replay(schedule{{decision::program, 1, 2}});
  EXPECT_EQ(replay.choose_evenly(decision::program, 3), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(replay.choose(decision::actor, 3), 0u);
  EXPECT_EQ(replay.choose_evenly(decision::program, 3), 2u);
}

TEST(decisions, stay_in_range_when_there_are_fewer_options_than_recorded) {
  decisions replay(schedule{{decision::due, 0, 7}});
  EXPECT_EQ(replay.choose(decision::due, 4), 3u);
}

TEST(decisions, that_leave_no_choice_are_not_counted) {
  decisions replay(schedule{{decision::due, 0, 1}});
  EXPECT_EQ(replay.choose(decision::due, 1), 0u);
  EXPECT_EQ(replay.choose(decision::due, 2), 1u);
}

TEST(decisions, of_some_seeds_depart_often_and_of_others_hardly) {
  std::set<std::size_t> shares;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    decisions from(seed);
    for (int i = 0; i < 1000; ++i) static_cast<void>(from.choose(decision::actor, 100));
    shares.insert(from.departures().size() / 100);
  }
  EXPECT_TRUE(shares.contains(0));                         // one in sixteen
  EXPECT_TRUE(shares.contains(9) || shares.contains(10));  // nearly all
}

}  // namespace
