// Shared by the tests of blocking_pool.
#pragma once

#include "../../scheduler/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <sched.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <latch>
#include <system_error>
#include <utility>

namespace silk::scheduler {

// A job made of a function. It must outlive its run.
struct call : withdrawable_job {
  explicit call(std::function<void()> what) : body(std::move(what)) {
    run = [](job& self) noexcept { static_cast<call&>(self).body(); };
  }
  std::function<void()> body;
};

// The factory handed to the pools under test: counts, and refuses when told to.
inline sync::atomic<int> threads_started{0};
inline sync::atomic<bool> refuses{false};

inline sync::thread counting_start(const std::string& name, std::function<void()> body) {
  if (refuses) throw std::system_error(EAGAIN, std::generic_category(), "refused by the test");
  ++threads_started;
  return start_thread(name, std::move(body));
}

class blocking_pool_test : public ::testing::Test {
 protected:
  blocking_pool_test() {
    threads_started = 0;
    refuses = false;
  }

  static blocking_options at_most(unsigned threads) {
    return {.max_threads = threads, .start_thread = &counting_start};
  }
  static blocking_options impatient(unsigned threads) {
    return {.max_threads = threads,
            .keep_alive = std::chrono::nanoseconds(0),
            .start_thread = &counting_start};
  }

  static void submit(blocking_pool& pool, withdrawable_job& item) {
    ASSERT_EQ(pool.submit(item), submit_status::accepted);
  }
  template <class Condition>
  static void wait_until(Condition holds) {
    while (!holds()) ::sched_yield();
  }
};

// Occupies a thread from `wait_until_busy` until `release`.
class roadblock {
 public:
  withdrawable_job& item() { return call_; }
  void wait_until_busy() { busy_.wait(); }
  void release() { released_.count_down(); }

 private:
  std::latch busy_{1}, released_{1};
  call call_{[this] {
    busy_.count_down();
    released_.wait();
  }};
};

}  // namespace silk::scheduler
