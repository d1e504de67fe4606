#include "../../scheduler/deque.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::job;
using silk::scheduler::steal_result;
using silk::scheduler::steal_status;
using job_deque = silk::scheduler::deque;

class small_deque : public testing::Test {
 protected:
  small_deque() : jobs(100), forks(2) {}
  void push(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) forks.push(jobs[i]);
  }
  std::vector<job> jobs;
  job_deque forks;
};

TEST_F(small_deque, has_nothing_at_first) {
  EXPECT_TRUE(forks.looks_empty());
  EXPECT_EQ(forks.pop(), nullptr);
  EXPECT_EQ(forks.steal().status, steal_status::empty);
  EXPECT_FALSE(forks.pop_if(jobs[0]));
}

TEST_F(small_deque, gives_the_owner_the_newest_first) {
  push(0, 100);
  for (std::size_t i = 100; i-- > 0;) EXPECT_EQ(forks.pop(), &jobs[i]);
  EXPECT_EQ(forks.pop(), nullptr);
  EXPECT_TRUE(forks.looks_empty());
}

TEST_F(small_deque, gives_thieves_the_oldest_first) {
  push(0, 100);
  for (std::size_t i = 0; i < 100; ++i) {
    const steal_result result = forks.steal();
    EXPECT_EQ(result.status, steal_status::taken);
    EXPECT_EQ(result.item, &jobs[i]);
  }
  const steal_result result = forks.steal();
  EXPECT_EQ(result.status, steal_status::empty);
  EXPECT_EQ(result.item, nullptr);
}

TEST_F(small_deque, pop_after_steal_gets_what_is_left) {
  push(0, 3);
  EXPECT_EQ(forks.steal().item, &jobs[0]);
  EXPECT_EQ(forks.pop(), &jobs[2]);
  EXPECT_EQ(forks.pop(), &jobs[1]);
  EXPECT_EQ(forks.pop(), nullptr);
}

TEST_F(small_deque, can_be_used_again_after_each_time_it_was_empty) {
  for (std::size_t i = 0; i < 100; ++i) {
    forks.push(jobs[i]);
    EXPECT_FALSE(forks.looks_empty());
    EXPECT_EQ(i % 2 == 0 ? forks.pop() : forks.steal().item, &jobs[i]);
    EXPECT_EQ(forks.pop(), nullptr);
  }
}

TEST_F(small_deque, keeps_all_items_when_it_grows_around_the_end_of_the_ring) {
  push(0, 2);
  EXPECT_EQ(forks.steal().item, &jobs[0]);
  push(2, 50);
  for (std::size_t i = 1; i < 20; ++i) EXPECT_EQ(forks.steal().item, &jobs[i]);
  for (std::size_t i = 50; i-- > 20;) EXPECT_EQ(forks.pop(), &jobs[i]);
}

TEST_F(small_deque, takes_many_at_once_and_grows_on_the_way) {
  push(0, 1);
  std::size_t next = 1;
  forks.push_many(49, [&]() noexcept -> job& { return jobs[next++]; });
  forks.push_many(0, [&]() noexcept -> job& { return jobs[next++]; });
  EXPECT_EQ(next, 50u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(forks.steal().item, &jobs[i]);
  for (std::size_t i = 50; i-- > 20;) EXPECT_EQ(forks.pop(), &jobs[i]);
}

TEST_F(small_deque, pop_if_takes_only_the_newest_and_only_if_it_is_the_one_asked_for) {
  push(0, 2);
  EXPECT_FALSE(forks.pop_if(jobs[0]));
  EXPECT_TRUE(forks.pop_if(jobs[1]));
  EXPECT_FALSE(forks.pop_if(jobs[1]));
  EXPECT_TRUE(forks.pop_if(jobs[0]));
  EXPECT_TRUE(forks.looks_empty());
}

// A slot keeps its pointer after the item has gone.
TEST_F(small_deque, pop_if_is_not_fooled_by_a_stale_slot) {
  forks.push(jobs[0]);
  EXPECT_EQ(forks.steal().item, &jobs[0]);
  EXPECT_FALSE(forks.pop_if(jobs[0]));
  forks.push(jobs[1]);
  EXPECT_EQ(forks.pop(), &jobs[1]);
}

// D2 under contention: the owner pushes, pops and pops by name, thieves steal; slots are reused and the
// ring grows meanwhile.
TEST_F(small_deque, works_as_before_when_it_has_shrunk) {
  for (int round = 0; round < 3; ++round) {
    push(0, 100);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(forks.steal().item, &jobs[i]);
    for (std::size_t i = 100; i-- > 50;) EXPECT_EQ(forks.pop(), &jobs[i]);
    forks.shrink();
    EXPECT_EQ(forks.pop(), nullptr);
    EXPECT_EQ(forks.steal().status, steal_status::empty);
  }
}

TEST_F(small_deque, does_not_shrink_under_what_it_holds) {
  push(0, 100);
  forks.shrink();
  for (std::size_t i = 100; i-- > 0;) EXPECT_EQ(forks.pop(), &jobs[i]);
}

TEST(deque, gives_each_item_to_exactly_one_of_owner_and_thieves) {
  constexpr std::size_t count = 60'000;
  struct item : job {
    std::atomic<int> taken{0};
  };
  const auto items = std::make_unique<item[]>(count);
  const auto take = [](job& taken) { static_cast<item&>(taken).taken.fetch_add(1); };
  job_deque forks(2);
  std::atomic<bool> finished{false};
  std::vector<std::jthread> thieves;
  for (int t = 0; t < 3; ++t) {
    thieves.emplace_back([&] {
      while (!finished || !forks.looks_empty()) {
        const steal_result result = forks.steal();
        ASSERT_EQ(result.item != nullptr, result.status == steal_status::taken);
        if (result.item != nullptr) take(*result.item);
      }
    });
  }
  for (std::size_t i = 0; i < count;) {
    const std::size_t burst = std::min(count - i, 1 + i % 7);
    for (std::size_t k = 0; k < burst; ++k) forks.push(items[i++]);
    if (i % 3 == 0 && forks.pop_if(items[i - 1])) take(items[i - 1]);
    for (std::size_t k = 0; k < burst / 2; ++k) {
      if (job* popped = forks.pop()) take(*popped);
    }
  }
  while (job* popped = forks.pop()) take(*popped);
  finished = true;
  thieves.clear();
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(items[i].taken, 1) << "item " << i;
}

// With one item left owner and thief race for it; the loser gets nothing and the deque stays sound.
TEST(deque, gives_the_last_item_to_one_of_two) {
  constexpr int rounds = 30'000;
  job one;
  job_deque forks(2);
  std::atomic<int> pushed{0}, stolen{0}, checked{0};
  std::jthread thief([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (pushed < round) std::this_thread::yield();
      while (!forks.looks_empty()) {
        if (forks.steal().status == steal_status::taken) ++stolen;
      }
      checked = round;
    }
  });
  int popped = 0;
  for (int round = 1; round <= rounds; ++round) {
    forks.push(one);
    pushed = round;
    if (forks.pop() != nullptr) ++popped;
    while (checked < round) std::this_thread::yield();
    ASSERT_EQ(popped + stolen, round);
  }
}

}  // namespace
