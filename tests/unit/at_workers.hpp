// Shared by tests that hold at any number of workers: they run at 1, 2 and 8, in virtual time.
#pragma once

#include "support/programs.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <utility>

#define RUN_AT_1_2_AND_8_WORKERS(suite)                                 \
  INSTANTIATE_TEST_SUITE_P(workers, suite, testing::Values(1u, 2u, 8u), \
                           testing::PrintToStringParamName())

namespace silk_tests {

// A suite derives from it and names itself in RUN_AT_1_2_AND_8_WORKERS.
class at_workers : public testing::TestWithParam<unsigned> {
 protected:
  static unsigned workers() { return GetParam(); }
  static silk::runtime_options virtual_time(unsigned workers = GetParam(),
                                            silk::failure_handler on_failure = {}) {
    return silk_tests::virtual_time(workers, std::move(on_failure));
  }
  template <class F>
  static auto run(F&& program) {
    return silk::run(std::forward<F>(program), virtual_time());
  }
};

// What a failing task throws in a test.
struct boom : std::runtime_error {
  explicit boom(int n = 0) : std::runtime_error("boom"), number(n) {}
  int number;
};

inline silk::task<> nothing() { co_return; }
inline silk::task<> asleep(silk::duration d = 10'000h) { co_await silk::sleep(d); }
inline silk::task<int> answer_after(silk::duration d, int value) {
  co_await silk::sleep(d);
  co_return value;
}
inline silk::task<> fail_after(silk::duration d, int number = 0) {
  co_await silk::sleep(d);
  throw boom(number);
}
inline silk::task<> fail_after(silk::duration d, std::string why) {
  co_await silk::sleep(d);
  throw std::runtime_error(why);
}
inline silk::task<> at_most(silk::duration d, silk::task<> body) {
  co_await silk::with_timeout(d, std::move(body));
}

template <class T>
silk::task<> end_of(silk::join_handle<T> handle) {
  co_await handle;
}

// Sleeps; counts that it was cancelled.
inline silk::task<> counts_its_end(std::atomic<int>& ended) {
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    ++ended;
    throw;
  }
}

inline void forks_nothing() {
  silk::fork_join([] {}, [] {});
}

// Sleeps; when it is cancelled it notes why.
inline silk::task<> keeps_the_reason(std::string& reason) {
  try {
    co_await asleep();
  } catch (const silk::cancelled& stopped) {
    reason = stopped.reason();
    throw;
  }
}

// Sleeps; when it is cancelled it takes a while to clean up, then sets `cleaned`.
inline silk::task<> cleans_up_for(silk::duration d, bool& cleaned) {
  bool stopped = false;
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) {
    co_await silk::sleep(d);
    cleaned = true;
    throw silk::cancelled("cleaned up");
  }
}

}  // namespace silk_tests
