// session: one run of a program of the benchmarks, as far as that has nothing to do with its problem.
#pragma once

#include "histogram.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

enum class size : std::uint8_t { quick, full };

using parameter_list = std::vector<std::pair<std::string, long>>;

struct variant {
  std::string name;
  std::uint64_t operations;
  parameter_list parameters;
};

// What the workers of a runtime have done so far.
struct worker_counts {
  std::uint64_t steals = 0;
  std::uint64_t parks = 0;
};

class session {
 public:
  // Reads the command line; ends the process when it is wrong, or asks for help or a list.
  session(int argc, char** argv, std::vector<variant> (*variants)(size));

  size chosen_size() const noexcept { return size_; }
  std::size_t chosen_variant() const noexcept { return variant_; }
  unsigned workers() const noexcept { return workers_; }
  histogram& late() noexcept { return late_; }

  void count_workers(std::function<worker_counts()> count) { count_ = std::move(count); }

  void start();
  void stop();                                  // the repetition took the time since start()
  void stop(std::chrono::nanoseconds instead);  // it took so long

  void forget();  // what was measured so far

  // Another repetition? Not when those so far have taken long enough.
  bool wants_more() const noexcept;

  // These give the exit status.
  int wrong_answer() const;
  int print() const;

 private:
  using clock = std::chrono::steady_clock;
  struct usage {
    double cpu_s = 0;
    std::uint64_t allocations = 0;
    worker_counts workers;
  };
  usage used_by_now() const;
  [[noreturn]] void refuse(const std::string& why) const;
  int fail(const std::string& why) const;

  std::string path_;
  std::vector<variant> variants_;
  std::size_t variant_ = 0;
  size size_ = size::full;
  unsigned workers_ = 0;
  unsigned repetitions_ = 1;
  double enough_s_ = 5;  // no more repetitions after so long

  std::function<worker_counts()> count_;  // if there is a runtime that knows
  clock::time_point started_;
  usage before_;
  usage used_;                 // by all repetitions
  clock::duration elapsed_{};  // in all of them
  std::vector<double> seconds_;
  long resident_at_first_kib_ = 0;
  histogram late_;
};

}  // namespace bench
