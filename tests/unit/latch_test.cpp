// latch: counts down once, and lets everybody through.
#include "turn_fixture.hpp"

#include <limits>
#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

class latch : public turn_test {};

silk::task<> waits(silk::latch& steps) { co_await steps.wait(); }
silk::task<> arrives(silk::latch& steps) { co_await steps.arrive_and_wait(); }

TEST_F(latch, is_open_at_zero) {
  silk::latch none(0);
  EXPECT_TRUE(none.try_wait());
  EXPECT_EQ(end_of(start([&] { return waits(none); })), "value");
}

TEST_F(latch, opens_when_all_steps_are_made) {
  silk::latch steps(3);
  const auto waiter = start([&] { return waits(steps); });
  steps.count_down();
  settle();
  EXPECT_FALSE(waiter.done());
  EXPECT_FALSE(steps.try_wait());
  EXPECT_EQ(steps.count(), 2);
  EXPECT_EQ(steps.waiting(), 1u);
  steps.count_down(2);
  EXPECT_TRUE(steps.try_wait());
  EXPECT_EQ(end_of(waiter), "value");
  EXPECT_EQ(end_of(start([&] { return waits(steps); })), "value");  // and stays open
}

TEST_F(latch, lets_all_go_when_the_last_one_arrives) {
  silk::latch steps(4);
  std::vector<silk::join_handle<>> all;
  for (int i = 0; i < 3; ++i) all.push_back(start([&] { return arrives(steps); }));
  EXPECT_EQ(steps.count(), 1);
  EXPECT_EQ(steps.waiting(), 3u);
  runtime.block_on([&] { return arrives(steps); });
  for (const auto& one : all) EXPECT_EQ(end_of(one), "value");
}

TEST_F(latch, does_not_go_below_zero) {
  silk::latch steps(2);
  EXPECT_EQ(told([&] { steps.count_down(3); }), "usage");
  EXPECT_EQ(steps.count(), 2);
  EXPECT_THROW(steps.count_down(-1), std::invalid_argument);
  EXPECT_THROW(steps.count_down(std::numeric_limits<std::ptrdiff_t>::min()), std::invalid_argument);
  EXPECT_EQ(steps.count(), 2);
  steps.count_down(0);
  EXPECT_EQ(steps.count(), 2);
  steps.count_down(2);
  EXPECT_EQ(told([&] { steps.count_down(); }), "usage");
  EXPECT_EQ(end_of(start([&] { return arrives(steps); })), "usage");
  EXPECT_THROW(silk::latch(-1), std::invalid_argument);
}

TEST_F(latch, counts_only_when_the_arrival_is_awaited) {
  silk::latch steps(1);
  static_cast<void>(steps.arrive_and_wait());
  EXPECT_EQ(steps.count(), 1);
}

// docs/cancellation.md: w11a w11b
TEST_F(latch, who_is_cancelled_while_it_waits_has_been_counted) {
  silk::latch steps(2);
  const auto arrived = start([&] { return arrives(steps); });
  arrived.cancel("enough");
  EXPECT_EQ(end_of(arrived), "cancelled: enough");
  EXPECT_EQ(steps.count(), 1);
  EXPECT_EQ(steps.waiting(), 0u);

  const auto chosen = start([&] { return waits(steps); });
  cancel_before_it_resumes(chosen, [&] { steps.count_down(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_TRUE(steps.try_wait());
}

TEST_F(latch, is_counted_down_by_many_threads) {
  silk::latch steps(400);
  const auto waiter = start([&] { return waits(steps); });
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) steps.count_down();
      });
    }
  }
  EXPECT_EQ(steps.count(), 0);
  EXPECT_EQ(end_of(waiter), "value");
}

static_assert(!silk::detail::awaitable<silk::latch&>);

}  // namespace
