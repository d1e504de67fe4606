// The engine alone. I1 and I9 by rendezvous: as many jobs as there are workers, each of which blocks its
// worker until all of them run. They all end if, and only if, no job is ever left behind a sleeper.
#include "../unit/pool_jobs.hpp"
#include "liveness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::job_list;
using silk::scheduler::pool;
using silk::test::function_job;
using silk::test::function_timer;
using silk::test::this_worker;
using silk_stress::dice;
using silk_stress::life;
using silk_stress::liveness_oracle;

void pause(dice& random) {
  switch (random.below(5)) {
    case 0:
      return std::this_thread::sleep_for(std::chrono::microseconds(random.below(100)));
    case 1:
      return std::this_thread::yield();
    default:
      for (unsigned i = random.below(500); i > 0; --i) silk::scheduler::sync::cpu_relax();
  }
}

// Blocks each of its jobs until all have started.
class rendezvous {
 public:
  explicit rendezvous(unsigned size) : met_(size), left_(size) {
    for (unsigned i = 0; i < size; ++i) {
      jobs_.push_back(std::make_unique<function_timer>([this] {
        const life here;
        met_.arrive_and_wait();
        left_.count_down();
      }));
    }
  }
  ~rendezvous() { left_.wait(); }
  rendezvous(const rendezvous&) = delete;
  rendezvous& operator=(const rendezvous&) = delete;

  std::size_t size() const { return jobs_.size(); }
  function_timer& operator[](std::size_t i) { return *jobs_[i]; }
  job_list list() {
    job_list all;
    for (const auto& each : jobs_) all.push_back(*each);
    return all;
  }

 private:
  std::latch met_, left_;
  std::vector<std::unique_ptr<function_timer>> jobs_;
};

class pool_stress : public silk_stress::at_any_size {};
SILK_STRESS_AT_ANY_SIZE(pool_stress);

TEST_P(pool_stress, jobs_from_outside_find_every_idle_worker) {
  pool engine({.workers = workers()});
  while (time.running()) {
    rendezvous all(workers());
    if (random.one_in(3)) {
      engine.schedule(all.list());
      continue;
    }
    const bool with_pauses = random.one_in(2);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (with_pauses) pause(random);
      engine.schedule(all[i]);
    }
  }
}

// One worker is busy with short jobs and comes across the injected ones now and then; it must not keep
// them to itself.
TEST_P(pool_stress, jobs_from_outside_do_not_wait_behind_a_busy_worker) {
  pool engine({.workers = workers()});
  std::atomic<bool> over{false};
  std::latch ended{1};
  function_job busy([&] {
    if (over) return ended.count_down();
    this_worker().push_instead_of_me(busy);
  });
  engine.schedule(busy);
  while (time.running()) {
    rendezvous all(workers());
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (random.one_in(4)) pause(random);
      engine.schedule(all[i]);
    }
  }
  over = true;
  ended.wait();
}

TEST_P(pool_stress, jobs_from_a_worker_find_every_idle_worker) {
  pool engine({.workers = workers()});
  while (time.running()) {
    rendezvous all(workers());
    std::latch started{1};
    function_job starter([&] {
      const unsigned how = random.below(4);
      for (std::size_t i = 0; i < all.size() && how != 3; ++i) {
        if (random.one_in(8)) pause(random);
        if (how == 0) {
          this_worker().push(all[i]);
        } else if (how == 1) {
          this_worker().push_first(all[i]);
        } else {
          this_worker().forks().push(all[i]);
          this_worker().notify_forked();
        }
      }
      if (how == 3) this_worker().push(all.list());
      started.count_down();
    });
    engine.schedule(starter);
    started.wait();
    if (random.one_in(4)) pause(random);
  }
}

TEST_P(pool_stress, timers_find_every_idle_worker) {
  pool engine({.workers = workers()});
  while (time.running()) {
    rendezvous all(workers());
    const std::uint64_t deadline = engine.time().now() + random.below(100'000);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (random.one_in(8)) pause(random);
      all[i].arm_at(engine, deadline + random.below(2) * random.below(50'000));
    }
  }
}

// I3 and I5: a job arms a timer and ends its turn; other jobs then block all workers but one until the
// timer has fired.
TEST_P(pool_stress, timers_fire_while_all_workers_but_one_are_blocked) {
  if (workers() == 1) return;
  pool engine({.workers = workers()});
  while (time.running()) {
    std::latch fired{1}, unblocked{static_cast<std::ptrdiff_t>(workers()) - 1};
    function_timer timer([&] { fired.count_down(); });
    std::vector<std::unique_ptr<function_job>> blockers;
    for (unsigned i = 1; i < workers(); ++i) {
      blockers.push_back(std::make_unique<function_job>([&] {
        const life here;
        fired.wait();
        unblocked.count_down();
      }));
    }
    const unsigned delay = random.one_in(2) ? random.below(60'000) : 200'000;
    const auto caller = random.one_in(3) ? pool::then::runs_on : pool::then::ends_turn;
    const bool from_inside = random.one_in(3);
    function_job owner([&, inside = random.another()]() mutable {
      if (inside.one_in(4)) pause(inside);
      if (from_inside) {
        for (const auto& each : blockers) this_worker().push_instead_of_me(*each);
      }
      timer.arm_in(engine, delay, caller);
    });
    engine.schedule(owner);
    for (const auto& each : blockers) {
      if (random.one_in(3)) pause(random);
      if (!from_inside) engine.schedule(*each);
    }
    unblocked.wait();
  }
}

// One job at a time from each of several threads: the sleepers come and go all the time.
TEST_P(pool_stress, no_wake_up_is_lost) {
  pool engine({.workers = workers()});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, mine = random.another()]() mutable {
      while (time.running()) {
        const life here;
        std::latch done{1};
        function_timer last([&] { done.count_down(); });
        function_job middle([&] { engine.schedule(last); });
        switch (mine.below(3)) {
          case 0:
            engine.schedule(last);
            break;
          case 1:
            engine.schedule(middle);
            break;
          default:
            last.arm_in(engine, mine.below(3) * mine.below(50'000));
        }
        done.wait();
        if (mine.one_in(2)) pause(mine);
      }
    });
  }
}

// I8: whatever was scheduled or is scheduled by jobs when stop is called runs, exactly once.
TEST_P(pool_stress, stop_at_any_moment_leaves_no_job_behind) {
  while (time.running()) {
    std::atomic<int> left{static_cast<int>(random.below(400)) + 1};
    std::atomic<int> runs{0};
    const int all = left;
    std::vector<std::unique_ptr<function_job>> jobs;
    std::vector<std::unique_ptr<function_timer>> timers;
    {
      pool engine({.workers = workers()});
      for (int i = 0; i < 4; ++i) {
        jobs.push_back(std::make_unique<function_job>([&, i, inside = random.another()]() mutable {
          ++runs;
          liveness_oracle::progress();
          if (--left <= 0) return;
          if (inside.one_in(16)) pause(inside);
          engine.schedule(*jobs[static_cast<std::size_t>(i)]);
        }));
        timers.push_back(std::make_unique<function_timer>([] { liveness_oracle::progress(); }));
      }
      for (const auto& each : jobs) engine.schedule(*each);
      for (const auto& each : timers) each->arm_in(engine, random.below(2'000'000));
      if (random.one_in(2)) pause(random);
      engine.stop();
      while (!engine.take_timers().empty()) {
      }
    }
    EXPECT_LE(left, 0);
    EXPECT_GE(runs, all);
    EXPECT_LE(runs, all + 3);
  }
}

}  // namespace
