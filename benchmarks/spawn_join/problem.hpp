// spawn_join: what an independent task costs, from its start to the end of the wait for it; an operation
// is a task, which gives a number.
//
// one at a time   a task starts another one and waits for it, again and again
// all at once     a task starts all, then waits for them in order
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct spawn_join {
  enum class way : std::uint8_t { one_at_a_time, all_at_once };

  way how;
  long tasks;

  static std::vector<spawn_join> variants(size of) {
    if (of == size::quick) return {{way::one_at_a_time, 20'000}, {way::all_at_once, 100'000}};
    return {{way::one_at_a_time, 100'000}, {way::all_at_once, 1'000'000}};
  }
  std::string name() const {
    return std::to_string(tasks) + (how == way::one_at_a_time ? "_one_at_a_time" : "_all_at_once");
  }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(tasks); }
  long answer() const { return tasks * (tasks - 1) / 2; }
  parameter_list parameters() const {
    return {{"at_once", how == way::all_at_once}, {"tasks", tasks}};
  }
};

}  // namespace bench
