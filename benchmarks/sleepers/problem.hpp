// sleepers: very many tasks asleep at once; the first wakes when all have long been asleep, the others
// within 50 ms of it, in another order than they went to sleep. An operation is a sleeper: what counts is
// its memory and its processor time, and in virtual time, which jumps, its time.
#pragma once

#include "../harness/program.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct sleepers {
  enum class clock : std::uint8_t { steady, jumping };

  long tasks;
  std::chrono::milliseconds at_least;
  clock time;

  static std::vector<sleepers> variants(size of) {
    using namespace std::chrono_literals;
    const long tasks = of == size::quick ? 100'000 : 1'000'000;
    const auto at_least = of == size::quick ? 300ms : 3000ms;
    return {{tasks, at_least, clock::steady}, {tasks, at_least, clock::jumping}};
  }
  std::string name() const {
    return std::to_string(tasks) + (time == clock::steady ? "" : "_in_virtual_time");
  }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(tasks); }
  long answer() const { return tasks; }
  parameter_list parameters() const {
    return {{"tasks", tasks},
            {"at_least_ms", at_least.count()},
            {"virtual_time", time == clock::jumping}};
  }

  // In steps of 10 us.
  std::chrono::microseconds nap(long sleeper) const {
    constexpr long prime = 7'919;
    return at_least + sleeper * prime % 5'000 * std::chrono::microseconds(10);
  }
};

}  // namespace bench
