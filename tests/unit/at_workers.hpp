// Shared by tests that hold at any number of workers: they run at 1, 2 and 8, in virtual time.
#pragma once

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#define RUN_AT_1_2_AND_8_WORKERS(suite)                                 \
  INSTANTIATE_TEST_SUITE_P(workers, suite, testing::Values(1u, 2u, 8u), \
                           testing::PrintToStringParamName())

namespace silk_tests {

using namespace std::chrono_literals;

// A suite derives from it and names itself in RUN_AT_1_2_AND_8_WORKERS.
class at_workers : public testing::TestWithParam<unsigned> {
 protected:
  static silk::runtime_options virtual_time() {
    return {.workers = GetParam(), .time = silk::time_source::virtual_time};
  }
  template <class F>
  static auto run(F&& program) {
    return silk::run(std::forward<F>(program), virtual_time());
  }
};

// How an await came to its end.
enum class came { value, timeout, cancelled, group, usage, error };

inline silk::task<came> how_it_ends(silk::task<> body) {
  try {
    co_await std::move(body);
  } catch (const silk::timeout_error&) {
    co_return came::timeout;
  } catch (const silk::cancelled&) {
    co_return came::cancelled;
  } catch (const silk::exception_group&) {
    co_return came::group;
  } catch (const silk::usage_error&) {
    co_return came::usage;
  } catch (...) {
    co_return came::error;
  }
  co_return came::value;
}

// What a failing task throws in a test.
struct boom : std::runtime_error {
  explicit boom(int n = 0) : std::runtime_error("boom"), number(n) {}
  int number;
};

inline silk::task<> asleep(silk::duration d = 10'000h) { co_await silk::sleep(d); }
// Ends only when it is cancelled. Virtual time may pass while nothing else waits.
inline silk::task<> never_ends() {
  silk::promise<> kept;
  co_await kept.get_future();
}
inline silk::task<int> answer_after(silk::duration d, int value) {
  co_await silk::sleep(d);
  co_return value;
}
inline silk::task<> fail_after(silk::duration d, int number = 0) {
  co_await silk::sleep(d);
  throw boom(number);
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

// The workers fall asleep and are woken again, many times. If a timer is armed, virtual time reaches it.
inline void let_time_pass_if_it_can(silk::runtime& runtime) {
  for (int i = 0; i < 200; ++i) {
    runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  }
}

}  // namespace silk_tests
