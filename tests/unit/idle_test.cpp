#include "../../scheduler/idle.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::idle;
using silk::scheduler::no_deadline;

TEST(idle, starts_with_everybody_at_work) {
  idle state(3);
  EXPECT_FALSE(state.anyone_parked());
  EXPECT_FALSE(state.anyone_searching());
  EXPECT_FALSE(state.everyone_parked());
  EXPECT_EQ(state.claim_any(idle::nobody), std::nullopt);
  EXPECT_EQ(state.driver(), idle::nobody);
  EXPECT_EQ(state.driver_deadline(), 0u);
}

TEST(idle, gives_a_parked_worker_to_one_claimer_only) {
  idle state(3);
  state.set_parked(1);
  EXPECT_TRUE(state.anyone_parked());
  EXPECT_FALSE(state.claim(0));
  EXPECT_TRUE(state.claim(1));
  EXPECT_FALSE(state.claim(1));
  EXPECT_FALSE(state.anyone_parked());
}

TEST(idle, knows_when_everyone_is_parked) {
  idle state(130);
  for (std::size_t i = 0; i < 129; ++i) state.set_parked(i);
  EXPECT_FALSE(state.everyone_parked());
  state.set_parked(129);
  EXPECT_TRUE(state.everyone_parked());
  EXPECT_TRUE(state.claim(64));
  EXPECT_FALSE(state.everyone_parked());
}

TEST(idle, claims_any_parked_worker_wherever_its_bit_is) {
  idle state(200);
  const std::set<std::size_t> parked = {0, 63, 64, 127, 128, 199};
  for (const std::size_t worker : parked) state.set_parked(worker);
  std::set<std::size_t> claimed;
  while (const auto worker = state.claim_any(idle::nobody)) claimed.insert(*worker);
  EXPECT_EQ(claimed, parked);
}

TEST(idle, spares_the_driver_as_long_as_somebody_else_sleeps) {
  idle state(200);
  for (const std::size_t worker : {3, 70, 150}) state.set_parked(worker);
  EXPECT_EQ(state.claim_any(3), 70u);
  EXPECT_EQ(state.claim_any(3), 150u);
  EXPECT_EQ(state.claim_any(3), 3u);
  EXPECT_EQ(state.claim_any(3), std::nullopt);
}

TEST(idle, lets_at_most_half_of_the_workers_search_on_their_own_account) {
  idle state(4);
  EXPECT_TRUE(state.try_enter_search());
  EXPECT_TRUE(state.try_enter_search());
  EXPECT_FALSE(state.try_enter_search());
  state.leave_search();
  EXPECT_TRUE(state.try_enter_search());
}

TEST(idle, lets_a_woken_worker_search_in_any_case) {
  idle state(2);
  EXPECT_TRUE(state.try_enter_search());
  state.enter_search();
  state.leave_search();
  EXPECT_TRUE(state.anyone_searching());
  state.leave_search();
  EXPECT_FALSE(state.anyone_searching());
}

TEST(idle, lets_the_only_worker_search) {
  idle state(1);
  EXPECT_TRUE(state.try_enter_search());
  EXPECT_FALSE(state.try_enter_search());
}

TEST(idle, has_one_driver_the_one_that_sleeps_shortest) {
  idle state(3);
  EXPECT_TRUE(state.try_become_driver(0, no_deadline));
  EXPECT_EQ(state.driver_deadline(), no_deadline);
  EXPECT_FALSE(state.try_become_driver(1, no_deadline));
  EXPECT_TRUE(state.try_become_driver(1, 500));
  EXPECT_EQ(state.driver(), 1u);
  EXPECT_FALSE(state.try_become_driver(2, 500));
  EXPECT_FALSE(state.try_become_driver(2, 501));
  EXPECT_EQ(state.driver_deadline(), 500u);
}

TEST(idle, keeps_the_driver_when_one_resigns_that_was_relieved) {
  idle state(2);
  EXPECT_TRUE(state.try_become_driver(0, 900));
  EXPECT_TRUE(state.try_become_driver(1, 500));
  state.resign_driver(0);
  EXPECT_EQ(state.driver(), 1u);
  EXPECT_EQ(state.driver_deadline(), 500u);
  state.resign_driver(1);
  EXPECT_EQ(state.driver(), idle::nobody);
  EXPECT_EQ(state.driver_deadline(), 0u);
}

// I2 under contention: workers park and two wakers claim; each park is claimed exactly once.
TEST(idle, ends_each_sleep_once) {
  constexpr std::size_t workers = 3;
  constexpr int sleeps = 20'000;
  idle state(workers);
  std::vector<std::atomic<int>> tokens(workers);
  std::atomic<std::size_t> finished{0};
  std::atomic<int> claims{0}, token_met{0};
  std::vector<std::jthread> threads;
  for (std::size_t w = 0; w < workers; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < sleeps; ++i) {
        state.set_parked(w);
        if (i % 3 == 0 && state.claim(w)) continue;
        while (tokens[w].exchange(0) == 0) std::this_thread::yield();
      }
      ++finished;
    });
  }
  for (std::size_t waker = 0; waker < 2; ++waker) {
    threads.emplace_back([&, waker] {
      while (finished < workers) {
        const auto claimed = state.claim_any(waker == 0 ? idle::nobody : 1);
        if (!claimed) {
          std::this_thread::yield();
          continue;
        }
        ++claims;
        if (tokens[*claimed].exchange(1) != 0) ++token_met;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(token_met, 0);
  EXPECT_LE(claims, static_cast<int>(workers) * sleeps);
  EXPECT_FALSE(state.anyone_parked());
}

}  // namespace
