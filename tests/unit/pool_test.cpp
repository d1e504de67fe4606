// What a pool promises for each job. Fairness: pool_fairness_test.cpp; time: pool_time_test.cpp.
#include "../../scheduler/pool.hpp"

#include "pool_jobs.hpp"

#include <gtest/gtest.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::current_worker;
using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::pool;
using silk::test::function_job;
using silk::test::this_worker;

// Counts its runs; the last of all opens the latch.
struct counted : job {
  std::atomic<int> runs{0};
  std::latch* ended = nullptr;
};

class many_jobs {
 public:
  explicit many_jobs(std::size_t count)
      : all_ended(static_cast<std::ptrdiff_t>(count)),
        jobs(std::make_unique<counted[]>(count)),
        count_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      jobs[i].ended = &all_ended;
      jobs[i].run = [](job& self) noexcept {
        counted& here = static_cast<counted&>(self);
        ++here.runs;
        here.ended->count_down();
      };
    }
  }
  job_list list(std::size_t first, std::size_t end) {
    job_list some;
    for (std::size_t i = first; i < end; ++i) some.push_back(jobs[i]);
    return some;
  }
  void expect_one_run_each() const {
    for (std::size_t i = 0; i < count_; ++i) ASSERT_EQ(jobs[i].runs, 1) << "job " << i;
  }

  std::latch all_ended;
  std::unique_ptr<counted[]> jobs;

 private:
  std::size_t count_;
};

