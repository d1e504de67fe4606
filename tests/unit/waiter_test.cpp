// Who waits for a future may be held in its wait by a canceller; who has been told, or was refused, goes on
// and may be gone.
#include <silk/detail/future_core.hpp>
#include <silk/silk.hpp>

#include <gtest/gtest.h>

namespace {

using silk::detail::after_completion;
using silk::detail::future_state;
using silk::detail::outcome;
using silk::detail::removal;
using silk::detail::waiter;

struct counting_waiter : waiter {
  counting_waiter() noexcept : waiter(count) {}
  static silk::detail::engine::job* count(waiter& self) noexcept {
    ++static_cast<counting_waiter&>(self).told;
    return nullptr;
  }
  int told = 0;
};

class waiter_of_a_future : public testing::Test {
 protected:
  ~waiter_of_a_future() override { future_.release(); }
  void complete() {
    ASSERT_TRUE(future_.try_begin());
    future_.slot.emplace();
    future_.complete(outcome::value, after_completion::runs_on);
  }

  future_state<void>& future_ = *new future_state<void>(1);
  counting_waiter waiter_;
};

TEST_F(waiter_of_a_future, cannot_be_held_once_it_is_told) {
  ASSERT_TRUE(future_.add_waiter(waiter_));
  complete();
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_FALSE(future_.hold_waiter(waiter_));
}

// The canceller has found the future pending; then it was completed, and the task did not suspend.
TEST_F(waiter_of_a_future, cannot_be_held_once_it_came_too_late) {
  complete();
  ASSERT_FALSE(future_.add_waiter(waiter_));
  EXPECT_FALSE(future_.hold_waiter(waiter_));
  EXPECT_EQ(waiter_.told, 0);
}

TEST_F(waiter_of_a_future, cannot_be_held_once_it_was_given_up_before_it_waited) {
  future_.give_up(waiter_);
  ASSERT_FALSE(future_.add_waiter(waiter_));
  EXPECT_FALSE(future_.hold_waiter(waiter_));
  complete();
  EXPECT_EQ(waiter_.told, 0);
}

TEST_F(waiter_of_a_future, that_is_held_before_it_waits_is_told_when_it_is_let_go) {
  ASSERT_TRUE(future_.hold_waiter(waiter_));
  complete();
  ASSERT_TRUE(future_.add_waiter(waiter_));
  EXPECT_EQ(waiter_.told, 0);
  future_.let_go(waiter_);
  EXPECT_EQ(waiter_.told, 1);
  EXPECT_FALSE(future_.hold_waiter(waiter_));
}

TEST_F(waiter_of_a_future, that_two_hold_is_told_when_both_have_let_go) {
  ASSERT_TRUE(future_.add_waiter(waiter_));
  ASSERT_TRUE(future_.hold_waiter(waiter_));
  ASSERT_TRUE(future_.hold_waiter(waiter_));
  future_.give_up(waiter_);
  future_.let_go(waiter_);
  EXPECT_EQ(waiter_.told, 0);
  future_.let_go(waiter_);
  EXPECT_EQ(waiter_.told, 1);
}

TEST_F(waiter_of_a_future, that_was_let_go_again_waits_on) {
  ASSERT_TRUE(future_.add_waiter(waiter_));
  ASSERT_TRUE(future_.hold_waiter(waiter_));
  future_.let_go(waiter_);
  EXPECT_EQ(waiter_.told, 0);
  EXPECT_EQ(future_.remove_waiter(waiter_), removal::unlinked);
  complete();
  EXPECT_EQ(waiter_.told, 0);
}

}  // namespace
