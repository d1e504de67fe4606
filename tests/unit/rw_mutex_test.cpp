// rw_mutex: many readers or one writer, in the order in which they asked.
#include "turn_fixture.hpp"

#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class rw_mutex : public turn_test {
 protected:
  // Tasks that get the lock and keep it until the test lets it go.
  silk::join_handle<> reader() {
    return start([this]() -> silk::task<> { co_await lock.lock_shared(); });
  }
  silk::join_handle<> writer() {
    return start([this]() -> silk::task<> { co_await lock.lock(); });
  }

  silk::rw_mutex lock;
};

TEST_F(rw_mutex, any_number_of_readers_may_have_it) {
  EXPECT_TRUE(reader().done());
  EXPECT_TRUE(reader().done());
  EXPECT_TRUE(lock.try_lock_shared());
  EXPECT_EQ(lock.readers(), 3u);
  EXPECT_FALSE(lock.is_locked());
  EXPECT_FALSE(lock.try_lock());
  for (int i = 0; i < 3; ++i) lock.unlock_shared();
  EXPECT_EQ(lock.readers(), 0u);
}

TEST_F(rw_mutex, a_writer_has_it_alone) {
  EXPECT_TRUE(writer().done());
  EXPECT_TRUE(lock.is_locked());
  EXPECT_FALSE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock_shared());
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(rw_mutex, an_unlock_without_a_lock_is_a_usage_error) {
  EXPECT_EQ(told([&] { lock.unlock(); }), "usage");
  EXPECT_EQ(told([&] { lock.unlock_shared(); }), "usage");
  EXPECT_TRUE(lock.try_lock());
  EXPECT_EQ(told([&] { lock.unlock_shared(); }), "usage");
  lock.unlock();
  EXPECT_TRUE(lock.try_lock_shared());
  EXPECT_EQ(told([&] { lock.unlock(); }), "usage");
  lock.unlock_shared();
}

TEST_F(rw_mutex, a_writer_that_waits_holds_back_later_readers) {
  EXPECT_TRUE(lock.try_lock_shared());
  const auto first = writer();
  const auto later = reader();
  EXPECT_FALSE(lock.try_lock_shared());
  EXPECT_EQ(lock.waiting(), 2u);
  lock.unlock_shared();
  EXPECT_EQ(end_of(first), "value");
  settle();
  EXPECT_FALSE(later.done());
  lock.unlock();
  EXPECT_EQ(end_of(later), "value");
  EXPECT_EQ(lock.readers(), 1u);
  lock.unlock_shared();
}

TEST_F(rw_mutex, the_readers_at_the_head_are_let_in_together_and_no_others) {
  EXPECT_TRUE(lock.try_lock());
  std::vector<silk::join_handle<>> batch;
  for (int i = 0; i < 3; ++i) batch.push_back(reader());
  const auto middle = writer();
  const auto last = reader();
  lock.unlock();
  for (const auto& one : batch) EXPECT_EQ(end_of(one), "value");
  EXPECT_EQ(lock.readers(), 3u);
  EXPECT_FALSE(middle.done());
  lock.unlock_shared();
  lock.unlock_shared();
  settle();
  EXPECT_FALSE(middle.done());  // only after the last one
  lock.unlock_shared();
  EXPECT_EQ(end_of(middle), "value");
  EXPECT_FALSE(last.done());
  lock.unlock();
  EXPECT_EQ(end_of(last), "value");
  lock.unlock_shared();
}

TEST_F(rw_mutex, writers_follow_each_other_in_order) {
  EXPECT_TRUE(lock.try_lock());
  const auto first = writer();
  const auto second = writer();
  lock.unlock();
  EXPECT_EQ(end_of(first), "value");
  settle();
  EXPECT_FALSE(second.done());
  EXPECT_FALSE(lock.try_lock());
  lock.unlock();
  EXPECT_EQ(end_of(second), "value");
  lock.unlock();
  EXPECT_FALSE(lock.is_locked());
}

