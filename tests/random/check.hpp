// Runs random programs, has the model judge them, counts them, and tells what is wrong with those that fail.
#pragma once

#include "model.hpp"
#include "run.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace random_programs {

using bytes = std::vector<std::uint8_t>;

bytes random_bytes(std::uint64_t seed);
std::string to_hex(std::span<const std::uint8_t> of);
bytes from_hex(const std::string& text);

// What was run.
struct tally {
  std::uint64_t programs = 0, begun = 0, tasks = 0, orders = 0, undecided = 0, failed = 0;
  std::array<std::uint64_t, 7> ends{};  // of statements, by `ending`

  void count(const program& what, const result& seen);
  std::string table() const;
};

// How a program is run, and what may happen there.
struct runner {
  std::function<run_report(const program&)> run;
  freedom allowed;
  unsigned most_orders = 1'000;
};

// What is wrong with the program that these bytes are; empty: nothing.
std::string check(std::span<const std::uint8_t> of, const runner& by, tally& counts);

// Leaves bytes out, and makes others zero, as long as something is wrong (at most `most_runs` are made).
bytes shrink(bytes failing, const runner& by, unsigned most_runs);

}  // namespace random_programs
