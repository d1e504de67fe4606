#include "../../scheduler/backlog.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using silk::scheduler::backlog;
using silk::scheduler::job;
using silk::scheduler::job_list;

class jobs_waiting : public testing::Test {
 protected:
  void push(std::size_t first, std::size_t end) {
    job_list items;
    for (std::size_t i = first; i < end; ++i) items.push_back(jobs[i]);
    waiting.push(items);
  }
  void expect_order(job_list items, std::size_t first) {
    for (std::size_t i = first; !items.empty(); ++i) EXPECT_EQ(&items.pop_front(), &jobs[i]);
  }
  std::array<job, 16> jobs;
  backlog waiting;
};

TEST_F(jobs_waiting, leave_in_the_order_in_which_they_came) {
  push(0, 4);
  push(4, 10);
  EXPECT_EQ(waiting.size(), 10u);
  expect_order(waiting.take(7), 0);
  expect_order(waiting.take(7), 7);
  EXPECT_TRUE(waiting.looks_empty());
  EXPECT_TRUE(waiting.take(1).empty());
}

TEST_F(jobs_waiting, lose_the_older_half_to_a_thief_but_at_least_one) {
  push(0, 8);
  EXPECT_EQ(waiting.steal_half(16).size(), 4u);
  EXPECT_EQ(waiting.steal_half(1).size(), 1u);
  expect_order(waiting.take(2), 5);
  EXPECT_EQ(waiting.steal_half(16).size(), 1u);
  EXPECT_TRUE(waiting.steal_half(16).empty());
}

}  // namespace
