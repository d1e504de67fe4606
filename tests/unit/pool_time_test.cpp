// Timers of a pool: I3 (time is watched), I5, and virtual time.
#include "../../scheduler/pool.hpp"
#include "pool_jobs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::clock_kind;
using silk::scheduler::job_list;
using silk::scheduler::pool;
using silk::scheduler::timer_cancel;
using silk::test::function_job;
using silk::test::function_timer;
using silk::test::this_worker;

constexpr std::uint64_t hour = 3'600'000'000'000;
constexpr std::uint64_t soon = 200'000;

// Most likely every worker sleeps now.
void let_all_go_to_sleep(pool& engine) {
  while (engine.stats().parks < engine.size()) std::this_thread::yield();
}

// ---- steady time ----

TEST(pool_timers, never_fire_early) {
  std::latch fired{3};
  std::atomic<int> early{0};
  pool engine({.workers = 2});
  std::vector<std::unique_ptr<function_timer>> timers;
  for (const std::uint64_t ns : {0u, 1u, 1'500'000u}) {
    const std::uint64_t deadline = engine.time().now() + ns;
    timers.push_back(std::make_unique<function_timer>([&, deadline] {
      if (engine.time().now() < deadline) ++early;
      fired.count_down();
    }));
    timers.back()->arm_at(engine, deadline);
  }
  fired.wait();
  EXPECT_EQ(early, 0);
}

TEST(pool_timers, wake_a_pool_in_which_everyone_sleeps) {
  pool engine({.workers = 2});
  for (int round = 0; round < 20; ++round) {
    let_all_go_to_sleep(engine);
    std::latch fired{1};
    function_timer timer([&] { fired.count_down(); });
    timer.arm_in(engine, round % 2 == 0 ? soon : 0);
    fired.wait();
  }
}

TEST(pool_timers, an_earlier_one_is_noticed_by_the_worker_that_sleeps_for_a_later_one) {
  std::latch fired{1};
  pool engine({.workers = 2});
  function_timer late([] {}), early([&] { fired.count_down(); });
  late.arm_in(engine, hour);
  let_all_go_to_sleep(engine);
  early.arm_in(engine, soon);
  fired.wait();
  EXPECT_EQ(engine.cancel(late.node), timer_cancel::removed);
}

// I9 and I5: the owner of the shard is stuck in a job; a worker that sleeps serves its timers.
TEST(pool_timers, fire_while_the_job_that_armed_them_is_stuck) {
  std::latch fired{1}, ended{1};
  pool engine({.workers = 2});
  function_timer timer([&] { fired.count_down(); });
  function_job stuck([&] {
    timer.arm_in(engine, soon);
    fired.wait();
    ended.count_down();
  });
  engine.schedule(stuck);
  ended.wait();
}

TEST(pool_timers, fire_while_the_next_job_on_their_worker_is_stuck) {
  std::latch fired{1}, ended{1};
  pool engine({.workers = 2});
  function_timer timer([&] { fired.count_down(); });
  function_job stuck([&] {
    fired.wait();
    ended.count_down();
  });
  function_job owner([&] {
    this_worker().push_first_instead_of_me(stuck);
    timer.arm_in(engine, soon, pool::then::ends_turn);
  });
  engine.schedule(owner);
  ended.wait();
}

// The driver is the only one left to run a job; whoever goes to sleep next takes the role.
TEST(pool_timers, are_watched_by_the_next_sleeper_when_the_driver_gets_work) {
  pool engine({.workers = 2});
  std::latch busy{1}, driver_works{1}, fired{1};
  function_timer timer([&] { fired.count_down(); });
  function_job first([&] {
    busy.count_down();
    driver_works.wait();
  });
  function_job second([&] {
    timer.arm_in(engine, soon, pool::then::runs_on);
    driver_works.count_down();
    fired.wait();
  });
  engine.schedule(first);
  busy.wait();
  for (int i = 0; i < 200; ++i) std::this_thread::yield();  // most likely the other one sleeps now
  engine.schedule(second);
  fired.wait();
  engine.stop();  // `second` may still be waiting, too
}

// The driver serves the first timer, and what that makes runnable keeps it. The other one sleeps without a
// deadline, unless it is given the role.
TEST(pool_timers, are_watched_by_somebody_else_when_the_driver_is_kept_by_an_earlier_one) {
  std::latch fired{1};
  pool engine({.workers = 2});
  function_timer later([&] { fired.count_down(); });
  function_timer earlier([&] { fired.wait(); });
  let_all_go_to_sleep(engine);
  later.arm_in(engine, 20 * soon);
  earlier.arm_in(engine, soon);
  fired.wait();
  engine.stop();  // `earlier` may still be waiting, too
}

// As above, but there was nothing to watch when the driver went to work: whoever arms the timer wakes somebody.
TEST(pool_timers, wake_a_sleeper_when_there_is_no_driver) {
  std::latch kept{1}, fired{1};
  pool engine({.workers = 2});
  function_timer later([&] { fired.count_down(); });
  function_timer earlier([&] {
    kept.count_down();
    fired.wait();
  });
  let_all_go_to_sleep(engine);
  earlier.arm_in(engine, soon);
  kept.wait();
  later.arm_in(engine, soon);
  fired.wait();
  engine.stop();  // `earlier` may still be waiting, too
}

