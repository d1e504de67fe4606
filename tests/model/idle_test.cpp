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

TEST_P(idle, a_job_from_outside_wakes_one_of_two_sleepers) {
  expect_holds(within(2, 0), [] {
    awaited_job one;
    resting_pool workers(quiet(2));
    workers->schedule(one);
    one.wait();
  });
}

TEST_P(idle, a_job_from_outside_is_run_while_the_second_worker_goes_to_sleep) {
  expect_holds(within(2, 0), [] {
    awaited_job one;
    gate_job busy;
    resting_pool workers(quiet(2), {&busy});
    busy.open();
    workers->schedule(one);
    one.wait();
  });
}

TEST_P(idle, a_job_from_outside_is_run_while_both_workers_go_to_sleep) {
  expect_holds(within(2, 0), [] {
    awaited_job one;
    gate_job busy, busy_too;
    resting_pool workers(quiet(2), {&busy, &busy_too});
    busy.open();
    busy_too.open();
    workers->schedule(one);
    one.wait();
  });
}

TEST_P(idle, a_worker_that_went_to_sleep_again_is_woken_again) {
  expect_holds(within(2, 0), [] {
    pool workers(quiet(1));
    awaited_job one, two;
    while (workers.stats().parks < 1) sync::give_way();
    workers.schedule(one);
    one.wait();
    while (workers.stats().parks < 2) sync::give_way();
    workers.schedule(two);
    two.wait();
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

// Publishes another job in some way, once it is let go, and keeps its worker until that one has run.
struct blocking_job : gate_job {
  using publisher = void (*)(pool&, job&);
  blocking_job(publisher how, awaited_job& what) noexcept : publish(how), other(what) {
    run = [](job& self) noexcept {
      auto& it = static_cast<blocking_job&>(self);
      it.pass();
      it.publish(silk::scheduler::current_worker()->owner(), it.other);
      it.other.wait();
    };
  }
  publisher publish;
  awaited_job& other;
};

void publish_behind(pool& workers, job& other) { workers.schedule(other); }
void publish_in_front(pool& workers, job& other) { workers.schedule_first(other); }
void fork(pool&, job& other) {
  silk::scheduler::worker& here = *silk::scheduler::current_worker();
  here.forks().push(other);
  here.notify_forked();
}

// The other worker is asleep.
void blocked_beside_a_sleeper(blocking_job::publisher publish) {
  awaited_job other;
  blocking_job first(publish, other);
  resting_pool workers(quiet(2), {&first});
  first.open();
  other.wait();
}

// The other worker goes to sleep.
void blocked_beside_a_tired_one(blocking_job::publisher publish) {
  awaited_job other;
  gate_job busy;
  blocking_job first(publish, other);
  resting_pool workers(quiet(2), {&busy, &first});
  busy.open();
  first.open();
  other.wait();
}

TEST_P(idle, a_job_behind_a_blocked_worker_is_run_by_the_other_one) {
  expect_holds(within(2, 0), [] { blocked_beside_a_sleeper(publish_behind); });
  expect_holds(within(2, 0), [] { blocked_beside_a_tired_one(publish_behind); });
}

TEST_P(idle, a_job_in_front_of_a_blocked_worker_is_run_by_the_other_one) {
  expect_holds(within(2, 0), [] { blocked_beside_a_sleeper(publish_in_front); });
  expect_holds(within(2, 0), [] { blocked_beside_a_tired_one(publish_in_front); });
}

TEST_P(idle, a_fork_of_a_blocked_worker_is_stolen) {
  expect_holds(within(2, 0), [] { blocked_beside_a_sleeper(fork); });
  expect_holds(within(2, 0), [] { blocked_beside_a_tired_one(fork); });
}

// Keeps its worker until all of them have come.
struct meeting_job : job {
  explicit meeting_job(sync::atomic<std::uint32_t>& count) noexcept : arrived(count) {
    run = [](job& self) noexcept {
      auto& it = static_cast<meeting_job&>(self);
      it.arrived.fetch_add(1, sync::memory_order_acq_rel);
      sync::futex_wake(it.arrived, 2);
      wait_for_two(it.arrived);
    };
  }
  static void wait_for_two(sync::atomic<std::uint32_t>& count) noexcept {
    for (;;) {
      const std::uint32_t seen = count.load(sync::memory_order_acquire);
      if (seen == 2) return;
      sync::futex_wait(count, seen);
    }
  }
  sync::atomic<std::uint32_t>& arrived;
};

// Whoever comes for the first one has been woken for both, and wakes somebody for the second.
TEST_P(idle, two_jobs_handed_over_together_run_at_the_same_time) {
  expect_holds(within(2, 0), [] {
    sync::atomic<std::uint32_t> arrived{0};
    meeting_job one(arrived), two(arrived);
    silk::scheduler::job_list both;
    both.push_back(one);
    both.push_back(two);
    resting_pool workers(quiet(2));
    workers->schedule(both);
    meeting_job::wait_for_two(arrived);
  });
}

// Whoever publishes the second job sees that somebody searches, who then takes the first one.
TEST_P(idle, a_searcher_that_finds_a_job_passes_the_wake_on) {
  const auto body = [] {
    awaited_job other;
    blocking_job first([](pool&, job&) {}, other);
    first.open();
    resting_pool workers(quiet(2));
    workers->schedule(first);
    workers->schedule(other);
    other.wait();
  };
  expect_holds(within(1, 1), body);  // without its fence it sees an old value
  expect_holds(within(2, 0), body);
}

// ---- the end ----

TEST_P(idle, a_pool_that_is_stopped_at_once_ends) {
  expect_holds(within(2, 1), [] { pool workers(quiet(1)); });
}

TEST_P(idle, two_sleepers_that_are_stopped_end) {
  expect_holds(within(2, 0), [] {
    resting_pool workers(quiet(2));
    workers->stop();
  });
}

TEST_P(idle, a_pool_is_stopped_while_the_second_worker_goes_to_sleep) {
  expect_holds(within(2, 0), [] {
    gate_job busy;
    resting_pool workers(quiet(2), {&busy});
    busy.open();
    workers->stop();
  });
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
  expect_holds(at_random(2'000), [] {
    pool workers(quiet(2));
    awaited_job other;
    blocking_job first(publish_behind, other);
    first.open();
    workers.schedule(first);
    other.wait();
    workers.stop();
  });
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
