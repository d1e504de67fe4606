#include "../../scheduler/job.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

using silk::scheduler::job;
using silk::scheduler::job_list;

std::vector<job*> drain(job_list list) {
  std::vector<job*> all;
  while (!list.empty()) all.push_back(&list.pop_front());
  return all;
}

class job_list_of_four : public testing::Test {
 protected:
  job_list_of_four() {
    for (job& item : jobs) list.push_back(item);
  }
  std::array<job, 4> jobs;
  job_list list;
};

TEST(job_list, is_empty_at_first) {
  const job_list list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.first(), nullptr);
  EXPECT_EQ(list.last(), nullptr);
}

TEST_F(job_list_of_four, keeps_the_order_of_arrival) {
  EXPECT_EQ(list.size(), 4u);
  EXPECT_EQ(list.first(), &jobs[0]);
  EXPECT_EQ(list.last(), &jobs[3]);
  EXPECT_EQ(drain(list), (std::vector<job*>{&jobs[0], &jobs[1], &jobs[2], &jobs[3]}));
}

TEST_F(job_list_of_four, ends_with_null_whatever_the_last_job_pointed_at) {
  job_list other;
  jobs[1].next = &jobs[2];
  other.push_back(jobs[1]);
  EXPECT_EQ(other.last()->next, nullptr);
  EXPECT_EQ(drain(other), std::vector<job*>{&jobs[1]});
}

TEST_F(job_list_of_four, can_be_filled_again_after_it_was_emptied) {
  drain(list);
  job_list again;
  again.push_back(jobs[0]);
  static_cast<void>(again.pop_front());
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(again.last(), nullptr);
  again.push_back(jobs[3]);
  EXPECT_EQ(drain(again), std::vector<job*>{&jobs[3]});
}

TEST_F(job_list_of_four, take_front_splits_and_keeps_the_order_of_both_parts) {
  const job_list front = list.take_front(3);
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(drain(front), (std::vector<job*>{&jobs[0], &jobs[1], &jobs[2]}));
  EXPECT_EQ(drain(list), std::vector<job*>{&jobs[3]});
}

TEST_F(job_list_of_four, take_front_takes_no_more_than_there_is) {
  EXPECT_EQ(list.take_front(100).size(), 4u);
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.take_front(1).empty());
}

TEST_F(job_list_of_four, append_joins_at_the_end) {
  job_list front = list.take_front(2);
  front.append(list);
  EXPECT_EQ(front.size(), 4u);
  EXPECT_EQ(front.last(), &jobs[3]);
  EXPECT_EQ(drain(front), (std::vector<job*>{&jobs[0], &jobs[1], &jobs[2], &jobs[3]}));
}

TEST_F(job_list_of_four, append_of_nothing_or_to_nothing_changes_nothing_else) {
  list.append({});
  EXPECT_EQ(list.last(), &jobs[3]);
  job_list none;
  none.append(list);
  EXPECT_EQ(none.size(), 4u);
  EXPECT_EQ(none.first(), &jobs[0]);
}

}  // namespace