class pool_of : public testing::TestWithParam<unsigned> {
 protected:
  unsigned workers() const { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(workers, pool_of, testing::Values(1u, 2u, 4u, 70u),
                         testing::PrintToStringParamName());

TEST_P(pool_of, runs_each_job_of_foreign_threads_once) {
  constexpr std::size_t threads = 3, each = 2'000;
  many_jobs work(threads * each);
  pool engine({.workers = workers()});
  std::vector<std::jthread> producers;
  for (std::size_t t = 0; t < threads; ++t) {
    producers.emplace_back([&, t] {
      for (std::size_t i = t * each; i < (t + 1) * each;) {
        if (t == 0) {
          engine.schedule(work.jobs[i++]);
        } else if (t == 1) {
          engine.schedule_first(work.jobs[i++]);
        } else {
          engine.schedule(work.list(i, i + 20));
          i += 20;
        }
      }
    });
  }
  work.all_ended.wait();
  producers.clear();
  engine.stop();
  work.expect_one_run_each();
}

// More than the run queue holds, in every way in which a worker makes jobs runnable.
TEST_P(pool_of, runs_each_job_of_a_worker_once) {
  constexpr std::size_t count = 3'000;
  many_jobs work(5 * count);
  pool engine({.workers = workers()});
  function_job producer([&] {
    for (std::size_t i = 0; i < count; ++i) {
      engine.schedule(work.jobs[i]);
      engine.schedule_first(work.jobs[count + i]);
      this_worker().forks().push(work.jobs[2 * count + i]);
      this_worker().notify_forked();
    }
    engine.schedule(work.list(3 * count, 4 * count));
    for (std::size_t i = 4 * count; i < 5 * count; ++i) {
      if (i % 2 == 0) {
        this_worker().push_first_instead_of_me(work.jobs[i]);
      } else {
        this_worker().push_instead_of_me(work.jobs[i]);
      }
    }
  });
  engine.schedule(producer);
  work.all_ended.wait();
  engine.stop();
  work.expect_one_run_each();
}

// I8: stop lets the workers finish what is queued.
TEST_P(pool_of, stop_runs_what_was_scheduled_before) {
  for (int round = 0; round < 200 / static_cast<int>(workers()) + 2; ++round) {
    many_jobs work(50);
    pool engine({.workers = workers()});
    for (std::size_t i = 0; i < 25; ++i) engine.schedule(work.jobs[i]);
    engine.schedule(work.list(25, 50));
    engine.stop();
    work.expect_one_run_each();
  }
}

// The worker has just looked for work in vain when the job is scheduled and the pool is stopped: its
// next look is at the order to stop.
TEST(pool, stop_does_not_overtake_a_job_scheduled_before) {
  for (int round = 0; round < 1'000; ++round) {
    many_jobs work(2);
    pool engine({.workers = 1});
    engine.schedule(work.jobs[0]);
    while (work.jobs[0].runs == 0) {
    }
    engine.schedule(work.jobs[1]);
    engine.stop();
    work.expect_one_run_each();
  }
}

// A foreign thread hands over the last job to a worker that is awake; the job runs and the pool goes
// while that thread is still on its way out of schedule(), about to look for a sleeper to wake.
TEST(pool, outlives_the_call_that_schedules_its_last_job) {
  for (int round = 0; round < 200; ++round) {
    std::latch ran{1};
    function_job last([&] { ran.count_down(); });
    function_job busy([&] {
      if (!ran.try_wait()) this_worker().push_instead_of_me(busy);
    });
    auto engine = std::make_unique<pool>(silk::scheduler::pool_options{.workers = 1});
    engine->schedule(busy);
    std::jthread foreign([&last, where = engine.get()] { where->schedule(last); });
    ran.wait();
    engine.reset();
  }
}

TEST(pool, stop_runs_what_the_last_jobs_schedule) {
  std::atomic<int> depth{0};
  pool engine({.workers = 2});
  function_job chain([&] {
    if (++depth < 1'000) engine.schedule(chain);
  });
  engine.schedule(chain);
  engine.stop();
  EXPECT_EQ(depth, 1'000);
  engine.stop();  // a second time: nothing to do
}

TEST(pool, keeps_the_order_of_jobs_that_one_thread_schedules) {
  constexpr int count = 1'000;
  std::vector<int> order;
  std::vector<std::unique_ptr<function_job>> jobs;
  pool engine({.workers = 1});
  for (int i = 0; i < count; ++i) {
    jobs.push_back(std::make_unique<function_job>([&order, i] { order.push_back(i); }));
  }
  for (const auto& each : jobs) engine.schedule(*each);
  engine.stop();
  EXPECT_EQ(order.size(), std::size_t{count});
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(pool, runs_a_job_that_was_handed_something_before_the_queue) {
  std::vector<int> order;
  pool engine({.workers = 1});
  function_job queued([&] { order.push_back(2); });
  function_job handed([&] { order.push_back(1); });
  function_job starter([&] {
    engine.schedule(queued);
    engine.schedule_first(handed);
  });
  engine.schedule(starter);
  engine.stop();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(pool, runs_forked_jobs_before_all_others_and_the_newest_first) {
  std::vector<int> order;
  pool engine({.workers = 1});
  function_job older([&] { order.push_back(2); });
  function_job newer([&] { order.push_back(1); });
  function_job handed([&] { order.push_back(3); });
  function_job starter([&] {
    engine.schedule_first(handed);
    this_worker().forks().push(older);
    this_worker().forks().push(newer);
  });
  engine.schedule(starter);
  engine.stop();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(pool, counts_its_jobs) {
  many_jobs work(100);
  pool engine({.workers = 2});
  engine.schedule(work.list(0, 100));
  engine.stop();
  EXPECT_EQ(engine.stats().jobs, 100u);
}

TEST(pool, knows_its_own_workers) {
  int tag = 0;
  pool engine({.workers = 2, .embedder = &tag});
  pool other({.workers = 1});
  bool own = false, foreign = true;
  void* embedder = nullptr;
  function_job ask([&] {
    own = engine.is_worker();
    foreign = other.is_worker();
    embedder = this_worker().owner().embedder();
  });
  engine.schedule(ask);
  engine.stop();
  EXPECT_TRUE(own);
  EXPECT_FALSE(foreign);
  EXPECT_EQ(embedder, &tag);
  EXPECT_FALSE(engine.is_worker());
  EXPECT_EQ(current_worker(), nullptr);
}

// A crash reporter, and AddressSanitizer, must hear of a fault in a worker.
TEST(pool, its_threads_have_a_name_and_leave_signals_but_faults_to_others) {
  char name[16] = {};
  sigset_t mask;
  pool engine({.workers = 1});
  function_job look([&] {
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  });
  engine.schedule(look);
  engine.stop();
  EXPECT_STREQ(name, "silk-0");
  for (const int blocked : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM}) {
    EXPECT_EQ(::sigismember(&mask, blocked), 1);
  }
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
    EXPECT_EQ(::sigismember(&mask, fault), 0);
  }
  sigset_t here;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &here);
  EXPECT_EQ(::sigismember(&here, SIGINT), 0);
}

// It begins on one, and may leave it.
TEST(pool, its_threads_may_use_each_processor_that_their_maker_may) {
  cpu_set_t here;
  ASSERT_EQ(::sched_getaffinity(0, sizeof here, &here), 0);
  std::atomic<int> fewer{0};
  const auto look = [&] {
    cpu_set_t there;
    if (::sched_getaffinity(0, sizeof there, &there) != 0 || !CPU_EQUAL(&here, &there)) ++fewer;
  };
  for (int i = 0; i < 3; ++i) {
    pool engine({.workers = 1});
    function_job job(look);
    engine.schedule(job);
    engine.stop();
  }
  EXPECT_EQ(fewer, 0);
}

// ---- one pool inside another ----

TEST(pool, can_be_made_used_and_stopped_by_a_worker_of_another) {
  std::atomic<int> inner_runs{0};
  pool outer({.workers = 2});
  std::vector<std::unique_ptr<function_job>> makers;
  for (int i = 0; i < 8; ++i) {
    makers.push_back(std::make_unique<function_job>([&] {
      pool inner({.workers = 2});
      many_jobs work(100);
      inner.schedule(work.list(0, 50));
      for (std::size_t k = 50; k < 100; ++k) inner.schedule(work.jobs[k]);
      inner.stop();
      for (std::size_t k = 0; k < 100; ++k) inner_runs += work.jobs[k].runs;
    }));
    outer.schedule(*makers.back());
  }
  outer.stop();
  EXPECT_EQ(inner_runs, 800);
}

TEST(pool, exchanges_jobs_with_another_one) {
  constexpr int rounds = 3'000;
  pool left({.workers = 2}), right({.workers = 2});
  std::latch ended{2};
  const auto bounce = [&](std::unique_ptr<function_job>& self, int& count) {
    return [&] {
      if (++count == rounds) return ended.count_down();
      (current_worker()->owner().is_worker() && left.is_worker() ? right : left).schedule(*self);
    };
  };
  std::unique_ptr<function_job> one, two;
  int count_one = 0, count_two = 0;
  one = std::make_unique<function_job>(bounce(one, count_one));
  two = std::make_unique<function_job>(bounce(two, count_two));
  left.schedule(*one);
  right.schedule(*two);
  ended.wait();
  EXPECT_EQ(count_one, rounds);
  EXPECT_EQ(count_two, rounds);
}

// ---- refused ----

TEST(pool, refuses_a_worker_count_out_of_range) {
  EXPECT_THROW(pool({.workers = 0}), std::invalid_argument);
  EXPECT_THROW(pool({.workers = pool::max_workers + 1}), std::invalid_argument);
}

TEST(pool_death, must_not_be_stopped_by_its_own_worker) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        pool engine({.workers = 1});
        function_job suicide([&] { engine.stop(); });
        engine.schedule(suicide);
        engine.stop();
      },
      "stopped from one of its own workers");
}

}  // namespace
