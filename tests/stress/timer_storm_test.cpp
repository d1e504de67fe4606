// Timers armed, taken back and fired on all workers at once; timeouts that race with what they limit.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

std::atomic<int> early{0};

// Sleeps at least as long as asked.
silk::task<> sleep_well(life, dice random, int times) {
  for (; times > 0; --times) {
    const silk::time_point deadline = silk::now() + microseconds(random.below(300));
    if (random.one_in(2)) {
      co_await silk::sleep_until(deadline);
    } else {
      co_await silk::sleep(deadline - silk::now());
    }
    if (silk::now() < deadline) ++early;
  }
}

// The limit is near the time that the work takes. Gives 1 for in time, 2 for too late.
silk::task<int> work(life, silk::duration d) {
  co_await silk::sleep(d);
  co_return 1;
}
silk::task<int> limited(life, dice random) {
  const auto limit = microseconds(random.below(150));
  const auto needed = microseconds(random.below(150));
  int came = 0;
  try {
    if (random.one_in(2)) {
      came = co_await silk::with_timeout(limit, work(life(), needed));
    } else {
      came = co_await silk::with_timeout(limit, silk::spawn(work(life(), needed)));
    }
  } catch (const silk::timeout_error&) {
    came = 2;
  }
  co_return came;
}

silk::task<int> limited_twice(life, dice random) {
  int came = 0;
  try {
    came = co_await silk::with_timeout(microseconds(random.below(200)),
                                       limited(life(), random.another()));
  } catch (const silk::timeout_error&) {
    came = 2;
  }
  co_return came;
}

// Waits with limits around zero, for tasks of which some are done already.
silk::task<> looks_at_the_clock(life, dice random) {
  std::vector<silk::join_handle<int>> handles;
  for (unsigned i = 1 + random.below(4); i > 0; --i) {
    handles.push_back(silk::spawn(work(life(), microseconds(random.below(3) * random.below(80)))));
  }
  for (int looks = 0; looks < 6; ++looks) {
    const auto timeout = microseconds(random.below(4) * random.below(40)) - 20us;
    const auto until = random.one_in(2) ? silk::first_completed : silk::all_completed;
    const auto sorted = co_await silk::wait(handles, {.return_when = until, .timeout = timeout});
    EXPECT_EQ(sorted.done.size() + sorted.pending.size(), handles.size());
    for (const auto& each : sorted.done) EXPECT_TRUE(each.done());
  }
}

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
