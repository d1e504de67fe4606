// loop: a sum over many numbers. An iteration does next to nothing, so it shows what the loop itself
// costs; an operation is an iteration.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct loop {
  long iterations;

  static std::vector<loop> variants(size of) {
    return {{of == size::quick ? 1'000'000L : 100'000'000L}};
  }
  std::string name() const { return std::to_string(iterations); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(iterations); }
  long answer() const { return sum_by_one(); }
  parameter_list parameters() const { return {{"iterations", iterations}}; }

  // No compiler knows a formula for the sum of these.
  static long term(long i) noexcept { return i ^ i >> 5; }

  long sum_by_one() const noexcept {
    long sum = 0;
    for (long i = 0; i < iterations; ++i) sum += term(i);
    return sum;
  }
};

}  // namespace bench
