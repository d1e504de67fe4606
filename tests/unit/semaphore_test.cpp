// semaphore, bounded_semaphore: several permits at once, guards, cancels. Order: tests/conformance.
#include "turn_fixture.hpp"

#include <limits>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class semaphore : public turn_test {
 protected:
  silk::semaphore permits{0};
};

silk::task<> takes(silk::semaphore& permits) { co_await permits.acquire(); }

TEST_F(semaphore, has_one_permit_by_default) {
  EXPECT_EQ(silk::semaphore().available(), 1);
  EXPECT_EQ(silk::bounded_semaphore().available(), 1);
}

TEST_F(semaphore, a_release_of_many_serves_those_that_wait_and_frees_the_rest) {
  std::vector<silk::join_handle<>> all;
  for (int i = 0; i < 3; ++i) all.push_back(start([&] { return takes(permits); }));
  permits.release(2);
  settle();
  EXPECT_TRUE(all[0].done());
  EXPECT_TRUE(all[1].done());
  EXPECT_FALSE(all[2].done());
  EXPECT_TRUE(permits.is_locked());
  permits.release(5);
  EXPECT_EQ(end_of(all[2]), "value");
  EXPECT_EQ(permits.available(), 4);
}

TEST_F(semaphore, refuses_a_senseless_release_and_changes_nothing) {
  const auto waiter = start([&] { return takes(permits); });
  EXPECT_THROW(permits.release(-1), std::invalid_argument);
  permits.release(0);
  settle();
  EXPECT_EQ(permits.waiting(), 1u);
  permits.release();
  EXPECT_EQ(end_of(waiter), "value");

  permits.release();
  EXPECT_THROW(permits.release(std::numeric_limits<std::ptrdiff_t>::max()), std::invalid_argument);
  EXPECT_EQ(permits.available(), 1);
}

TEST_F(semaphore, a_bounded_one_counts_permits_that_are_handed_over_as_acquired) {
  silk::bounded_semaphore bounded(2);
  EXPECT_TRUE(bounded.try_acquire());
  EXPECT_TRUE(bounded.try_acquire());
  const auto waiter = start([&] { return takes(bounded); });
  EXPECT_THROW(bounded.release(3), std::invalid_argument);
  EXPECT_EQ(bounded.waiting(), 1u);
  bounded.release(2);
  EXPECT_EQ(end_of(waiter), "value");
  EXPECT_EQ(bounded.available(), 1);
  bounded.release();
  EXPECT_THROW(bounded.release(), std::invalid_argument);
}

// docs/cancellation.md: w11b
TEST_F(semaphore, who_is_cancelled_after_the_hand_over_passes_the_permit_on) {
  const auto chosen = start([&] { return takes(permits); });
  const auto next = start([&] { return takes(permits); });
  cancel_before_it_resumes(chosen, [&] { permits.release(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(next), "value");
  EXPECT_EQ(permits.available(), 0);

  const auto last = start([&] { return takes(permits); });
  cancel_before_it_resumes(last, [&] { permits.release(); });
  EXPECT_EQ(end_of(last), "cancelled: too late");
  EXPECT_EQ(permits.available(), 1);
}

TEST_F(semaphore, a_guard_moves_and_gives_one_permit_back) {
  permits.release(2);
  runtime.block_on([&]() -> silk::task<> {
    silk::semaphore::guard first = co_await permits.scoped();
    silk::semaphore::guard second = co_await permits.scoped();
    EXPECT_EQ(permits.available(), 0);
    first = std::move(second);
    EXPECT_EQ(permits.available(), 1);
    first.unlock();
    EXPECT_EQ(permits.available(), 2);
    EXPECT_FALSE(first);
  });
  EXPECT_EQ(permits.available(), 2);
}

TEST_F(semaphore, a_guard_of_a_bounded_one_keeps_its_bound) {
  silk::bounded_semaphore bounded(1);
  runtime.block_on([&]() -> silk::task<> {
    const auto hold = co_await bounded.scoped();
    EXPECT_TRUE(bounded.is_locked());
  });
  EXPECT_EQ(bounded.available(), 1);
}

}  // namespace
