// The real pool: whoever publishes a job and whoever goes to sleep, in every order, the job runs (design
// invariant 1, idle's I1); a wake is a claim (I2); a blocked worker stops nobody (design invariant 9); a
// pool that is stopped leaves no job behind and is not used after its end (design invariant 8, I8).
// A lost wake-up shows as "all who are left sleep".
#include "pool_fixture.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk::model::pools;

// ---- work from outside ----

TEST_P(idle, a_job_from_outside_is_run_while_the_worker_goes_to_sleep) {
  expect_holds(within(2, 1), [] {
    pool workers(quiet(1));
    awaited_job one;
    workers.schedule(one);
    one.wait();
    workers.stop();
  });
}

TEST_P(idle, a_job_from_outside_is_run_while_both_workers_go_to_sleep) {
  expect_holds(within(2, 0), [] {
    pool workers(quiet(2));
    awaited_job one;
    workers.schedule(one);
    one.wait();
    workers.stop();
  });
}

TEST_P(idle, jobs_of_two_producers_are_run) {
  expect_holds(within(2, 0), [] {
    pool workers(quiet(1));
    awaited_job one, two;
    together([&] { workers.schedule(one); },
             [&] {
               workers.schedule(two);
               two.wait();
             });
    one.wait();
    workers.stop();
  });
}

TEST_P(idle, a_list_of_jobs_from_outside_is_run) {
  expect_holds(within(2, 1), [] {
    pool workers(quiet(1));
    awaited_job one, two;
    silk::scheduler::job_list both;
    both.push_back(one);
    both.push_back(two);
    workers.schedule(both);
    one.wait();
    two.wait();
    workers.stop();
  });
}

// ---- work from a worker that then is busy: another one must come for it ----

// Publishes another job in some way and keeps its worker until that one has run.
struct blocking_job : job {
  using publisher = void (*)(pool&, job&);
  blocking_job(pool& of, publisher how, awaited_job& what) noexcept
      : workers(of), publish(how), other(what) {
    run = [](job& self) noexcept {
      auto& it = static_cast<blocking_job&>(self);
      it.publish(it.workers, it.other);
      it.other.wait();
    };
  }
  pool& workers;
  publisher publish;
  awaited_job& other;
};

void blocked_worker(blocking_job::publisher publish) {
  pool workers(quiet(2));
  awaited_job other;
  blocking_job first(workers, publish, other);
  workers.schedule(first);
  other.wait();
  workers.stop();
}

TEST_P(idle, a_job_behind_a_blocked_worker_is_run_by_the_other_one) {
  expect_holds(within(2, 0),
               [] { blocked_worker([](pool& workers, job& other) { workers.schedule(other); }); });
}

TEST_P(idle, a_job_in_front_of_a_blocked_worker_is_run_by_the_other_one) {
  expect_holds(within(2, 0), [] {
    blocked_worker([](pool& workers, job& other) { workers.schedule_first(other); });
  });
}

TEST_P(idle, a_fork_of_a_blocked_worker_is_stolen) {
  expect_holds(within(2, 0), [] {
    blocked_worker([](pool&, job& other) {
      silk::scheduler::worker& here = *silk::scheduler::current_worker();
      here.forks().push(other);
      here.notify_forked();
    });
  });
}

// ---- the end ----

TEST_P(idle, a_pool_that_is_stopped_at_once_ends) {
  expect_holds(within(2, 1), [] { pool workers(quiet(1)); });
}

TEST_P(idle, two_workers_that_are_stopped_at_once_end) {
  expect_holds(within(2, 0), [] { pool workers(quiet(2)); });
}

// The jobs that were scheduled before stop() are run, whoever is on the way to sleep.
TEST_P(idle, a_pool_that_is_stopped_leaves_no_job_behind) {
  expect_holds(within(2, 1), [] {
    awaited_job one, two;
    {
      pool workers(quiet(1));
      workers.schedule(one);
      workers.schedule(two);
    }
    check(one.runs == 1 && two.runs == 1, "a job was left behind");
  });
}

// The job may be run, and with it the pool come to its end, before schedule() has returned.
TEST_P(idle, a_pool_outlives_whoever_hands_it_its_last_job) {
  expect_holds(within(2, 1), [] {
    awaited_job one;
    auto workers = std::make_unique<pool>(quiet(1));
    together([&, raw = workers.get()] { raw->schedule(one); },
             [&] {
               one.wait();
               workers.reset();
             });
  });
}

TEST_P(idle, many_schedules_at_random) {
  expect_holds(at_random(2'000),
               [] { blocked_worker([](pool& workers, job& other) { workers.schedule(other); }); });
  expect_holds(at_random(2'000), [] {
    pool workers(quiet(2));
    awaited_job one, two, three;
    together([&] { workers.schedule(one); }, [&] { workers.schedule(two); },
             [&] {
               workers.schedule(three);
               three.wait();
             });
    one.wait();
    two.wait();
    workers.stop();
  });
}

SILK_MODEL_WITH_BOTH_FENCES(idle);

}  // namespace
