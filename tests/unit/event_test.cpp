// event: threads that are no workers, cancels, several runtimes.
#include "turn_fixture.hpp"

#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

class event : public turn_test {
 protected:
  silk::event happened;
};

silk::task<> waits(silk::event& happened) { co_await happened.wait(); }

TEST_F(event, is_set_by_a_thread_that_is_no_worker) {
  const auto first = start([&] { return waits(happened); });
  const auto second = start([&] { return waits(happened); });
  EXPECT_EQ(happened.waiting(), 2u);
  happened.set();
  EXPECT_EQ(happened.waiting(), 0u);
  EXPECT_EQ(end_of(first), "value");
  EXPECT_EQ(end_of(second), "value");
}

// docs/cancellation.md: w11b
TEST_F(event, who_is_cancelled_after_it_was_set_takes_nothing_away) {
  const auto chosen = start([&] { return waits(happened); });
  const auto other = start([&] { return waits(happened); });
  cancel_before_it_resumes(chosen, [&] { happened.set(); });
  EXPECT_EQ(end_of(chosen), "cancelled: too late");
  EXPECT_EQ(end_of(other), "value");
  EXPECT_TRUE(happened.is_set());
}

TEST_F(event, wakes_tasks_of_several_runtimes) {
  silk::runtime abroad(steady_time(2));
  std::vector<silk::join_handle<>> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back((i % 2 == 0 ? runtime : abroad).spawn(waits(happened)));
    while (happened.waiting() != all.size()) std::this_thread::yield();
  }
  happened.set();
  for (const auto& one : all) EXPECT_EQ(end_of(one), "value");
}

// docs/cancellation.md: r4 w11c
TEST_F(event, a_cancelled_task_goes_through_a_set_one) {
  happened.set();
  const auto body = [&](knows_itself<>& me) -> silk::task<> {
    me.handle().cancel();
    co_await happened.wait();  // no suspension, so no cancel
    co_await silk::this_task::uncancel();
  };
  knows_itself<> task(runtime, std::ref(body));
  EXPECT_EQ(end_of(task.handle()), "value");
}

}  // namespace
