// pool::give_back, and when a pool plans it. That it happens by itself is for tests/stress/memory_test.cpp: real time
// has to pass.
#include "../../scheduler/idle_trim.hpp"

#include "../../scheduler/pool.hpp"
#include "pool_jobs.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

namespace {

using silk::scheduler::frame_memory_now;
using silk::scheduler::idle_trim;
using silk::scheduler::pool;
using silk::test::function_job;
using silk::test::this_worker;

TEST(idle_trim, is_worth_it_when_much_is_free_and_some_of_it_is_new) {
  pool engine({.workers = 1});
  const idle_trim rule(engine, idle_trim::wanted::yes);
  const std::size_t much = idle_trim::least_free;
  EXPECT_FALSE(rule.is_worth_it({.given = 0, .taken = 0}));
  EXPECT_FALSE(rule.is_worth_it({.given = much - 1, .taken = 0}));
  EXPECT_FALSE(rule.is_worth_it({.given = 10 * much, .taken = 9 * much + 1}));
  EXPECT_TRUE(rule.is_worth_it({.given = 10 * much, .taken = 9 * much}));
}

// What is made for the jobs lives until the pool has ended.
class pool_memory : public testing::Test {
 protected:
  static constexpr std::size_t workers = 4;

  std::latch& new_latch(std::size_t count) {
    return latches_.emplace_back(static_cast<std::ptrdiff_t>(count));
  }
  function_job& new_job(std::function<void()> body) { return jobs_.emplace_back(std::move(body)); }

  // All workers have frames, and free them: each keeps up to two magazines in its cache.
  void use_frames() {
    std::latch& met = new_latch(workers);
    std::latch& ended = new_latch(workers);
    for (std::size_t i = 0; i < workers; ++i) {
      engine.schedule(new_job([&] {
        std::vector<void*> frames(1'000);
        for (void*& frame : frames) frame = silk::scheduler::allocate_frame(144);
        met.arrive_and_wait();  // each worker has one of these jobs
        for (void* frame : frames) silk::scheduler::deallocate_frame(frame, 144);
        ended.count_down();
      }));
    }
    ended.wait();
  }

  bool try_to_give_back() {
    std::latch& ended = new_latch(1);
    bool& gave = results_.emplace_back();
    engine.schedule(new_job([&] {
      gave = engine.give_back();
      ended.count_down();
    }));
    ended.wait();
    return gave;
  }
  // Sooner or later the others are asleep.
  void give_back() {
    while (!try_to_give_back()) std::this_thread::yield();
  }

  // Each worker is woken for one of them.
  void fork_for_all() {
    std::latch& met = new_latch(workers);
    std::latch& ended = new_latch(workers);
    engine.schedule(new_job([&] {
      for (std::size_t i = 0; i < workers; ++i) {
        this_worker().forks().push(new_job([&] {
          met.arrive_and_wait();
          ended.count_down();
        }));
        this_worker().notify_forked();
      }
    }));
    ended.wait();
  }

 private:
  std::deque<std::latch> latches_;
  std::deque<function_job> jobs_;
  std::deque<bool> results_;

 protected:
  pool engine{{.workers = workers}};
};

TEST_F(pool_memory, the_caches_of_all_workers_are_emptied) {
  if (!silk::scheduler::detail::is_pooled(144)) GTEST_SKIP() << "frames come from operator new";
  silk::scheduler::trim_frames();
  use_frames();
  give_back();
  EXPECT_EQ(frame_memory_now().mapped_bytes, 0u);
}

// The last one, so that all the others have been claimed when it is found at work.
TEST_F(pool_memory, those_who_sleep_are_let_go_when_another_worker_works) {
  std::latch& met = new_latch(workers);
  std::latch& over = new_latch(1);
  for (std::size_t i = 0; i < workers; ++i) {
    engine.schedule(new_job([&] {
      met.arrive_and_wait();  // each worker has one of these jobs
      if (this_worker().index() == workers - 1) over.wait();
    }));
  }
  met.wait();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(try_to_give_back());
  over.count_down();
  fork_for_all();
}

TEST_F(pool_memory, all_work_on_when_they_have_given_theirs_back) {
  for (int round = 0; round < 50; ++round) {
    fork_for_all();
    give_back();
  }
}

}  // namespace
