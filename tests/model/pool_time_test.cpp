// Time in the real pool. Design invariant 5 and idle's I3: while somebody is parked and a timer armed, one
// of the sleepers sleeps no longer than to its deadline, whoever arms it, from wherever. A timer that is
// forgotten shows as "all who are left sleep". Virtual time moves only when nothing else can happen.
#include "pool_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk::model::pools;
using silk::scheduler::pool_options;
using silk::scheduler::timer_cancel;
using silk::scheduler::timer_node;

class pool_time : public with_fences {};

pool_options steady(unsigned workers) {
  pool_options chosen;
  chosen.workers = workers;
  return chosen;
}

struct timed_job : awaited_job {
  void arm(pool& in, std::uint64_t deadline, pool::then caller) {
    node.on_fire = this;
    node.deadline = deadline;
    in.prepare_timer(node);
    check(in.arm(node, caller) == silk::scheduler::arm_result::armed, "nobody has cancelled it");
  }
  timer_node node;
};

TEST_P(pool_time, a_timer_that_is_armed_from_outside_fires_while_the_worker_goes_to_sleep) {
  expect_holds(within(2, 1), [] {
    pool workers(steady(1));
    timed_job late;
    late.arm(workers, 1000, pool::then::runs_on);
    late.wait();
    workers.stop();
  });
}

// The worker sleeps to the first deadline and must be told of the second one.
TEST_P(pool_time, an_earlier_timer_from_outside_is_not_slept_past) {
  expect_holds(within(2, 1), [] {
    pool workers(steady(1));
    timed_job late, early;
    late.arm(workers, 2000, pool::then::runs_on);
    early.arm(workers, 1000, pool::then::runs_on);
    early.wait();
    late.wait();
    workers.stop();
  });
}

// A job that arms a timer and ends its turn leaves it to the loop to tell whoever watches the time.
TEST_P(pool_time, a_timer_that_a_job_arms_fires) {
  expect_holds(within(2, 1), [] {
    struct arming_job : job {
      explicit arming_job(pool& in, timed_job& what) noexcept : workers(in), timer(what) {
        run = [](job& self) noexcept {
          auto& it = static_cast<arming_job&>(self);
          it.timer.arm(it.workers, 1000, pool::then::ends_turn);
        };
      }
      pool& workers;
      timed_job& timer;
    };
    pool workers(steady(1));
    timed_job late;
    arming_job first(workers, late);
    workers.schedule(first);
    late.wait();
    workers.stop();
  });
}

// A worker that is stuck in a job delays nobody's timer while another one is idle.
TEST_P(pool_time, a_timer_of_a_blocked_worker_is_served_by_the_other_one) {
  expect_holds(within(2, 0), [] {
    struct blocking_job : job {
      explicit blocking_job(pool& in, timed_job& what) noexcept : workers(in), timer(what) {
        run = [](job& self) noexcept {
          auto& it = static_cast<blocking_job&>(self);
          it.timer.arm(it.workers, 1000, pool::then::runs_on);
          it.timer.wait();
        };
      }
      pool& workers;
      timed_job& timer;
    };
    timed_job late;
    resting_pool workers(steady(2));
    blocking_job first(*workers, late);
    workers->schedule(first);
    late.wait();
    undisturbed([&] { workers->stop(); });
  });
}

// The driver is woken to look at the time, and finds a job that nobody else was woken for.
TEST_P(pool_time, a_driver_that_goes_to_work_passes_the_time_on) {
  expect_holds(within(2, 0), [] {
    struct waiting_job : job {
      explicit waiting_job(timed_job& what) noexcept : timer(what) {
        run = [](job& self) noexcept { static_cast<waiting_job&>(self).timer.wait(); };
      }
      timed_job& timer;
    };
    timed_job late;
    waiting_job first(late);
    resting_pool workers(steady(2));
    late.arm(*workers, 1000, pool::then::runs_on);
    workers->schedule(first);
    late.wait();
  });
}

TEST_P(pool_time, a_timer_fires_or_is_cancelled_from_outside) {
  expect_holds(within(2, 1), [] {
    pool workers(steady(1));
    timed_job late;
    late.arm(workers, 1000, pool::then::runs_on);
    if (workers.cancel(late.node) == timer_cancel::too_late) late.wait();
    workers.stop();
  });
}

