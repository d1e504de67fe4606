// Workers that are stuck in user code while timers are due: those that are left serve them. The stuck tasks
// go on only when such a timer has done its work, so no clock is looked at: it works, or it hangs.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <support/programs.hpp>
#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

class stuck : public testing::TestWithParam<unsigned> {
 protected:
  unsigned workers() const { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(workers, stuck, testing::Values(2u, 4u, 16u),
                         testing::PrintToStringParamName());

void hold_the_worker_until(const std::atomic<bool>& goes_on) {
  while (!goes_on) std::this_thread::yield();
}

silk::task<> limited_to_a_moment() { co_await silk::with_timeout(1ms, never_ends()); }

// All workers but one are stuck; each has armed a timer in its own shard right before.
TEST_P(stuck, workers_have_their_timers_served_by_others) {
  std::atomic<unsigned> arrived = 0, fired = 0;
  std::atomic<bool> all_fired = false;
  silk::runtime runtime({.workers = workers()});
  const unsigned stuck_ones = workers() - 1;
  std::vector<silk::join_handle<>> all;
  for (unsigned i = 0; i < stuck_ones; ++i) {
    all.push_back(runtime.spawn([&]() -> silk::task<> {
      const auto timer = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<> {
        co_await silk::sleep(1ms);
        if (++fired == stuck_ones) all_fired = true;
      });
      ++arrived;
      hold_the_worker_until(all_fired);
      co_await timer;
    }));
  }
  for (const auto& each : all) runtime.block_on(each);
  EXPECT_EQ(arrived, stuck_ones);
  EXPECT_EQ(fired, stuck_ones);
}

// What is limited in time waits on a free worker, and its limit is in the stuck one's shard.
TEST_P(stuck, workers_delay_no_timeout) {
  std::atomic<bool> timed_out = false;
  silk::runtime runtime({.workers = workers()});
  runtime.block_on([&]() -> silk::task<> {
    const auto limited = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<> {
      const std::string end = co_await ending(limited_to_a_moment());
      EXPECT_EQ(end, "timeout");
      timed_out = true;
    });
    hold_the_worker_until(timed_out);
    co_await limited;
  });
  EXPECT_TRUE(timed_out);
}

}  // namespace