TEST(pool_timers, that_were_cancelled_do_not_fire) {
  pool engine({.workers = 2});
  std::atomic<int> fired{0};
  std::vector<std::unique_ptr<function_timer>> timers;
  int removed = 0;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<function_timer>([&] { ++fired; }));
    timers.back()->arm_in(engine, i % 2 == 0 ? hour : soon);
  }
  for (const auto& each : timers) removed += engine.cancel(each->node) == timer_cancel::removed;
  while (fired + removed < 200) std::this_thread::yield();
  EXPECT_GE(removed, 100);
  engine.stop();
  EXPECT_EQ(fired + removed, 200);
}

TEST(pool_timers, that_are_armed_after_stop_are_handed_out) {
  pool engine({.workers = 2});
  function_timer one([] {}), two([] {});
  one.arm_in(engine, hour);
  two.arm_in(engine, 2 * hour);
  engine.stop();
  job_list left = engine.take_timers();
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(&left.pop_front(), &one);
  EXPECT_EQ(&left.pop_front(), &two);
  EXPECT_TRUE(engine.take_timers().empty());
}

// ---- virtual time ----

class virtual_pool : public testing::TestWithParam<unsigned> {
 protected:
  pool engine{{.workers = GetParam(), .clock = clock_kind::virtual_time}};
};
INSTANTIATE_TEST_SUITE_P(workers, virtual_pool, testing::Values(1u, 2u, 4u),
                         testing::PrintToStringParamName());

TEST_P(virtual_pool, jumps_to_each_deadline_in_order) {
  std::vector<std::uint64_t> times;
  std::latch all{4};
  std::vector<std::unique_ptr<function_timer>> timers;
  function_job start([&] {
    for (const std::uint64_t deadline : {3 * hour, hour, 24 * 365 * hour, 2 * hour}) {
      timers.push_back(std::make_unique<function_timer>([&] {
        times.push_back(engine.time().now());
        all.count_down();
      }));
      timers.back()->arm_at(engine, deadline);
    }
  });
  engine.schedule(start);
  all.wait();
  EXPECT_EQ(times, (std::vector<std::uint64_t>{hour, 2 * hour, 3 * hour, 24 * 365 * hour}));
}

TEST_P(virtual_pool, stands_still_while_a_job_runs) {
  std::latch fired{1};
  std::uint64_t before = 1, after = 1;
  function_timer timer([&] { fired.count_down(); });
  function_job long_job([&] {
    timer.arm_at(engine, hour);
    before = engine.time().now();
    for (int i = 0; i < 2'000; ++i) std::this_thread::yield();
    after = engine.time().now();
  });
  engine.schedule(long_job);
  fired.wait();
  EXPECT_EQ(before, 0u);
  EXPECT_EQ(after, 0u);
  EXPECT_EQ(engine.time().now(), hour);
}

TEST_P(virtual_pool, stands_still_while_it_is_held_and_goes_on_afterwards) {
  std::latch fired{1};
  function_timer timer([&] { fired.count_down(); });
  engine.hold_time();
  engine.hold_time();
  timer.arm_at(engine, hour);
  let_all_go_to_sleep(engine);
  engine.release_time();
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_EQ(engine.time().now(), 0u);
  engine.release_time();
  fired.wait();
  EXPECT_EQ(engine.time().now(), hour);
}

// Each timer arms the next one: time must go on however the workers come and go.
TEST_P(virtual_pool, goes_on_as_long_as_there_are_timers) {
  constexpr int chains = 8, steps = 400;
  std::latch all{chains};
  std::vector<std::unique_ptr<function_timer>> timers;
  std::vector<int> steps_done(chains);
  std::atomic<int> wrong{0};
  for (std::size_t i = 0; i < chains; ++i) {
    timers.push_back(std::make_unique<function_timer>([&, i] {
      if (engine.time().now() != static_cast<std::uint64_t>(steps_done[i]) * hour) ++wrong;
      if (++steps_done[i] == steps) return all.count_down();
      timers[i]->arm_in(engine, hour, pool::then::ends_turn);
    }));
  }
  function_job start([&] {
    for (const auto& each : timers) each->arm_at(engine, 0);
  });
  engine.schedule(start);
  all.wait();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine.time().now(), (steps - 1) * hour);
}

// The one that slept for the first timer was not woken: another worker moved the time there.
TEST(virtual_pool_of_two, wakes_for_a_timer_from_outside_though_one_sleeps_for_an_earlier_one) {
  pool engine({.workers = 2, .clock = clock_kind::virtual_time});
  let_all_go_to_sleep(engine);
  const std::uint64_t parks = engine.stats().parks;
  std::latch busy{1}, go_on{1}, first_fired{1}, second_fired{1};
  function_timer first([&] { first_fired.count_down(); });
  function_timer second([&] { second_fired.count_down(); });
  function_job keeps_time_still([&] {
    busy.count_down();
    go_on.wait();
  });
  engine.schedule(keeps_time_still);
  busy.wait();
  first.arm_in(engine, hour);
  while (engine.stats().parks == parks) std::this_thread::yield();  // the other one has looked
  go_on.count_down();
  first_fired.wait();
  while (engine.stats().parks < parks + 2) std::this_thread::yield();
  second.arm_in(engine, hour);
  second_fired.wait();
  EXPECT_EQ(engine.time().now(), 2 * hour);
}

}  // namespace
