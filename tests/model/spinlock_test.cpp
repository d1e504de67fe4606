// The protocol of sync::spinlock. In the other tests a lock of the checker stands in for it, which does
// not spin: there what counts is what the lock guards.
#include "../../scheduler/sync_spinlock.hpp"
#include "report.hpp"

#include <gtest/gtest.h>

#include <mutex>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::all;
using silk::model::all_within;
using silk::model::check;
using silk::model::expect_holds;
using silk::model::together;

void wait_until_clear(const sync::atomic<bool>& flag) noexcept {
  while (flag.load(std::memory_order_relaxed)) sync::cpu_relax();
}
using spinlock = sync::basic_spinlock<sync::atomic<bool>, wait_until_clear>;

TEST(spinlock, one_thread_at_a_time_holds_it) {
  expect_holds(all_within(3), [] {
    spinlock lock;
    int shared = 0;
    const auto add = [&] {
      const std::lock_guard hold(lock);
      ++shared;
    };
    together(add, add);
    check(shared == 2, "none is lost");
  });
}

TEST(spinlock, three_threads_take_turns) {
  expect_holds(all_within(2), [] {
    spinlock lock;
    int shared = 0;
    const auto add = [&] {
      const std::lock_guard hold(lock);
      ++shared;
    };
    together(add, add, add);
    check(shared == 3, "none is lost");
  });
}

TEST(spinlock, who_tries_holds_it_or_leaves_it_alone) {
  expect_holds(all(), [] {
    spinlock lock;
    int shared = 0;
    const auto try_to_add = [&] {
      const std::unique_lock hold(lock, std::try_to_lock);
      if (hold) ++shared;
    };
    together(try_to_add, try_to_add);
    check(shared == 1 || shared == 2, "the first one gets it");
  });
}

}  // namespace
