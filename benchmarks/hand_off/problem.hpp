// hand_off: two tasks hand each other a number through promises; an operation is a hand-off: a promise
// made, set by one task, and its future awaited by the other. With many pairs there is always something
// else to run; with one pair there never is.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct hand_off {
  long pairs;
  long rounds;  // of each pair: there and back

  static std::vector<hand_off> variants(size of) {
    const long all = of == size::quick ? 20'000 : 500'000;
    return {{1, all}, {100, all / 100}};
  }
  std::string name() const { return std::to_string(pairs) + (pairs == 1 ? "_pair" : "_pairs"); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(2 * pairs * rounds); }

  // The sum of the numbers, each of which grows by one with each hand-off.
  long answer() const { return 2 * pairs * rounds; }
  parameter_list parameters() const { return {{"pairs", pairs}, {"rounds", rounds}}; }
};

}  // namespace bench
