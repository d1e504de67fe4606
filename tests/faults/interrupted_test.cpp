// Signals interrupt whatever sleeps: system calls come back with EINTR, and nobody wakes too early or not at
// all. The workers of a runtime have signals blocked; threads that wait for one, or drive one, have not.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <string>
#include <support/programs.hpp>
#include <thread>

namespace {

using namespace silk_tests;
using std::chrono::steady_clock;

std::atomic<int> interruptions{0};

// While alive, the thread that made it is interrupted again and again.
class storm_of_signals {
 public:
  storm_of_signals() {
    struct sigaction counts{};
    counts.sa_handler = [](int) { ++interruptions; };
    ::sigaction(SIGUSR1, &counts, &before_);  // no SA_RESTART
    interruptions = 0;
    thread_ = std::thread([this, target = ::pthread_self()] {
      while (!over_) {
        ::pthread_kill(target, SIGUSR1);
        std::this_thread::yield();
      }
    });
  }
  ~storm_of_signals() {
    over_ = true;
    thread_.join();
    ::sigaction(SIGUSR1, &before_, nullptr);
    EXPECT_GT(interruptions, 0);
  }
  storm_of_signals(const storm_of_signals&) = delete;
  storm_of_signals& operator=(const storm_of_signals&) = delete;

 private:
  struct sigaction before_{};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

silk::task<int> sleeps_well() {
  const auto before = steady_clock::now();
  for (int i = 1; i <= 5; ++i) co_await silk::sleep(std::chrono::milliseconds(i));
  EXPECT_GE(steady_clock::now() - before, 15ms);
  co_return 42;
}

TEST(interrupted, who_drives_a_runtime_sleeps_until_its_timers_are_due) {
  silk::manual_runtime runtime;
  const storm_of_signals storm;
  EXPECT_EQ(runtime.block_on(sleeps_well), 42);
}

TEST(interrupted, who_waits_for_a_task_waits_until_it_is_done) {
  silk::runtime runtime({.workers = 2});
  const storm_of_signals storm;
  EXPECT_EQ(runtime.block_on(sleeps_well), 42);
}

TEST(interrupted, shutdown_waits_for_the_last_task) {
  std::atomic<bool> has_begun = false, ended = false;
  silk::runtime runtime({.workers = 2});
  const auto last = runtime.spawn([&]() -> silk::task<> {
    has_begun = true;
    const std::string end = co_await ending(never_ends());
    EXPECT_TRUE(end.starts_with("cancelled"));
    co_await silk::sleep(5ms);
    ended = true;
  });
  while (!has_begun) std::this_thread::yield();
  const storm_of_signals storm;
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(last.done());
  EXPECT_TRUE(ended);
}

TEST(interrupted, a_shutdown_with_a_limit_is_not_over_before_it) {
  std::atomic<bool> has_begun = false, may_end = false;
  silk::runtime runtime({.workers = 2});
  runtime.spawn([&]() -> silk::task<> {
    has_begun = true;
    while (!may_end)
      std::this_thread::yield();  // blocks its worker, so that the runtime cannot end
    co_return;
  });
  while (!has_begun) std::this_thread::yield();
  const auto before = steady_clock::now();
  {
    const storm_of_signals storm;
    EXPECT_FALSE(runtime.shutdown(5ms));
  }
  EXPECT_GE(steady_clock::now() - before, 5ms);
  may_end = true;
}

}  // namespace
