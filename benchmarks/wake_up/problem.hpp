// wake_up: how long it takes until somebody who waits goes on, when all workers have been idle for a
// while; the call comes from a thread that is no worker. An operation is a call, and its time is that from
// the call to the first step of the one that was called.
#pragma once

#include "../harness/program.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace bench {

struct wake_up {
  using clock = std::chrono::steady_clock;

  static constexpr std::chrono::microseconds idle{2'000};

  long calls;

  static std::vector<wake_up> variants(size of) { return {{of == size::quick ? 100 : 1'000}}; }
  std::string name() const { return std::to_string(calls) + "_calls"; }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(calls); }
  long answer() const { return calls; }
  parameter_list parameters() const { return {{"calls", calls}, {"idle_us", idle.count()}}; }

  // All workers have gone to sleep when it ends.
  static void let_all_go_idle() { std::this_thread::sleep_for(idle); }
};

}  // namespace bench
