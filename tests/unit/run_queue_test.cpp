#include "../../scheduler/run_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::run_queue;

constexpr std::size_t capacity = run_queue::capacity;

class queue_of_jobs : public testing::Test {
 protected:
  queue_of_jobs() : jobs(capacity + 10), queue(std::make_unique<run_queue>()) {}
  void push(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) ASSERT_TRUE(queue->push(jobs[i]));
  }
  std::vector<job> jobs;
  std::unique_ptr<run_queue> queue;
};

TEST_F(queue_of_jobs, has_nothing_at_first) {
  EXPECT_TRUE(queue->looks_empty());
  EXPECT_EQ(queue->size(), 0u);
  EXPECT_EQ(queue->room(), capacity);
  EXPECT_EQ(queue->pop(), nullptr);
  EXPECT_EQ(queue->take_first(), nullptr);
  std::array<job*, 4> stolen;
  EXPECT_EQ(queue->steal_half(stolen.data(), stolen.size()), 0u);
}

TEST_F(queue_of_jobs, is_first_in_first_out_around_the_end_of_the_ring) {
  for (int round = 0; round < 5; ++round) {
    push(0, 200);
    for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(queue->pop(), &jobs[i]);
  }
  EXPECT_TRUE(queue->looks_empty());
}

TEST_F(queue_of_jobs, refuses_what_does_not_fit_and_keeps_what_it_has) {
  push(0, capacity);
  EXPECT_EQ(queue->room(), 0u);
  EXPECT_FALSE(queue->push(jobs[capacity]));
  EXPECT_EQ(queue->pop(), &jobs[0]);
  EXPECT_TRUE(queue->push(jobs[capacity]));
  EXPECT_FALSE(queue->push(jobs[capacity + 1]));
  for (std::size_t i = 1; i <= capacity; ++i) EXPECT_EQ(queue->pop(), &jobs[i]);
}

TEST_F(queue_of_jobs, a_thief_takes_the_older_half_and_never_nothing) {
  std::array<job*, capacity> stolen;
  push(0, 5);
  ASSERT_EQ(queue->steal_half(stolen.data(), stolen.size()), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(stolen[i], &jobs[i]);
  ASSERT_EQ(queue->steal_half(stolen.data(), stolen.size()), 1u);
  EXPECT_EQ(stolen[0], &jobs[3]);
  ASSERT_EQ(queue->steal_half(stolen.data(), stolen.size()), 1u);
  EXPECT_EQ(stolen[0], &jobs[4]);
}

TEST_F(queue_of_jobs, a_thief_takes_no_more_than_it_has_room_for) {
  std::array<job*, 8> stolen;
  push(0, 100);
  EXPECT_EQ(queue->steal_half(stolen.data(), stolen.size()), stolen.size());
  EXPECT_EQ(queue->size(), 92u);
  EXPECT_EQ(queue->pop(), &jobs[8]);
}

TEST_F(queue_of_jobs, the_slot_is_apart_from_the_queue) {
  push(0, 2);
  EXPECT_EQ(queue->put_first(jobs[2]), nullptr);
  EXPECT_EQ(queue->size(), 2u);
  EXPECT_EQ(queue->pop(), &jobs[0]);
  EXPECT_EQ(queue->take_first(), &jobs[2]);
  EXPECT_EQ(queue->take_first(), nullptr);
  EXPECT_EQ(queue->pop(), &jobs[1]);
}

TEST_F(queue_of_jobs, the_slot_gives_back_what_it_displaces) {
  EXPECT_EQ(queue->put_first(jobs[0]), nullptr);
  EXPECT_EQ(queue->put_first(jobs[1]), &jobs[0]);
  EXPECT_EQ(queue->take_first(), &jobs[1]);
}

TEST_F(queue_of_jobs, a_job_in_the_slot_counts_as_work) {
  EXPECT_EQ(queue->put_first(jobs[0]), nullptr);
  EXPECT_FALSE(queue->looks_empty());
}

// R1 under contention: one owner, three thieves; slots are reused many times. The jobs carry their
// number: whoever takes several at once gets them in order.
TEST(run_queue, gives_each_job_to_exactly_one_of_owner_and_thieves) {
  constexpr int count = 100'000;
  struct item : job {
    int number = 0;
    std::atomic<int> taken{0};
  };
  const auto items = std::make_unique<item[]>(count);
  const auto take = [](job* taken) {
    item& one = static_cast<item&>(*taken);
    one.taken.fetch_add(1);
    return one.number;
  };
  const auto queue = std::make_unique<run_queue>();
  std::atomic<bool> finished{false};
  std::atomic<int> out_of_order{0};
  std::vector<std::jthread> thieves;
  for (int t = 0; t < 3; ++t) {
    thieves.emplace_back([&, t] {
      std::array<job*, 16> stolen;
      while (!finished || !queue->looks_empty()) {
        const std::size_t taken = queue->steal_half(stolen.data(), stolen.size());
        for (std::size_t i = 0; i < taken; ++i) {
          if (i > 0 &&
              static_cast<item*>(stolen[i - 1])->number >= static_cast<item*>(stolen[i])->number) {
            ++out_of_order;
          }
        }
        for (std::size_t i = 0; i < taken; ++i) take(stolen[i]);
        if (t == 0) {
          if (job* first = queue->take_first()) take(first);
        }
      }
    });
  }
  for (int i = 0; i < count; ++i) {
    items[i].number = i;
    if (i % 5 == 0) {
      if (job* displaced = queue->put_first(items[i])) take(displaced);
    } else if (!queue->push(items[i])) {
      take(&items[i]);
    }
    if (i % 3 == 0) {
      if (job* popped = queue->pop()) take(popped);
    }
  }
  while (job* popped = queue->pop()) take(popped);
  if (job* first = queue->take_first()) take(first);
  finished = true;
  thieves.clear();
  EXPECT_EQ(out_of_order, 0);
  for (int i = 0; i < count; ++i) ASSERT_EQ(items[i].taken, 1) << "job " << i;
}

}  // namespace
