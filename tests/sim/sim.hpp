// Shared by the simulated programs. Each is explored with a few hundred seeds; SILK_SIM_SEEDS says otherwise
// (`./dev sim`). What is printed when a seed fails runs it again.
#pragma once

#include "../stress/tasks.hpp"

#include <silk/testing.hpp>

#include <cstdint>
#include <functional>
#include <utility>

namespace silk_sim {

using namespace silk_stress;

struct how {
  unsigned workers = 3;
  silk::testing::sim_time time = silk::testing::sim_time::when_idle;
};

// A program with dice that the seed has thrown.
using program = silk::task<> (*)(dice);

// Explores it as a test, and counts it in the table that is printed at the end. Every life that began in a
// run must have ended with it.
void explore(const char* name, program what, how by = {});

// The part of a foreign thread: so many calls from outside, one after the other.
inline void thread_of(unsigned steps, std::function<void()> step) {
  if (steps == 0) return;
  silk::testing::outside([steps, each = std::move(step)]() mutable {
    each();
    thread_of(steps - 1, std::move(each));
  });
}

}  // namespace silk_sim