// docs/cancellation.md: w11a
TEST_F(rw_mutex, a_cancelled_writer_lets_in_the_readers_behind_it) {
  EXPECT_TRUE(lock.try_lock_shared());
  const auto blocking = writer();
  const auto first = reader();
  const auto second = reader();
  const auto later = writer();
  blocking.cancel("enough");
  EXPECT_EQ(end_of(blocking), "cancelled: enough");
  EXPECT_EQ(end_of(first), "value");
  EXPECT_EQ(end_of(second), "value");
  EXPECT_EQ(lock.readers(), 3u);
  EXPECT_EQ(lock.waiting(), 1u);
  EXPECT_FALSE(later.done());
  for (int i = 0; i < 3; ++i) lock.unlock_shared();
  EXPECT_EQ(end_of(later), "value");
  lock.unlock();
}

TEST_F(rw_mutex, a_cancelled_writer_behind_another_lets_nobody_in) {
  EXPECT_TRUE(lock.try_lock_shared());
  const auto first = writer();
  const auto second = writer();
  const auto behind = reader();
  second.cancel();
  EXPECT_EQ(end_of(second), "cancelled");
  settle();
  EXPECT_FALSE(behind.done());
  lock.unlock_shared();
  EXPECT_EQ(end_of(first), "value");
  lock.unlock();
  EXPECT_EQ(end_of(behind), "value");
  lock.unlock_shared();
}

// docs/cancellation.md: w11b
TEST_F(rw_mutex, a_writer_cancelled_after_the_hand_over_passes_it_on_to_readers) {
  EXPECT_TRUE(lock.try_lock());
  const auto chosen = writer();
  const auto first = reader();
  const auto second = reader();
  cancel_before_it_resumes(chosen, [&] { lock.unlock(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(first), "value");
  EXPECT_EQ(end_of(second), "value");
  EXPECT_EQ(lock.readers(), 2u);
  lock.unlock_shared();
  lock.unlock_shared();
}

// docs/cancellation.md: w11b
TEST_F(rw_mutex, a_reader_cancelled_after_the_hand_over_passes_it_on_to_a_writer) {
  EXPECT_TRUE(lock.try_lock());
  const auto chosen = reader();
  const auto next = writer();
  cancel_before_it_resumes(chosen, [&] { lock.unlock(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(next), "value");
  EXPECT_EQ(lock.readers(), 0u);
  lock.unlock();
}

TEST_F(rw_mutex, guards_move_and_end_once) {
  runtime.block_on([&]() -> silk::task<> {
    {
      silk::rw_mutex::guard empty;
      silk::rw_mutex::guard hold = co_await lock.scoped();
      EXPECT_TRUE(lock.is_locked());
      empty = std::move(hold);
      EXPECT_FALSE(hold);
      EXPECT_TRUE(lock.is_locked());
    }
    EXPECT_FALSE(lock.is_locked());
    {
      silk::rw_mutex::shared_guard first = co_await lock.scoped_shared();
      const silk::rw_mutex::shared_guard second = co_await lock.scoped_shared();
      EXPECT_EQ(lock.readers(), 2u);
      first.unlock();
      EXPECT_EQ(lock.readers(), 1u);
      EXPECT_TRUE(second);
    }
    EXPECT_EQ(lock.readers(), 0u);
  });
}

TEST(rw_mutex_at_many_workers, readers_see_whole_writes) {
  silk::rw_mutex lock;
  int left = 0, right = 0;  // guarded by lock, and equal
  silk::run(
      [&]() -> silk::task<> {
        const auto writes = [&]() -> silk::task<> {
          for (int i = 0; i < 200; ++i) {
            const auto hold = co_await lock.scoped();
            ++left;
            co_await silk::yield();
            ++right;
          }
        };
        const auto reads = [&]() -> silk::task<> {
          for (int i = 0; i < 200; ++i) {
            const auto hold = co_await lock.scoped_shared();
            EXPECT_EQ(left, right);
            co_await silk::yield();
            EXPECT_EQ(left, right);
          }
        };
        co_await silk::gather(writes(), writes(), reads(), reads(), reads(), reads());
      },
      virtual_time(4));
  EXPECT_EQ(left, 400);
  EXPECT_EQ(right, 400);
  EXPECT_EQ(lock.waiting(), 0u);
}

}  // namespace
