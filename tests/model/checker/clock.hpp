// clock: what a thread, or a message from one thread to another, knows of the others.
//
// Each thread counts its visible steps; a vector clock (Fidge 1988, Mattern 1989) tells up to which
// step of each thread something is known. Two kinds of knowledge are kept apart, since a seq_cst fence
// gives the second without the first:
//
//   happened   these steps happen before: what they wrote to plain memory may be used
//   seen       coherence: no load may return less than what these steps read or wrote
//
// seen covers happened.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace silk::model {

inline constexpr std::size_t max_threads = 8;  // the body's own included
using thread_id = std::uint8_t;
using thread_mask = std::uint8_t;  // bit t: thread t
using moment = std::uint16_t;      // a step of one thread, from 1 on

constexpr thread_mask bit_of(std::size_t thread) noexcept {
  return static_cast<thread_mask>(1u << thread);
}

struct vector_clock {
  std::array<moment, max_threads> at{};

  void join(const vector_clock& other) noexcept {
    for (std::size_t i = 0; i < max_threads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
  bool knows(std::size_t thread, moment step) const noexcept { return step <= at[thread]; }
};

struct knowledge {
  vector_clock happened;
  vector_clock seen;
  std::uint32_t order_prefix = 0;  // this many steps of the order S of seq_cst operations

  void join(const knowledge& other) noexcept {
    happened.join(other.happened);
    seen.join(other.seen);
    order_prefix = std::max(order_prefix, other.order_prefix);
  }
};

}  // namespace silk::model
