// I7: an idle runtime makes no wake-ups and uses no CPU. To see that, real time has to pass.
#include "../../scheduler/frame_pool.hpp"
#include "tasks.hpp"
#include "workers_usage.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace silk_stress;

class idle_runtime : public at_any_size {
 protected:
  idle_runtime() { silk::scheduler::trim_frames(); }  // what other tests have left is worth a wake
};
SILK_STRESS_AT_ANY_SIZE(idle_runtime);

TEST_P(idle_runtime, rests_from_the_start) {
  const silk::runtime runtime(quiet(workers()));
  ASSERT_EQ(workers_usage().size(), workers());
  expect_idle();
}

TEST_P(idle_runtime, rests_after_a_burst) {
  silk::runtime runtime(quiet(workers()));
  runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
    std::vector<silk::task<>> naps;
    for (int i = 0; i < 2'000; ++i) naps.push_back(nap(mine.another()));
    co_await silk::gather(std::move(naps));
  });
  expect_idle();
}

TEST_P(idle_runtime, rests_while_its_only_timer_is_far_away) {
  silk::runtime runtime(quiet(workers()));
  const auto handle = runtime.spawn(silk::to_thread([] {}));
  const auto sleeper = runtime.spawn([]() -> silk::task<> { co_await silk::sleep(1h); });
  runtime.call_after(2h, [] {});
  runtime.block_on(silk::future<void>(handle));
  expect_idle();
}

TEST_P(idle_runtime, rests_while_tasks_wait_for_somebody_outside) {
  silk::runtime runtime(quiet(workers()));
  silk::promise<> given;
  std::vector<silk::join_handle<void>> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(runtime.spawn(
        [](silk::future<void> awaited) -> silk::task<> { co_await awaited; }, given.get_future()));
  }
  expect_idle();
  given.set_value();
  for (const auto& each : waiting) runtime.block_on(silk::future<void>(each));
}

TEST_P(idle_runtime, rests_in_virtual_time) {
  silk::runtime runtime(quiet(workers(), silk::time_source::virtual_time));
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(1h); });
  expect_idle();
}

// A worker that sleeps to a deadline does not hear that the timer was taken back: it may wake then,
// once, and sleeps on.
TEST_P(idle_runtime, wakes_at_most_once_for_timers_that_were_taken_back) {
  silk::runtime runtime(quiet(workers()));
  for (int i = 0; i < 100; ++i) {
    const auto handle = runtime.call_after(std::chrono::milliseconds(1'000 - 5 * i), [] {});
    EXPECT_TRUE(handle.cancel());
  }
  runtime.block_on([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) co_await silk::with_timeout(800ms, silk::task<>(nap(dice(1))));
  });
  settle();
  const window seen = observe(1'200ms);
  EXPECT_LE(seen.wake_ups, workers());
  EXPECT_LT(seen.cpu_ns, 50'000'000u);
  expect_idle();
}

}  // namespace
