// explore: runs a program with one seed after the other, and makes the first failure small.
#pragma once

#include "simulate.hpp"
#include "time.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <source_location>
#include <string>

namespace silk::testing {

/// What is explored, and how much of it.
struct explore_options {
  /// For what is printed, and to tell one exploration of a process from another (SILK_SIM_NAME).
  std::string name = {};
  /// How many seeds, beginning with `each.seed`; SILK_SIM_SEEDS in the environment overrides it.
  std::uint64_t seeds = 1000;
  /// After this much real time no other seed is tried.
  duration at_most = duration::max();
  /// How each seed is run, beginning with its `seed`; without a `schedule`.
  sim_options each = {};
  /// At most so many runs to make a failing schedule shorter; 0: it stays as the seed had it.
  std::uint64_t shrink_runs = 2000;
  /// Where a failure, or what is replayed, is printed; null: nowhere.
  std::FILE* to = stderr;
};

/// What explore() found.
struct explore_report {
  std::uint64_t seeds = 0;            ///< that were run
  std::uint64_t steps = 0;            ///< of all of them, without those of shrinking
  duration took{};                    ///< real time, without shrinking
  std::optional<std::uint64_t> seed;  ///< the first that failed, if one did
  std::size_t departures = 0;         ///< how many decisions of that seed were not the default
  std::uint64_t shrink_runs = 0;      ///< that were made to leave some of them out
  sim_result failure;                 ///< of the shortest schedule that fails in the same way
  std::string command;                ///< to run that again; as it was printed
  /// False: another run with that seed did something else. The program depends on more than its seed.
  bool repeats = true;

  /// Whether nothing was found.
  bool ok() const noexcept { return !seed.has_value(); }
  /// All of it, for people; a failure with its trace.
  std::string description() const;

  std::string name;  ///< explore_options::name
};

/// Simulates `what` with one seed after the other until a run does not finish well. Then leaves decisions
/// out of the schedule of that run as long as the program still ends in the same way (delta debugging;
/// Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), and prints what is
/// left and a command that runs it again:
///
///   SILK_SIM_NAME=bank SILK_SIM_SEED=17 SILK_SIM_SCHEDULE=a7:1,w2:3 ./bank_test
///
/// With these variables in the environment it runs that one schedule, or that one seed if there is no
/// schedule, and prints the trace; with a SILK_SIM_NAME other than `options.name` it runs nothing.
///
/// Fails     as simulate; std::invalid_argument for a schedule in the options, and for a variable that it
///           cannot read. What comes out of the program is told by the report.
/// Threads   as simulate.
explore_report explore(const program& what, const explore_options& options = {},
                       std::source_location where = std::source_location::current());

}  // namespace silk::testing