// ---- virtual time ----

TEST_P(pool_time, virtual_time_goes_on_when_all_workers_are_idle) {
  expect_holds(within(2, 1), [] {
    pool workers(quiet(1));
    timed_job late;
    late.arm(workers, 1000, pool::then::runs_on);
    late.wait();
    check(workers.time().now() == 1000, "time has gone on to the deadline, and no further");
    workers.stop();
  });
}

// Of two workers that go to sleep one may look at the timers before the other one has armed its own.
TEST_P(pool_time, virtual_time_stops_at_the_timer_that_was_armed_last) {
  expect_holds(within(2, 0), [] {
    struct punctual_job : timed_job {
      punctual_job() noexcept {
        run = [](job& self) noexcept {
          const auto& it = static_cast<punctual_job&>(self);
          const std::uint64_t now = silk::scheduler::current_worker()->owner().time().now();
          check(now == it.node.deadline, "time has gone to the deadline, and no further");
          run_it(self);
        };
      }
    } early, late;
    struct arming_job : gate_job {
      explicit arming_job(timed_job& what) noexcept : timer(what) {
        run = [](job& self) noexcept {
          auto& it = static_cast<arming_job&>(self);
          it.pass();
          it.timer.arm(silk::scheduler::current_worker()->owner(), 1000, pool::then::ends_turn);
        };
      }
      timed_job& timer;
    } first(early);
    gate_job busy;
    resting_pool workers(quiet(2), {&busy, &first});
    late.arm(*workers, 2000, pool::then::runs_on);
    busy.open();
    first.open();
    early.wait();
    late.wait();
  });
}

TEST_P(pool_time, virtual_time_stands_still_while_it_is_held) {
  expect_holds(within(2, 1), [] {
    pool workers(quiet(1));
    timed_job late;
    workers.hold_time();
    late.arm(workers, 1000, pool::then::runs_on);
    check(workers.time().now() == 0, "it is held");
    workers.release_time();
    late.wait();
    workers.stop();
  });
}

// A worker that is about to move the time has seen all asleep, when another one is woken for the job of a
// thread that then lets go of the time.
TEST_P(pool_time, virtual_time_stands_still_for_a_job_that_was_scheduled_while_it_was_held) {
  expect_holds(within(2, 0), [] {
    struct long_job : awaited_job {
      long_job() noexcept {
        run = [](job& self) noexcept {
          auto& it = static_cast<long_job&>(self);
          it.gate.pass();
          const std::uint64_t now = silk::scheduler::current_worker()->owner().time().now();
          check(now == 0, "time goes on when the job is done, not before");
          run_it(self);
        };
      }
      gate_job gate;
    };
    struct last_job : awaited_job {
      last_job() noexcept {
        run = [](job& self) noexcept {
          static_cast<last_job&>(self).gate.pass();
          run_it(self);
        };
      }
      gate_job gate;
    };
    timed_job late;
    long_job handed_over;
    last_job before_sleep;
    resting_pool workers(quiet(2), {&before_sleep});
    workers->hold_time();
    late.arm(*workers, 1000, pool::then::runs_on);
    before_sleep.gate.open();
    before_sleep.wait();
    workers->schedule(handed_over);
    workers->release_time();
    undisturbed([] {});
    handed_over.gate.open();
    undisturbed([&] { late.wait(); });
  });
}

TEST_P(pool_time, what_waits_for_a_quiet_moment_comes_before_time_goes_on) {
  expect_holds(within(2, 1), [] {
    pool workers(quiet(1));
    timed_job late;
    struct quiet_job : awaited_job {
      explicit quiet_job(pool& in) noexcept : workers(in) {
        run = [](job& self) noexcept {
          auto& it = static_cast<quiet_job&>(self);
          check(it.workers.time().now() == 0, "time has not gone on yet");
          run_it(self);
        };
      }
      pool& workers;
    } last(workers);
    workers.hold_time();
    late.arm(workers, 1000, pool::then::runs_on);
    workers.schedule_when_quiet(last);
    workers.release_time();
    last.wait();
    late.wait();
    workers.stop();
  });
}

SILK_MODEL_WITH_BOTH_FENCES(pool_time);

}  // namespace
