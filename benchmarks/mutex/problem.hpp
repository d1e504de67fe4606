// mutex: tasks that all want the same lock, add one to a number under it, and let it go, again and again;
// an operation is one turn with the lock.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct mutex {
  long tasks;
  long turns;  // of each task

  static std::vector<mutex> variants(size of) {
    const long all = of == size::quick ? 100'000 : 1'000'000;
    return {{100, all / 100}};
  }
  std::string name() const { return std::to_string(tasks) + "_tasks"; }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(tasks * turns); }
  long answer() const { return tasks * turns; }
  parameter_list parameters() const { return {{"tasks", tasks}, {"turns", turns}}; }
};

}  // namespace bench
