// Tasks that the stress tests are made of.
#pragma once

#include "liveness.hpp"

#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <chrono>
#include <source_location>
#include <stdexcept>
#include <thread>

namespace silk_stress {

using namespace std::chrono_literals;
using std::chrono::microseconds;

struct failure_by_design : std::runtime_error {
  failure_by_design() : std::runtime_error("by design") {}
};

// Failures are part of the game: nobody needs to hear of those that nobody retrieves.
inline silk::runtime_options quiet(unsigned workers,
                                   silk::time_source time = silk::time_source::steady) {
  return {.workers = workers, .time = time, .on_failure = [](const silk::failure&) {}};
}

// On real threads a failure of the test; in a simulation, of the run.
inline void expect(bool holds,
                   std::source_location where = std::source_location::current()) noexcept {
  if (holds) return;
  if (!silk::testing::is_simulated()) {
    ADD_FAILURE_AT(where.file_name(), static_cast<int>(where.line())) << "this does not hold";
    return;
  }
  try {
    silk::testing::check(false, "this does not hold", where);
  } catch (const silk::testing::check_failed&) {  // it is noted, and the program goes on
  }
}

// Shifts the threads against each other; in a simulation there is one.
inline void jitter(dice& random) {
  if (silk::testing::is_simulated()) return;
  switch (random.below(8)) {
    case 0:
      return std::this_thread::sleep_for(microseconds(random.below(100)));
    case 1:
      return std::this_thread::yield();
    case 2:
    case 3:
      for (unsigned i = random.below(300); i > 0; --i)
        std::atomic_signal_fence(std::memory_order_seq_cst);
      return;
    default:
      return;
  }
}

// What to_thread is for.
inline void block_for_a_moment() {
  if (!silk::testing::is_simulated()) std::this_thread::sleep_for(20us);
}

// Suspends, or not, in one way or another.
inline silk::task<> nap(dice random) {
  switch (random.below(8)) {
    case 0:
      co_await silk::yield();
      break;
    case 1:
      co_await silk::sleep(0s);
      break;
    case 2:
    case 3:
      co_await silk::sleep(microseconds(random.below(200)));
      break;
    case 4:
      std::this_thread::yield();
      break;
    default:
      break;
  }
}

}  // namespace silk_stress
