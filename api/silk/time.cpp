#include "time.hpp"

namespace silk {

time_point now() noexcept {
  const detail::engine::worker* here = detail::engine::current_worker();
  const std::uint64_t ns =
      here != nullptr ? here->owner().time().now() : detail::engine::clock::steady_now();
  return time_point(duration(static_cast<duration::rep>(ns)));
}

namespace detail {

std::uint64_t deadline_after(const engine::clock& clock, duration d) noexcept {
  const std::uint64_t now = clock.now();
  if (d <= duration::zero()) return now;
  const auto ahead = static_cast<std::uint64_t>(d.count());
  // The largest deadline that is one: the engine keeps the very last value for "none".
  return ahead < engine::no_deadline - 1 - now ? now + ahead : engine::no_deadline - 1;
}

time_point point_after(duration d) noexcept {
  const duration base = now().time_since_epoch();
  if (d > duration::zero() && base > duration::max() - d) return time_point::max();
  return time_point(base + d);  // base is not negative: no overflow below
}

std::uint64_t deadline_at(time_point t) noexcept {
  const duration since = t.time_since_epoch();
  return since <= duration::zero() ? 0 : static_cast<std::uint64_t>(since.count());
}

}  // namespace detail

}  // namespace silk
