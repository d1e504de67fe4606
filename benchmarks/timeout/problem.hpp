// timeout: a limit of time set around work that ends in time, and taken back; an operation is one of them.
//
// 1 task    work that does not wait
// many      all limits are set at the same time: the work gives way once
#pragma once

#include "../harness/program.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct timeout {
  static constexpr std::chrono::seconds limit{30};

  long tasks;
  long turns;  // of each task

  static std::vector<timeout> variants(size of) {
    if (of == size::quick) return {{1, 20'000}, {10'000, 10}};
    return {{1, 100'000}, {10'000, 100}};
  }
  std::string name() const { return std::to_string(tasks) + (tasks == 1 ? "_task" : "_tasks"); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(tasks * turns); }
  long answer() const { return tasks * turns; }
  parameter_list parameters() const {
    return {{"tasks", tasks}, {"turns", turns}, {"limit_s", limit.count()}};
  }
};

}  // namespace bench
