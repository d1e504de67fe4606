// Runs a random program with silk, and tells what became of it.
#pragma once

#include "outcome.hpp"

#include <cstdint>
#include <string>

namespace random_programs {

struct run_report {
  result seen;
  std::string wrong;  // what should never be, whatever the program is; empty if nothing
};

// In the simulator: the seed decides what comes in any order.
run_report run_simulated(const program& what, std::uint64_t seed, unsigned workers);

// On threads, in virtual time. The seed shifts threads that cancel from outside.
run_report run_on_threads(const program& what, std::uint64_t seed, unsigned workers);

}  // namespace random_programs
