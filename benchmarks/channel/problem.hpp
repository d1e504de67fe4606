// channel: two tasks hand each other a number through two channels that hold one; an operation is a round
// trip: two puts and two gets. With many pairs there is always something else to run; with one pair there
// never is.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct channel {
  long pairs;
  long rounds;  // of each pair

  static std::vector<channel> variants(size of) {
    const long all = of == size::quick ? 50'000 : 500'000;
    return {{1, all}, {100, all / 100}};
  }
  std::string name() const { return std::to_string(pairs) + (pairs == 1 ? "_pair" : "_pairs"); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(pairs * rounds); }

  // The sum of the numbers, each of which grows by one at each end.
  long answer() const { return 2 * pairs * rounds; }
  parameter_list parameters() const { return {{"pairs", pairs}, {"rounds", rounds}}; }
};

}  // namespace bench
