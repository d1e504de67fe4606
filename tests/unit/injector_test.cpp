#include "../../scheduler/injector.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using silk::scheduler::injector;
using silk::scheduler::job;
using silk::scheduler::job_list;

class injector_of_jobs : public testing::Test {
 protected:
  injector_of_jobs() : jobs(100) {}
  job_list list(std::size_t first, std::size_t end) {
    job_list some;
    for (std::size_t i = first; i < end; ++i) some.push_back(jobs[i]);
    return some;
  }
  void expect_in_order(job_list taken, std::size_t first, std::size_t end) {
    ASSERT_EQ(taken.size(), end - first);
    for (std::size_t i = first; i < end; ++i) EXPECT_EQ(&taken.pop_front(), &jobs[i]);
  }
  std::vector<job> jobs;
  injector inbox;
};

TEST_F(injector_of_jobs, has_nothing_at_first) {
  EXPECT_TRUE(inbox.looks_empty());
  EXPECT_TRUE(inbox.take(10, 1).empty());
  inbox.push(job_list());
  EXPECT_TRUE(inbox.looks_empty());
}

TEST_F(injector_of_jobs, keeps_the_order_of_arrival_of_single_jobs_and_lists) {
  for (std::size_t i = 0; i < 10; ++i) inbox.push(jobs[i]);
  inbox.push(list(10, 20));
  for (std::size_t i = 20; i < 30; ++i) inbox.push(jobs[i]);
  expect_in_order(inbox.take(100, 1), 0, 30);
  EXPECT_TRUE(inbox.looks_empty());
}

TEST_F(injector_of_jobs, takes_no_more_than_asked_for) {
  inbox.push(list(0, 100));
  expect_in_order(inbox.take(7, 1), 0, 7);
  EXPECT_FALSE(inbox.looks_empty());
  expect_in_order(inbox.take(1, 1), 7, 8);
}

TEST_F(injector_of_jobs, leaves_the_other_workers_their_share) {
  inbox.push(list(0, 100));
  expect_in_order(inbox.take(1000, 4), 0, 26);
  EXPECT_FALSE(inbox.looks_empty());
}

TEST_F(injector_of_jobs, gives_the_last_job_to_whoever_comes) {
  inbox.push(jobs[0]);
  expect_in_order(inbox.take(1000, 4096), 0, 1);
  EXPECT_TRUE(inbox.looks_empty());
}

TEST_F(injector_of_jobs, does_not_look_empty_before_all_is_taken) {
  inbox.push(jobs[0]);
  EXPECT_FALSE(inbox.looks_empty());
  inbox.push(list(1, 3));
  EXPECT_FALSE(inbox.looks_empty());
  expect_in_order(inbox.take(2, 1), 0, 2);
  EXPECT_FALSE(inbox.looks_empty());
  expect_in_order(inbox.take(2, 1), 2, 3);
  EXPECT_TRUE(inbox.looks_empty());
}

// Two threads push single jobs, one pushes lists, two take.
TEST(injector, hands_over_each_job_once_and_in_the_order_of_its_producer) {
  constexpr int producers = 3, each = 20'000;
  struct item : job {
    int producer = 0;
    int number = 0;
  };
  const auto items = std::make_unique<item[]>(std::size_t{producers} * each);
  injector inbox;
  std::atomic<int> taken{0}, out_of_order{0};
  std::array<std::atomic<int>, producers> sum{};
  std::vector<std::jthread> threads;
  for (int p = 0; p < producers; ++p) {
    threads.emplace_back([&, p] {
      job_list batch;
      for (int i = 0; i < each; ++i) {
        item& one = items[p * each + i];
        one.producer = p;
        one.number = i;
        if (p != 0) {
          inbox.push(one);
          continue;
        }
        batch.push_back(one);
        if (batch.size() == 5 || i + 1 == each) inbox.push(std::exchange(batch, {}));
      }
    });
  }
  for (int c = 0; c < 2; ++c) {
    threads.emplace_back([&] {
      std::array<int, producers> last;
      last.fill(-1);
      while (taken < producers * each) {
        job_list share = inbox.take(64, 2);
        taken += static_cast<int>(share.size());
        while (!share.empty()) {
          const item& one = static_cast<item&>(share.pop_front());
          if (one.number <= last[one.producer]) ++out_of_order;
          last[one.producer] = one.number;
          ++sum[one.producer];
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(taken, producers * each);
  EXPECT_EQ(out_of_order, 0);
  for (int p = 0; p < producers; ++p) EXPECT_EQ(sum[p], each);
  EXPECT_TRUE(inbox.looks_empty());
}

}  // namespace
