// yield: many tasks, each of which gives way to the others again and again; an operation is one yield.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct yield {
  long tasks;
  long turns;  // of each task

  static std::vector<yield> variants(size of) { return {{1'000, of == size::quick ? 100 : 1'000}}; }
  std::string name() const { return std::to_string(tasks) + "_tasks"; }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(tasks * turns); }
  long answer() const { return tasks * turns; }
  parameter_list parameters() const { return {{"tasks", tasks}, {"turns", turns}}; }
};

}  // namespace bench
