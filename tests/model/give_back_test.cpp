// pool::give_back keeps all other workers asleep for a moment and takes memory from them: no job is forgotten
// meanwhile (idle's I1, I2), and no thief meets a ring that was freed (deque::shrink).
#include "pool_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace {

using namespace silk::model::pools;

class give_back : public with_fences {};

// Once it is let go: gives memory back, and keeps its worker until the other job has been run by another one.
struct giving_job : gate_job {
  using publisher = void (*)(job&);
  giving_job(awaited_job& what, publisher how) noexcept : other(what), publish(how) {
    run = [](job& self) noexcept { static_cast<giving_job&>(self).give(); };
  }
  void give() {
    pass();
    silk::scheduler::current_worker()->owner().give_back();
    publish(other);
    other.wait();
  }
  awaited_job& other;
  publisher publish;
};

void nowhere(job&) {}

void as_a_fork(job& other) {
  silk::scheduler::worker& here = *silk::scheduler::current_worker();
  here.forks().push(other);
  here.notify_forked();
}

TEST_P(give_back, a_job_from_outside_is_run_by_the_worker_that_was_kept_asleep) {
  expect_holds(within(2, 0), [] {
    awaited_job other;
    giving_job giving(other, nowhere);
    resting_pool workers(quiet(2), {&giving});
    giving.open();
    workers->schedule(other);
    other.wait();
  });
}

TEST_P(give_back, a_job_from_outside_is_run_by_the_worker_that_goes_to_sleep) {
  expect_holds(within(2, 0), [] {
    awaited_job other;
    gate_job busy;
    giving_job giving(other, nowhere);
    resting_pool workers(quiet(2), {&busy, &giving});
    busy.open();
    giving.open();
    workers->schedule(other);
    other.wait();
  });
}

// More than its ring has room for: it is larger afterwards. The jobs are in hand again when it ends.
void grow_ring() {
  silk::scheduler::worker& here = *silk::scheduler::current_worker();
  std::array<job, sync::ring_capacity + 1> filling;
  for (job& each : filling) here.forks().push(each);
  for (std::size_t i = filling.size(); i-- > 0;) check(here.forks().pop() == &filling[i], "mine");
}

TEST_P(give_back, a_fork_in_the_ring_that_is_left_is_stolen) {
  expect_holds(within(2, 0), [] {
    awaited_job other;
    struct growing_job : giving_job {
      explicit growing_job(awaited_job& what) noexcept : giving_job(what, as_a_fork) {
        run = [](job& self) noexcept {
          grow_ring();
          static_cast<growing_job&>(self).give();
        };
      }
    } giving(other);
    resting_pool workers(quiet(2), {&giving});
    giving.open();
    other.wait();
  });
}

// The thief has seen the fork, but not yet where it is, when its owner takes it back.
TEST_P(give_back, a_thief_on_its_way_does_not_meet_a_ring_that_was_freed) {
  expect_holds(within(2, 0), [] {
    struct forking_job : gate_job {
      forking_job(awaited_job& offered, awaited_job& last) noexcept : fork(offered), end(last) {
        run = [](job& self) noexcept { static_cast<forking_job&>(self).offer(); };
      }
      void offer() {
        grow_ring();
        pass();
        silk::scheduler::worker& here = *silk::scheduler::current_worker();
        as_a_fork(fork);
        if (here.forks().pop_if(fork)) fork.run(fork);
        here.owner().give_back();
        here.owner().schedule(end);
      }
      awaited_job& fork;
      awaited_job& end;
    };
    awaited_job fork, end;
    gate_job busy;
    forking_job forking(fork, end);
    resting_pool workers(quiet(2), {&busy, &forking});
    busy.open();
    forking.open();
    fork.wait();
    end.wait();
  });
}

TEST_P(give_back, a_pool_ends_whose_memory_is_given_back) {
  expect_holds(within(2, 0), [] {
    awaited_job none;
    none.done.store(1, sync::memory_order_relaxed);
    giving_job giving(none, nowhere);
    resting_pool workers(quiet(2), {&giving});
    giving.open();
    workers->stop();
  });
}

SILK_MODEL_WITH_BOTH_FENCES(give_back);

}  // namespace
