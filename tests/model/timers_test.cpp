// Design invariants 4 and 5 (T1, T2), a timer's part: fire and cancel claim it once, whoever serves the
// shard; afterwards nothing points at it, so that it may be freed at once.
#include "../../scheduler/timers.hpp"

#include "report.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::all;
using silk::model::all_within;
using silk::model::check;
using silk::model::expect_holds;
using silk::model::together;
using silk::scheduler::arm_result;
using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::no_deadline;
using silk::scheduler::timer_cancel;
using silk::scheduler::timer_node;
using silk::scheduler::timers;

// Plain fields on purpose: a second one that claims the timer would race.
struct timer : job {
  explicit timer(std::uint64_t deadline, std::uint16_t shard = 0) noexcept {
    node.on_fire = this;
    node.deadline = deadline;
    node.shard = shard;
  }
  timer_node node;
  int fired = 0;
  int cancelled = 0;

  void check_claimed_once() const { check(fired + cancelled == 1, "claimed exactly once"); }
};

struct service {
  explicit service(std::size_t shards = 1) : wheels(shards, 0) {}

  void arm(timer& one) {
    if (wheels.arm(one.node, one.node.shard) == arm_result::cancelled_before) {
      check(one.cancelled == 1, "only who has cancelled it keeps it from being armed");
    }
  }
  void cancel(timer& one) {
    // What is counted before belongs to the canceller if it is in time.
    if (wheels.cancel(one.node) != timer_cancel::too_late) ++one.cancelled;
  }
  void fire(job_list due) {
    while (!due.empty()) ++static_cast<timer&>(due.pop_front()).fired;
  }
  void serve(std::uint64_t now, std::size_t shard = 0) {
    job_list due;
    wheels.serve(shard, now, 10, due);
    fire(due);
  }
  void try_serve(std::uint64_t now, std::size_t shard = 0) {
    job_list due;
    wheels.try_serve(shard, now, 10, due);
    fire(due);
  }
  // T2: the hint is not later than what is armed.
  void finish() {
    serve(no_deadline - 1);
    check(wheels.earliest() == no_deadline, "nothing is armed any more");
  }
  timers wheels;
};

TEST(timers, an_armed_timer_fires_or_is_cancelled) {
  expect_holds(all(), [] {
    service state;
    timer one(5);
    state.arm(one);
    together([&] { state.serve(5); }, [&] { state.cancel(one); });
    one.check_claimed_once();
    state.finish();
    one.check_claimed_once();
  });
}

TEST(timers, two_who_serve_fire_it_once) {
  expect_holds(all(), [] {
    service state;
    timer one(5), two(6);
    state.arm(one);
    state.arm(two);
    together([&] { state.serve(5); }, [&] { state.try_serve(6); });
    state.finish();
    one.check_claimed_once();
    two.check_claimed_once();
  });
}

TEST(timers, owner_foreign_server_and_canceller_claim_it_once) {
  expect_holds(all(), [] {
    service state;
    timer one(5);
    state.arm(one);
    together([&] { state.serve(5); }, [&] { state.try_serve(7); }, [&] { state.cancel(one); });
    one.check_claimed_once();
    state.finish();
    one.check_claimed_once();
  });
}

TEST(timers, two_cancellers_have_one_success) {
  expect_holds(all(), [] {
    service state;
    timer one(5);
    state.arm(one);
    int in_time = 0;
    sync::spinlock lock;
    const auto cancel = [&] {
      if (state.wheels.cancel(one.node) == timer_cancel::too_late) return;
      const std::lock_guard hold(lock);
      ++in_time;
    };
    together(cancel, cancel);
    check(in_time == 1, "one of them was in time");
    state.finish();
    check(one.fired == 0, "it does not fire");
  });
}

// cancel may come before arm: the timer then never is in a wheel.
TEST(timers, a_cancel_meets_the_arming) {
  expect_holds(all(), [] {
    service state;
    timer one(5);
    bool armed = false;
    timer_cancel answer = timer_cancel::too_late;
    together([&] { armed = state.wheels.arm(one.node, 0) == arm_result::armed; },
             [&] { answer = state.wheels.cancel(one.node); });
    check(answer == (armed ? timer_cancel::removed : timer_cancel::before_armed),
          "each learns what the other did");
    state.finish();
    check(one.fired == 0, "it does not fire");
  });
}

TEST(timers, arming_cancelling_and_a_foreign_service_meet) {
  expect_holds(all(), [] {
    service state;
    timer one(5);
    bool armed = false;
    timer_cancel answer = timer_cancel::too_late;
    together([&] { armed = state.wheels.arm(one.node, 0) == arm_result::armed; },
             [&] { answer = state.wheels.cancel(one.node); }, [&] { state.try_serve(9); });
    const bool cancelled = answer != timer_cancel::too_late;
    check(armed || answer == timer_cancel::before_armed, "not armed only if cancelled before");
    check(one.fired + (cancelled ? 1 : 0) <= 1, "claimed at most once");
    state.finish();
    check(one.fired + (cancelled ? 1 : 0) == 1, "claimed exactly once");
  });
}

// After cancel() nothing points at the node: it may be freed at once, whoever serves the shard just then.
TEST(timers, what_was_cancelled_may_be_freed) {
  expect_holds(all(), [] {
    service state;
    auto one = std::make_unique<timer>(5);
    timer other(6);
    state.arm(*one);
    state.arm(other);
    together([&] { state.serve(6); },
             [&] {
               if (state.wheels.cancel(one->node) == timer_cancel::removed) one.reset();
             });
    check(one == nullptr || one->fired == 1, "else it has fired");
    check(other.fired == 1, "the other one has nothing to do with it");
    state.finish();
  });
}

// T2: who serves because of the hint finds what is due, unless somebody else was there meanwhile.
TEST(timers, the_hint_is_never_later_than_what_is_armed) {
  expect_holds(all(), [] {
    service state(2);
    timer early(5, 0), late(9, 1);
    state.arm(late);
    std::uint64_t hint = 0;
    together(
        [&] {
          state.arm(early);
          sync::full_fence();
        },
        [&] {
          sync::full_fence();
          hint = state.wheels.earliest();
        });
    check(hint == 5 || hint == 9, "a deadline that was armed");
    check(state.wheels.earliest() == 5, "the earliest of both shards");
    state.serve(9, 1);
    state.finish();
    early.check_claimed_once();
    late.check_claimed_once();
  });
}

TEST(timers, many_timers_at_random) {
  expect_holds(silk::model::some(silk::model::search::pct, 10'000), [] {
    service state;
    std::array<timer, 4> some{timer(3), timer(1), timer(4), timer(2)};
    for (timer& each : some) state.arm(each);
    together(
        [&] {
          state.serve(2);
          state.serve(4);
        },
        [&] {
          state.cancel(some[0]);
          state.cancel(some[3]);
        },
        [&] {
          state.try_serve(3);
          state.try_serve(4);
        });
    state.finish();
    for (const timer& each : some) each.check_claimed_once();
  });
}

}  // namespace
