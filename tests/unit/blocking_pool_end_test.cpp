// When the system refuses threads, and how a pool ends.
#include "../../scheduler/blocking_pool.hpp"
#include "blocking_pool_fixture.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <system_error>
#include <vector>

namespace silk::scheduler {
namespace {

using blocking_pool_end_test = blocking_pool_test;

TEST_F(blocking_pool_end_test, a_job_without_any_thread_to_run_it_is_an_error_and_is_not_queued) {
  sync::atomic<int> runs{0};
  call item([&] { ++runs; });
  blocking_pool pool(at_most(4));
  refuses = true;
  EXPECT_THROW(static_cast<void>(pool.submit(item)), std::system_error);
  EXPECT_EQ(pool.now().waiting_jobs, 0u);
  EXPECT_EQ(pool.now().threads, 0u);
  EXPECT_FALSE(pool.withdraw(item));

  refuses = false;
  submit(pool, item);
  pool.stop();
  EXPECT_EQ(runs, 1);
}

TEST_F(blocking_pool_end_test, a_job_whose_thread_was_refused_waits_for_another) {
  roadblock busy;
  sync::atomic<int> runs{0};
  call item([&] { ++runs; });
  blocking_pool pool(at_most(4));
  submit(pool, busy.item());
  busy.wait_until_busy();
  refuses = true;
  submit(pool, item);
  EXPECT_EQ(pool.now().waiting_jobs, 1u);
  busy.release();
  wait_until([&] { return runs == 1; });
  EXPECT_EQ(threads_started, 1);
}

TEST_F(blocking_pool_end_test, the_next_job_asks_again_after_a_refusal) {
  roadblock busy;
  std::latch both_ran{2};
  call first([&] { both_ran.count_down(); }), second([&] { both_ran.count_down(); });
  blocking_pool pool(at_most(4));
  submit(pool, busy.item());
  busy.wait_until_busy();
  refuses = true;
  submit(pool, first);
  refuses = false;
  submit(pool, second);
  both_ran.wait();
  EXPECT_EQ(threads_started, 2);
  busy.release();
}

TEST_F(blocking_pool_end_test, stop_runs_what_is_queued_and_takes_nothing_more) {
  sync::atomic<int> runs{0};
  roadblock busy;
  call item([&] { ++runs; }), refused([&] { ++runs; });
  blocking_pool pool(at_most(1));
  submit(pool, busy.item());
  busy.wait_until_busy();
  submit(pool, item);
  sync::thread stopper([&] { pool.stop(); });
  // A job submitted and withdrawn again leaves no trace, so asking changes nothing.
  wait_until([&] {
    if (pool.submit(refused) == submit_status::stopped) return true;
    EXPECT_TRUE(pool.withdraw(refused));
    return false;
  });
  EXPECT_EQ(runs, 0);
  busy.release();
  stopper.join();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(pool.now().threads, 0u);
}

TEST_F(blocking_pool_end_test, stop_does_not_wait_for_keep_alive) {
  blocking_options options = at_most(2);
  options.keep_alive = std::chrono::hours(1);
  blocking_pool pool(options);
  std::latch both{2};
  call one([&] { both.arrive_and_wait(); }), other([&] { both.arrive_and_wait(); });
  submit(pool, one);
  submit(pool, other);
  wait_until([&] { return pool.now().idle == 2; });
  pool.stop();
  EXPECT_EQ(pool.now().threads, 0u);
}

TEST_F(blocking_pool_end_test, stop_may_be_called_again_and_by_several_threads) {
  blocking_pool unused(at_most(1));
  unused.stop();
  unused.stop();

  roadblock busy;
  blocking_pool pool(at_most(2));
  submit(pool, busy.item());
  sync::atomic<int> returned{0};
  std::vector<sync::thread> stoppers;
  stoppers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    stoppers.emplace_back([&] {
      pool.stop();
      ++returned;
    });
  }
  busy.wait_until_busy();
  EXPECT_EQ(returned, 0);
  busy.release();
  for (sync::thread& each : stoppers) each.join();
  EXPECT_EQ(pool.now().threads, 0u);
}

TEST_F(blocking_pool_end_test, every_job_runs_once_while_threads_come_and_go) {
  constexpr std::size_t submitters = 4, jobs_each = 2'000;
  std::vector<sync::atomic<int>> runs(submitters * jobs_each);
  std::vector<std::unique_ptr<call>> items;
  items.reserve(runs.size());
  for (auto& count : runs) items.push_back(std::make_unique<call>([&count] { ++count; }));
  {
    blocking_pool pool(impatient(3));
    std::vector<sync::thread> threads;
    threads.reserve(submitters);
    for (std::size_t t = 0; t < submitters; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < jobs_each; ++i) {
          withdrawable_job& item = *items[t * jobs_each + i];
          submit(pool, item);
          if (i % 7 == 0 && pool.withdraw(item)) submit(pool, item);
        }
      });
    }
    for (sync::thread& each : threads) each.join();
  }
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST_F(blocking_pool_end_test, a_job_that_stops_its_own_pool_is_told_so) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        blocking_pool pool(at_most(1));
        call item([&] { pool.stop(); });
        submit(pool, item);
        wait_until([] { return false; });
      },
      "a job must not stop");
}

}  // namespace
}  // namespace silk::scheduler
