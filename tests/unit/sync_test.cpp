#include "../../scheduler/sync.hpp"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

namespace sync = silk::scheduler::sync;

TEST(spinlock, lets_one_thread_in_at_a_time) {
  constexpr int threads = 4, rounds = 20'000;
  sync::spinlock lock;
  std::uint64_t unguarded = 0, twice = 0;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
          sync::lock_guard hold(lock);
          ++unguarded;
          twice = 2 * unguarded;
        }
      });
    }
  }
  EXPECT_EQ(unguarded, std::uint64_t{threads} * rounds);
  EXPECT_EQ(twice, 2 * unguarded);
}

TEST(spinlock, try_lock_says_no_while_it_is_held_and_yes_afterwards) {
  sync::spinlock lock;
  ASSERT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  bool other_got_it = true;
  std::jthread([&] { other_got_it = lock.try_lock(); }).join();
  EXPECT_FALSE(other_got_it);
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST(futex, wait_returns_at_once_when_the_word_has_changed) {
  sync::atomic<std::uint32_t> word{1};
  sync::futex_wait(word, 0);
  sync::futex_wait_until(word, 0, ~std::uint64_t{0});
}

TEST(futex, wait_until_returns_when_the_deadline_has_passed) {
  sync::atomic<std::uint32_t> word{0};
  sync::futex_wait_until(word, 0, 0);
  sync::futex_wait_until(word, 0, 1);
}

TEST(futex, wake_ends_a_wait_and_a_timed_wait) {
  sync::atomic<std::uint32_t> word{0};
  const auto wait_for_change = [&word](auto wait) {
    while (word.load() == 0) wait();
  };
  std::jthread plain([&] { wait_for_change([&] { sync::futex_wait(word, 0); }); });
  std::jthread timed(
      [&] { wait_for_change([&] { sync::futex_wait_until(word, 0, ~std::uint64_t{0} - 1); }); });
  word.store(1);
  sync::futex_wake(word, 2);
}

// Store buffering: of two threads that each store and then load what the other stores, at least one
// sees the other's store, if one of them runs the light and the other the heavy fence (or both the
// heavy one). The idle protocol of the pool stands on this.
class fences : public testing::Test {
 protected:
  template <class First, class Second>
  static int rounds_in_which_both_missed(First first_fence, Second second_fence) {
    constexpr int rounds = 3'000;
    sync::prepare_fences();
    struct alignas(sync::no_sharing) word {
      sync::atomic<int> value{0};
    };
    word x, y;
    std::array<int, 2> seen{};
    int both_missed = 0;
    std::barrier together(2, [&, round = 0]() mutable noexcept {
      if (++round % 2 == 0) {  // the end of a round
        both_missed += seen[0] + seen[1] == 0;
        x.value.store(0);
        y.value.store(0);
      }
    });
    const auto run = [&](word& mine, word& other, int& result, auto fence) {
      for (int i = 0; i < rounds; ++i) {
        together.arrive_and_wait();
        mine.value.store(1, std::memory_order_relaxed);
        fence();
        result = other.value.load(std::memory_order_relaxed);
        together.arrive_and_wait();
      }
    };
    std::jthread first([&] { run(x, y, seen[0], first_fence); });
    run(y, x, seen[1], second_fence);
    first.join();
    return both_missed;
  }
};

TEST_F(fences, a_light_and_a_heavy_one_make_a_pair) {
  EXPECT_EQ(rounds_in_which_both_missed(sync::light_fence, sync::heavy_fence), 0);
}
TEST_F(fences, two_heavy_ones_make_a_pair) {
  EXPECT_EQ(rounds_in_which_both_missed(sync::heavy_fence, sync::heavy_fence), 0);
}
TEST_F(fences, two_full_ones_make_a_pair) {
  EXPECT_EQ(rounds_in_which_both_missed(sync::full_fence, sync::full_fence), 0);
}

}  // namespace
