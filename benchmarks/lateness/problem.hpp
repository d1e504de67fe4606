// lateness: how long after its deadline a sleep ends. A hundred tasks sleep 1 to 20 ms, again and again;
// the load is two tasks for each worker, which compute for 50 us, then give way. An operation is a sleep,
// and its time is what it was late.
#pragma once

#include "../harness/program.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct lateness {
  enum class load : std::uint8_t { none, busy };
  using clock = std::chrono::steady_clock;

  load beside;
  long turns;  // of each sleeper
  long sleepers = 100;

  static std::vector<lateness> variants(size of) {
    const long turns = of == size::quick ? 20 : 100;
    return {{load::none, turns}, {load::busy, turns}};
  }
  std::string name() const { return beside == load::none ? "idle" : "loaded"; }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(sleepers * turns); }
  long answer() const { return sleepers * turns; }
  parameter_list parameters() const {
    return {{"sleepers", sleepers},
            {"turns", turns},
            {"busy_per_worker", busy_per_worker()},
            {"busy_us", busy_time.count()}};
  }

  unsigned busy_tasks(unsigned workers) const { return busy_per_worker() * workers; }

  static std::chrono::nanoseconds nap(long sleeper, long turn) {
    constexpr long prime = 7'919;
    return std::chrono::microseconds(1'000 + (sleeper * prime + turn * 31) % 1'900 * 10);
  }
  static void compute() {
    const auto end = clock::now() + busy_time;
    while (clock::now() < end) {
    }
  }

 private:
  static constexpr std::chrono::microseconds busy_time{50};
  unsigned busy_per_worker() const { return beside == load::none ? 0 : 2; }
};

}  // namespace bench
