// mutex: guards, cancels, threads that are no workers. Order and hand-off: tests/conformance.
#include "turn_fixture.hpp"

#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class mutex : public turn_test {
 protected:
  silk::mutex lock;
};
using mutex_death = mutex;

silk::task<> passes(silk::mutex& lock) { const auto hold = co_await lock.scoped(); }
silk::task<> takes(silk::mutex& lock) { co_await lock.lock(); }

TEST_F(mutex, try_lock_takes_it_once) {
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(mutex, unlock_of_a_free_one_is_a_usage_error) {
  EXPECT_EQ(told([&] { lock.unlock(); }), "usage");
  EXPECT_FALSE(lock.is_locked());
}

TEST_F(mutex, a_guard_moves_and_ends_once) {
  runtime.block_on([&]() -> silk::task<> {
    silk::mutex::guard empty;
    EXPECT_FALSE(empty);
    empty.unlock();

    silk::mutex::guard first = co_await lock.scoped();
    silk::mutex::guard second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
    first.unlock();
    EXPECT_TRUE(lock.is_locked());

    empty = std::move(second);
    EXPECT_TRUE(empty);
    empty.unlock();
    EXPECT_FALSE(empty);
    EXPECT_FALSE(lock.is_locked());
  });
}

TEST_F(mutex, a_guard_that_is_assigned_lets_go_what_it_held) {
  silk::mutex other;
  runtime.block_on([&]() -> silk::task<> {
    silk::mutex::guard hold = co_await lock.scoped();
    hold = co_await other.scoped();
    EXPECT_FALSE(lock.is_locked());
    EXPECT_TRUE(other.is_locked());
  });
  EXPECT_FALSE(other.is_locked());
}

TEST_F(mutex, is_handed_over_by_a_thread_that_is_no_worker) {
  EXPECT_TRUE(lock.try_lock());
  const auto first = start([&] { return takes(lock); });
  const auto second = start([&] { return takes(lock); });
  EXPECT_EQ(lock.waiting(), 2u);
  lock.unlock();
  settle();
  EXPECT_TRUE(first.done());
  EXPECT_FALSE(second.done());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_EQ(end_of(second), "value");
  lock.unlock();
}

// docs/cancellation.md: w11b
TEST_F(mutex, who_is_cancelled_after_the_hand_over_passes_it_on) {
  EXPECT_TRUE(lock.try_lock());
  const auto chosen = start([&] { return takes(lock); });
  const auto next = start([&] { return takes(lock); });
  cancel_before_it_resumes(chosen, [&] { lock.unlock(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(next), "value");
  EXPECT_TRUE(lock.is_locked());
  lock.unlock();
}

TEST_F(mutex, is_free_when_the_last_one_in_line_is_cancelled_after_the_hand_over) {
  EXPECT_TRUE(lock.try_lock());
  const auto chosen = start([&] { return takes(lock); });
  cancel_before_it_resumes(chosen, [&] { lock.unlock(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_FALSE(lock.is_locked());
}

// docs/cancellation.md: r4 w11c
TEST_F(mutex, a_pending_cancel_is_thrown_only_where_the_task_must_wait) {
  silk::mutex busy;
  EXPECT_TRUE(busy.try_lock());
  const auto body = [&](knows_itself<>& me) -> silk::task<> {
    me.handle().cancel("soon");
    co_await lock.lock();  // free: no suspension
    EXPECT_TRUE(lock.is_locked());
    co_await busy.lock();
    ADD_FAILURE() << "the cancel is lost";
  };
  const knows_itself<> task(runtime, std::ref(body));
  settle();
  EXPECT_EQ(busy.waiting(), 0u);
  EXPECT_TRUE(lock.is_locked());
  lock.unlock();
  busy.unlock();
}

TEST_F(mutex, children_of_gather_wait_and_are_cancelled_like_tasks) {
  EXPECT_TRUE(lock.try_lock());
  const auto all = start(
      [&]() -> silk::task<> { co_await silk::gather(passes(lock), passes(lock), passes(lock)); });
  EXPECT_EQ(lock.waiting(), 3u);
  all.cancel();
  EXPECT_EQ(end_of(all), "cancelled");
  EXPECT_EQ(lock.waiting(), 0u);
  lock.unlock();
  EXPECT_FALSE(lock.is_locked());
}

TEST_F(mutex, a_timeout_ends_the_wait) {
  EXPECT_TRUE(lock.try_lock());
  const bool timed_out = silk::run(
      [&]() -> silk::task<bool> {
        try {
          co_await silk::with_timeout(std::chrono::hours(1), takes(lock));
        } catch (const silk::timeout_error&) {
          co_return true;
        }
        co_return false;
      },
      virtual_time(1));
  EXPECT_TRUE(timed_out);
  EXPECT_EQ(lock.waiting(), 0u);
  lock.unlock();
}

TEST_F(mutex_death, ends_the_program_if_it_is_destroyed_while_a_task_waits) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(silk::run(
                   []() -> silk::task<> {
                     auto doomed = std::make_unique<silk::mutex>();
                     co_await doomed->lock();
                     silk::spawn(passes(*doomed));
                     co_await silk::yield();
                     doomed.reset();
                   },
                   silk::runtime_options{.workers = 1}),
               "destroy this only when no task waits for it any more");
}

}  // namespace
