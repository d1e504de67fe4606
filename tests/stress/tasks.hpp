// Tasks that the stress tests are made of.
#pragma once

#include "liveness.hpp"

#include <silk/silk.hpp>

#include <chrono>
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

// Shifts the threads against each other.
inline void jitter(dice& random) {
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
