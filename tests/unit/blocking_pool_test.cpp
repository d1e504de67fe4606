// Which thread runs a job, and when. Refused threads and the end: blocking_pool_end_test.cpp.
#include "../../scheduler/blocking_pool.hpp"

#include "blocking_pool_fixture.hpp"

#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <latch>
#include <memory>
#include <stdexcept>
#include <vector>

namespace silk::scheduler {
namespace {

TEST_F(blocking_pool_test, no_thread_starts_before_the_first_job) {
  blocking_pool pool(at_most(4));
  EXPECT_EQ(pool.now().threads, 0u);
  EXPECT_EQ(threads_started, 0);
}

TEST_F(blocking_pool_test, refuses_to_have_no_threads) {
  EXPECT_THROW(blocking_pool pool(at_most(0)), std::invalid_argument);
}

TEST_F(blocking_pool_test, runs_a_job_on_a_thread_of_its_own) {
  pthread_t runner{};
  std::latch done{1};
  call item([&] {
    runner = ::pthread_self();
    done.count_down();
  });
  blocking_pool pool(at_most(4));
  submit(pool, item);
  done.wait();
  EXPECT_FALSE(::pthread_equal(runner, ::pthread_self()));
}

TEST_F(blocking_pool_test, its_threads_have_a_name_and_leave_signals_to_others) {
  char name[16] = {};
  sigset_t mask, before, after;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  call item([&] {
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  });
  blocking_pool pool;
  submit(pool, item);
  pool.stop();
  EXPECT_STREQ(name, "silk-blocking");
  for (int blocked : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM}) {
    EXPECT_EQ(::sigismember(&mask, blocked), 1);
  }
  EXPECT_EQ(::sigismember(&mask, SIGSEGV), 0);
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int any = 1; any < SIGRTMAX; ++any) {
    EXPECT_EQ(::sigismember(&after, any), ::sigismember(&before, any)) << "of the submitter";
  }
}

TEST_F(blocking_pool_test, starts_jobs_in_order_of_arrival) {
  std::vector<int> order;
  std::vector<std::unique_ptr<call>> items;
  items.reserve(100);
  for (int i = 0; i < 100; ++i) {
    items.push_back(std::make_unique<call>([&order, i] { order.push_back(i); }));
  }
  blocking_pool pool(at_most(1));
  for (auto& item : items) submit(pool, *item);
  pool.stop();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(blocking_pool_test, an_idle_thread_takes_the_next_job) {
  blocking_pool pool(at_most(4));
  for (int i = 0; i < 10; ++i) {
    call item([] {});
    submit(pool, item);
    wait_until([&] { return pool.now().idle == 1; });
  }
  EXPECT_EQ(threads_started, 1);
}

TEST_F(blocking_pool_test, a_burst_gets_a_thread_for_each_job) {
  constexpr int jobs = 8;
  blocking_pool pool(at_most(jobs));
  for (int burst = 0; burst < 50; ++burst) {
    std::latch all_running{jobs};  // reached only if all run at the same time
    std::vector<std::unique_ptr<call>> items;
    for (int i = 0; i < jobs; ++i) {
      items.push_back(std::make_unique<call>([&] { all_running.arrive_and_wait(); }));
      submit(pool, *items.back());
    }
    wait_until([&] { return pool.now().idle == jobs; });
  }
  EXPECT_EQ(threads_started, jobs);
}

TEST_F(blocking_pool_test, at_the_limit_jobs_wait_for_a_thread) {
  roadblock first, second;
  std::latch third_ran{1};
  call third([&] { third_ran.count_down(); });
  blocking_pool pool(at_most(2));
  submit(pool, first.item());
  submit(pool, second.item());
  first.wait_until_busy();
  second.wait_until_busy();
  submit(pool, third);
  EXPECT_EQ(pool.now().waiting_jobs, 1u);
  EXPECT_EQ(threads_started, 2);
  second.release();
  third_ran.wait();
  first.release();
  pool.stop();
}

TEST_F(blocking_pool_test, the_thread_that_went_idle_last_is_called_first) {
  blocking_pool pool(at_most(2));
  roadblock early, late;
  pthread_t ran_on{};
  call remember([&] { ran_on = ::pthread_self(); });
  submit(pool, early.item());
  early.wait_until_busy();
  submit(pool, late.item());
  late.wait_until_busy();
  submit(pool, remember);
  early.release();
  wait_until([&] { return pool.now().idle == 1; });
  const pthread_t early_thread = ran_on;
  late.release();
  wait_until([&] { return pool.now().idle == 2; });
  for (int i = 0; i < 20; ++i) {
    submit(pool, remember);
    wait_until([&] { return pool.now().idle == 2; });
    EXPECT_FALSE(::pthread_equal(ran_on, early_thread));
  }
}

TEST_F(blocking_pool_test, idle_threads_leave_and_new_ones_come) {
  blocking_pool pool(impatient(4));
  for (int i = 1; i <= 20; ++i) {
    call item([] {});
    submit(pool, item);
    wait_until([&] { return pool.now().threads == 0; });
    EXPECT_EQ(threads_started, i);
  }
}

TEST_F(blocking_pool_test, a_keep_alive_without_end_does_not_overflow) {
  blocking_pool pool({.keep_alive = std::chrono::nanoseconds::max()});
  call item([] {});
  submit(pool, item);
  wait_until([&] { return pool.now().idle == 1; });
}

TEST_F(blocking_pool_test, a_withdrawn_job_never_runs_and_the_others_keep_their_order) {
  std::vector<int> order;
  roadblock busy;
  call first([&] { order.push_back(1); });
  call second([&] { order.push_back(2); });
  call third([&] { order.push_back(3); });
  blocking_pool pool(at_most(1));
  submit(pool, busy.item());
  submit(pool, first);
  submit(pool, second);
  submit(pool, third);
  EXPECT_TRUE(pool.withdraw(second));
  EXPECT_FALSE(pool.withdraw(second));
  busy.release();
  pool.stop();
  EXPECT_EQ(order, (std::vector<int>{1, 3}));
}

TEST_F(blocking_pool_test, a_running_job_cannot_be_withdrawn) {
  roadblock busy;
  blocking_pool pool(at_most(1));
  submit(pool, busy.item());
  busy.wait_until_busy();
  EXPECT_FALSE(pool.withdraw(busy.item()));
  busy.release();
}

TEST_F(blocking_pool_test, a_job_may_be_gone_after_its_run) {
  struct suicidal : withdrawable_job {
    suicidal() {
      run = [](job& self) noexcept { delete static_cast<suicidal*>(&self); };
    }
  };
  blocking_pool pool(at_most(2));
  for (int i = 0; i < 100; ++i) submit(pool, *new suicidal);
  pool.stop();
}

TEST_F(blocking_pool_test, a_job_may_submit_another) {
  std::latch done{1};
  call inner([&] { done.count_down(); });
  blocking_pool pool(at_most(1));
  call outer([&] { submit(pool, inner); });
  submit(pool, outer);
  done.wait();
}

}  // namespace
}  // namespace silk::scheduler
