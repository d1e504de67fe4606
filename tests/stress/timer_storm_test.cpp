// The programs of programs/timer_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/timer_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::timing;

class timer_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(timer_storm);

TEST_P(timer_storm, wakes_each_sleeper_and_none_early) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
      std::vector<silk::task<>> sleepers;
      for (unsigned i = 1 + mine.below(200); i > 0; --i) {
        sleepers.push_back(sleep_well(life(), mine.another(), 4));
      }
      co_await silk::gather(std::move(sleepers));
    });
  }
  EXPECT_EQ(early, 0);
}

TEST_P(timer_storm, decides_each_race_with_a_timeout) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
      std::vector<silk::task<int>> races;
      for (unsigned i = 1 + mine.below(50); i > 0; --i) {
        races.push_back(mine.one_in(2) ? limited(life(), mine.another())
                                       : limited_twice(life(), mine.another()));
      }
      const std::vector<int> ends = co_await silk::gather(std::move(races));
      for (const int each : ends) EXPECT_TRUE(each == 1 || each == 2);
    });
  }
}

TEST_P(timer_storm, ends_each_wait_with_a_limit) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
      std::vector<silk::task<>> all;
      for (unsigned i = 1 + mine.below(20); i > 0; --i) {
        all.push_back(looks_at_the_clock(life(), mine.another()));
      }
      co_await silk::gather(std::move(all));
    });
  }
}

TEST_P(timer_storm, calls_or_takes_back_each_timed_callback) {
  silk::runtime runtime(quiet(workers()));
  std::atomic<int> armed{0}, called{0}, taken_back{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, mine = random.another()]() mutable {
      while (time.running()) {
        std::vector<silk::callback_handle> handles;
        for (unsigned i = 1 + mine.below(50); i > 0; --i) {
          ++armed;
          const auto late = mine.one_in(4) ? 1h : silk::duration(microseconds(mine.below(200)));
          handles.push_back(
              runtime.call_after(late, [&called, here = std::make_shared<life>()] { ++called; }));
        }
        jitter(mine);
        std::jthread other([&handles, &taken_back] {
          for (const auto& each : handles) taken_back += each.cancel();
        });
        for (std::size_t i = handles.size(); i-- > 0;) taken_back += handles[i].cancel();
      }
    });
  }
  threads.clear();
  while (armed > called + taken_back) std::this_thread::yield();
  EXPECT_EQ(armed, called + taken_back);
}

}  // namespace
