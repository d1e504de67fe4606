// Branches of fork_join in the real pool: whoever is asleep or goes to sleep, a branch is run once (B2),
// its fork_join goes on after its end and sees what it wrote (B3), and nobody sleeps for ever.
#include "pool_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk::model::pools;
using silk::scheduler::branch;
using silk::scheduler::branches;
using silk::scheduler::current_worker;
using silk::scheduler::worker;

class forked : public with_fences {};

// Plain fields on purpose: a data race is reported.
struct counted_branch : branch {
  explicit counted_branch(body run = run_elsewhere) noexcept : branch(run) {}
  static void run_elsewhere(branch& self) noexcept { static_cast<counted_branch&>(self).call(); }
  void call() noexcept { check(++calls == 1, "a branch is run twice"); }
  int calls = 0;
};

void look_around(worker& here) {
  if (branch* wanted = here.wanted_branch()) here.hand_out(*wanted);
}

void join(worker& here, counted_branch& forked, std::uint32_t place) {
  if (here.own_branches().pop(place)) return forked.call();
  if (here.take_back(forked)) {
    forked.call();
  } else {
    here.wait_for(forked);
  }
  here.end_of(forked);
  check(forked.calls == 1, "the fork_join goes on before its branch has ended");
}

// Forks as many branches as it is deep, one inside of the other.
void fork(unsigned depth) {
  if (depth == 0) return;
  worker& here = *current_worker();
  counted_branch one;
  const std::uint32_t place = here.own_branches().push(one);
  look_around(here);
  fork(depth - 1);
  join(here, one, place);
}

template <unsigned Depth>
struct forking_job : awaited_job {
  forking_job() noexcept {
    run = [](job& self) noexcept {
      fork(Depth);
      awaited_job::run_it(self);
    };
  }
};

TEST_P(forked, a_branch_is_run_once_beside_a_sleeper) {
  expect_holds(within(2, 0), [] {
    forking_job<1> one;
    resting_pool workers(quiet(2));
    workers->schedule(one);
    one.wait();
  });
}

TEST_P(forked, a_branch_is_run_once_beside_one_who_goes_to_sleep) {
  expect_holds(within(2, 0), [] {
    forking_job<1> one;
    gate_job busy;
    resting_pool workers(quiet(2), {&busy});
    busy.open();
    workers->schedule(one);
    one.wait();
  });
}

TEST_P(forked, branches_inside_of_each_other_are_run_once) {
  expect_holds(at_random(3000), [] {
    forking_job<3> one;
    resting_pool workers(quiet(2));
    workers->schedule(one);
    one.wait();
  });
}

// Taken by the other worker for sure, and in its hands until it is let go.
struct held_branch : counted_branch {
  held_branch() noexcept
      : counted_branch(
            [](branch& self) noexcept { static_cast<held_branch&>(self).call_slowly(); }) {}
  void call_slowly() noexcept {
    begun.run(begun);
    let_go.pass();
    call();
  }
  awaited_job begun;
  gate_job let_go;
};

struct held_up_job : awaited_job {
  held_up_job() noexcept {
    run = [](job& self) noexcept {
      auto& it = static_cast<held_up_job&>(self);
      worker& here = *current_worker();
      const std::uint32_t place = here.own_branches().push(it.held);
      look_around(here);
      it.held.begun.wait();
      join(here, it.held, place);
      awaited_job::run_it(self);
    };
  }
  held_branch held;
};

TEST_P(forked, a_branch_that_takes_long_wakes_who_waits_for_it) {
  expect_holds(within(2, 0), [] {
    held_up_job one;
    resting_pool workers(quiet(2));
    workers->schedule(one);
    while (workers->stats().parks < 3) sync::give_way();  // both at first, then who waits
    one.held.let_go.open();
    one.wait();
  });
}

SILK_MODEL_WITH_BOTH_FENCES(forked);

}  // namespace
