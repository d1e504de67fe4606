// condition: cancels between notification and lock, shared mutexes, several runtimes.
#include "turn_fixture.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class condition : public turn_test {
 protected:
  // Waits for a notification, then writes its number down.
  silk::join_handle<> listener(int number) {
    return start([this, number]() -> silk::task<> {
      const auto hold = co_await change.scoped();
      co_await change.wait();
      EXPECT_TRUE(change.is_locked());
      heard.push_back(number);
    });
  }

  silk::condition change;
  std::vector<int> heard;  // guarded by change
};
using order = std::vector<int>;

TEST_F(condition, is_notified_by_a_thread_that_is_no_worker) {
  std::vector<silk::join_handle<>> all;
  for (int n = 0; n < 3; ++n) all.push_back(listener(n));
  EXPECT_TRUE(change.try_lock());
  change.notify();
  EXPECT_EQ(change.waiting(), 2u);
  change.notify_all();
  EXPECT_EQ(change.waiting(), 0u);
  settle();
  EXPECT_TRUE(heard.empty());
  change.unlock();
  for (const auto& one : all) EXPECT_EQ(end_of(one), "value");
  EXPECT_EQ(heard, (order{0, 1, 2}));
  EXPECT_FALSE(change.is_locked());
}

TEST_F(condition, a_notification_of_nobody_is_none) {
  EXPECT_TRUE(change.try_lock());
  change.notify(5);
  change.notify(0);
  change.unlock();
  const auto later = listener(0);
  EXPECT_FALSE(later.done());
  EXPECT_TRUE(change.try_lock());
  change.notify(0);
  EXPECT_EQ(change.waiting(), 1u);
  change.notify();
  change.unlock();
  EXPECT_EQ(end_of(later), "value");
}

// docs/cancellation.md: w12b
TEST_F(condition,
       who_is_cancelled_with_the_lock_in_its_hand_keeps_it_and_passes_the_notification_on) {
  const auto chosen = listener(0);
  const auto next = listener(1);
  EXPECT_TRUE(change.try_lock());
  change.notify();
  cancel_before_it_resumes(chosen, [&] { change.unlock(); });  // it has the lock now
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(next), "value");
  EXPECT_EQ(heard, (order{1}));
  EXPECT_FALSE(change.is_locked());
}

// docs/cancellation.md: w12a
TEST_F(condition, who_is_cancelled_without_a_notification_passes_none_on) {
  const auto cancelled = listener(0);
  const auto other = listener(1);
  cancelled.cancel("enough");
  EXPECT_EQ(end_of(cancelled), "cancelled: enough");
  settle();
  EXPECT_FALSE(other.done());
  EXPECT_EQ(change.waiting(), 1u);
  EXPECT_FALSE(change.is_locked());
  other.cancel();
  EXPECT_EQ(end_of(other), "cancelled");
}

TEST_F(condition, many_cancels_do_not_shorten_the_way_back_to_the_lock) {
  const auto waiter = listener(0);
  EXPECT_TRUE(change.try_lock());
  for (int i = 0; i < 5; ++i) {
    waiter.cancel(std::to_string(i));
    settle();
    EXPECT_FALSE(waiter.done());
  }
  change.unlock();
  EXPECT_EQ(end_of(waiter), "cancelled: 4");
  EXPECT_FALSE(change.is_locked());
}

// docs/cancellation.md: w12c
TEST_F(condition, a_task_that_is_cancelled_before_it_waits_keeps_the_lock) {
  bool held = false;
  const auto body = [&](knows_itself<>& me) -> silk::task<> {
    const auto hold = co_await change.scoped();
    me.handle().cancel("soon");
    try {
      co_await change.wait();
    } catch (const silk::cancelled&) {
      held = !change.try_lock();
      throw;
    }
  };
  knows_itself<> task(runtime, std::ref(body));
  EXPECT_EQ(end_of(task.handle()), "cancelled: soon");
  EXPECT_TRUE(held);
  EXPECT_FALSE(change.is_locked());
}

TEST_F(condition, two_may_share_a_mutex) {
  silk::mutex lock;
  silk::condition not_empty(lock), not_full(lock);
  const auto waits = [&](silk::condition& on) {
    return start([&]() -> silk::task<> {
      const auto hold = co_await lock.scoped();
      co_await on.wait();
    });
  };
  const auto first = waits(not_empty);
  const auto second = waits(not_full);
  EXPECT_FALSE(lock.is_locked());
  EXPECT_TRUE(lock.try_lock());
  not_full.notify_all();
  lock.unlock();
  EXPECT_EQ(end_of(second), "value");
  EXPECT_FALSE(first.done());
  EXPECT_EQ(not_empty.waiting(), 1u);
  EXPECT_TRUE(not_empty.try_lock());
  not_empty.notify();
  not_empty.unlock();
  EXPECT_EQ(end_of(first), "value");
}

TEST_F(condition, gives_whatever_true_thing_the_predicate_gives) {
  std::unique_ptr<int> made;  // guarded by change
  const auto waiter = start([&]() -> silk::task<int> {
    const auto hold = co_await change.scoped();
    const std::unique_ptr<int> found = co_await change.wait([&] { return std::move(made); });
    const std::optional<int> twice =
        co_await change.wait([&] { return std::optional(2 * *found); });
    co_return *twice;
  });
  EXPECT_TRUE(change.try_lock());
  made = std::make_unique<int>(21);
  change.notify();
  change.unlock();
  EXPECT_EQ(runtime.block_on(waiter), 42);
}

TEST_F(condition, a_predicate_that_throws_leaves_the_lock_held) {
  bool held = false;
  const auto waiter = start([&]() -> silk::task<> {
    const auto hold = co_await change.scoped();
    int looks = 0;
    try {
      co_await change.wait([&]() -> bool {
        if (++looks == 2) throw std::runtime_error("no");
        return false;
      });
    } catch (const std::runtime_error&) {
      held = change.is_locked();
      throw;
    }
  });
  EXPECT_TRUE(change.try_lock());
  change.notify();
  change.unlock();
  EXPECT_EQ(end_of(waiter), "no");
  EXPECT_TRUE(held);
  EXPECT_FALSE(change.is_locked());
}

TEST_F(condition, serves_tasks_of_several_runtimes_in_order) {
  silk::runtime abroad(steady_time(2));
  std::vector<silk::join_handle<>> all;
  for (int n = 0; n < 6; ++n) {
    const auto listens = [this, n]() -> silk::task<> {
      const auto hold = co_await change.scoped();
      co_await change.wait();
      heard.push_back(n);
    };
    all.push_back((n % 2 == 0 ? runtime : abroad).spawn(listens));
    while (change.waiting() != all.size()) std::this_thread::yield();
  }
  while (!change.try_lock()) std::this_thread::yield();
  change.notify_all();
  change.unlock();
  for (const auto& one : all) EXPECT_EQ(end_of(one), "value");
  EXPECT_EQ(heard, (order{0, 1, 2, 3, 4, 5}));
}

}  // namespace
