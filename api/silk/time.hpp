// Time as silk sees it: durations and points of the runtime's clock.
#pragma once

#include "detail/engine.hpp"

#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace silk {

/// A duration in nanoseconds; any std::chrono duration converts.
using duration = std::chrono::nanoseconds;

/// A point on the runtime's clock. With steady time (the default) the same as
/// std::chrono::steady_clock; with virtual time, which starts at zero, a point on that line.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// The time on the clock of the calling task's runtime; outside of tasks, steady time. Never goes
/// backwards. [any thread]
time_point now() noexcept;

namespace detail {

// Rounds up, so that nothing is ever early; what does not fit in 64 bits of nanoseconds is "never".
template <class Rep, class Period>
constexpr duration to_duration(std::chrono::duration<Rep, Period> d) {
  using wide = std::chrono::duration<long double, std::nano>;
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    if (d.count() != d.count()) throw std::invalid_argument("a duration must be a number, not NaN");
  }
  const wide exact = d;
  if (exact >= wide(duration::max())) return duration::max();
  if (exact <= wide(duration::min())) return duration::min();
  return std::chrono::ceil<duration>(d);
}

// The deadline `d` from now on `clock`, in the engine's nanoseconds; at least now, at most "never".
std::uint64_t deadline_after(const engine::clock& clock, duration d) noexcept;
std::uint64_t deadline_at(time_point t) noexcept;
// On the clock that now() shows; may lie in the past.
time_point point_after(duration d) noexcept;

}  // namespace detail

}  // namespace silk
