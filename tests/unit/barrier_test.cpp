// barrier: indices, newcomers, cancels at every phase, threads that are no workers.
#include "turn_fixture.hpp"

#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using silk::barrier_phase;

class barrier : public turn_test {
 protected:
  // A task that waits at `meeting` and gives its index.
  silk::join_handle<std::size_t> member() { return member(meeting); }
  silk::join_handle<std::size_t> member(silk::barrier& at) {
    return start([&at]() -> silk::task<std::size_t> {
      const std::size_t index = co_await at.wait();
      co_return index;
    });
  }
  std::size_t index_of(const silk::join_handle<std::size_t>& of) { return runtime.block_on(of); }

  silk::barrier meeting{3};
  const std::string broken = silk::broken_barrier().what();
};

TEST_F(barrier, refuses_more_parties_than_it_can_count) {
  const auto make = [](std::ptrdiff_t parties) { silk::barrier made(parties); };
  EXPECT_THROW(make(std::numeric_limits<std::ptrdiff_t>::max()), std::invalid_argument);
  EXPECT_THROW(make(std::numeric_limits<std::ptrdiff_t>::min()), std::invalid_argument);
}

TEST_F(barrier, gives_indices_in_order_of_arrival) {
  const auto first = member(), second = member(), third = member();
  EXPECT_EQ(index_of(first), 0u);
  EXPECT_EQ(index_of(second), 1u);
  EXPECT_EQ(index_of(third), 2u);
}

// docs/cancellation.md: w11a
TEST_F(barrier, gives_distinct_indices_although_somebody_left) {
  const auto first = member();
  const auto second = member();
  first.cancel();
  EXPECT_EQ(end_of(first), "cancelled");
  EXPECT_EQ(meeting.waiting(), 1u);
  const auto third = member();
  const auto fourth = member();
  EXPECT_EQ(index_of(second), 0u);
  EXPECT_EQ(index_of(third), 1u);
  EXPECT_EQ(index_of(fourth), 2u);
}

// docs/cancellation.md: w11b
TEST_F(barrier, counts_a_task_that_is_cancelled_after_its_release) {
  const auto first = member();
  const auto second = member();
  {
    const roadblock block(runtime);
    silk::runtime abroad(steady_time(1));
    EXPECT_EQ(abroad.block_on([&]() -> silk::task<std::size_t> {
      const std::size_t index = co_await meeting.wait();
      co_return index;
    }),
              2u);
    EXPECT_EQ(meeting.phase(), barrier_phase::draining);
    EXPECT_TRUE(first.cancel("too late"));
  }
  EXPECT_EQ(end_of(first), "cancelled: too late");
  EXPECT_EQ(index_of(second), 1u);
  EXPECT_EQ(meeting.phase(), barrier_phase::filling);  // it has drained: both have left
}

// Nobody of the round can leave while `act` is done, and newcomers wait outside.
class barrier_while_draining : public barrier {
 protected:
  void SetUp() override {
    inside.push_back(member());
    inside.push_back(member());
    block.emplace(runtime);
    abroad.block_on([this]() -> silk::task<> { co_await meeting.wait(); });
    for (int i = 0; i < 4; ++i) {
      outside.push_back(abroad.spawn([this]() -> silk::task<std::size_t> {
        const std::size_t index = co_await meeting.wait();
        co_return index;
      }));
      for (int turn = 0; turn < 3; ++turn) let_run(abroad);
    }
    EXPECT_EQ(meeting.phase(), barrier_phase::draining);
    EXPECT_EQ(meeting.waiting(), 0u);
  }
  void drain() { block.reset(); }
  std::string end_of_abroad(const silk::join_handle<std::size_t>& task) {
    return told([&] { static_cast<void>(abroad.block_on(task)); });
  }

  silk::runtime abroad{steady_time(1)};
  std::optional<roadblock> block;
  std::vector<silk::join_handle<std::size_t>> inside, outside;
};

TEST_F(barrier_while_draining, newcomers_make_the_next_round_when_there_are_enough) {
  for (const auto& one : outside) EXPECT_FALSE(one.done());
  drain();
  EXPECT_EQ(index_of(inside[0]), 0u);
  EXPECT_EQ(index_of(inside[1]), 1u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(index_of(outside[i]), i);
  let_run(abroad);
  EXPECT_FALSE(outside[3].done());  // the first of the round after that
  EXPECT_EQ(meeting.waiting(), 1u);
  const auto second = member(), third = member();
  EXPECT_EQ(index_of(outside[3]), 0u);
}

TEST_F(barrier_while_draining, a_newcomer_that_is_cancelled_is_not_counted) {
  outside[0].cancel("enough");
  EXPECT_EQ(end_of_abroad(outside[0]), "cancelled: enough");
  outside[2].cancel();
  drain();
  settle();
  let_run(abroad);
  EXPECT_EQ(meeting.waiting(), 2u);
  const auto third = member();
  EXPECT_EQ(index_of(outside[1]), 0u);
  EXPECT_EQ(index_of(outside[3]), 1u);
  EXPECT_EQ(index_of(third), 2u);
}

TEST_F(barrier_while_draining, a_reset_breaks_those_inside_only) {
  meeting.reset();
  EXPECT_EQ(meeting.phase(), barrier_phase::resetting);
  meeting.reset();  // once is enough
  drain();
  for (const auto& one : inside) EXPECT_EQ(end_of(one), broken);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(index_of(outside[i]), i);
  EXPECT_EQ(meeting.waiting(), 1u);
  outside[3].cancel();
  EXPECT_EQ(end_of(outside[3]), "cancelled");
}

TEST_F(barrier_while_draining, an_abort_breaks_everybody_until_the_reset) {
  meeting.abort();
  for (const auto& one : outside) EXPECT_EQ(end_of_abroad(one), broken);
  EXPECT_TRUE(meeting.is_broken());
  meeting.reset();  // two are still inside
  EXPECT_EQ(meeting.phase(), barrier_phase::resetting);
  drain();
  for (const auto& one : inside) EXPECT_EQ(end_of(one), broken);
  EXPECT_EQ(meeting.phase(), barrier_phase::filling);
}

TEST_F(barrier_while_draining, an_abort_without_a_reset_stays) {
  meeting.abort();
  drain();
  for (const auto& one : inside) EXPECT_EQ(end_of(one), broken);
  for (const auto& one : outside) EXPECT_EQ(end_of(one), broken);
  EXPECT_EQ(end_of(member()), broken);
  EXPECT_TRUE(meeting.is_broken());
  meeting.reset();
  EXPECT_EQ(meeting.phase(), barrier_phase::filling);
}

}  // namespace
