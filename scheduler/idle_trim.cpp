#include "idle_trim.hpp"

#include "pool.hpp"

#include <algorithm>
#include <new>

namespace silk::scheduler {

namespace {

// Less than this share of what is free is little.
constexpr std::size_t share = 8;

// What brought little is not done again, for little, until 50 times as long has passed: 2 % of a processor.
constexpr std::uint64_t rests_per_vain_trim = 50;

}  // namespace

idle_trim::idle_trim(pool& owner, wanted in_this_pool) noexcept
    : pool_(owner), wanted_(in_this_pool) {
  run = [](job& self) noexcept { static_cast<idle_trim&>(self).carry_out(); };
  timer_.on_fire = this;
}

// In the shard of the worker, which looks at the deadlines before it sleeps: keeps I3.
bool idle_trim::plan_now(std::size_t worker) noexcept {
  if (!pool_.idle_.everyone_parked()) return false;
  if (planned_.exchange(true, sync::memory_order_acquire)) return false;  // E:trim-plan in
  const frame_traffic now = frame_traffic_now();
  return arm(worker, now, must_wait(now) ? not_before_ : 0);
}

// The last time brought less than half, and what has come since is little.
bool idle_trim::must_wait(frame_traffic now) const noexcept {
  return now.given - given_before() < now.free() / share && pool_.clock_.now() < not_before_;
}

// Without memory for it whoever parks last after this tries again.
bool idle_trim::arm(std::size_t worker, frame_traffic now, std::uint64_t not_before) noexcept {
  planned_at_ = now;
  timer_.deadline = std::max(pool_.clock_.now() + rest, not_before);
  timer_.shard = static_cast<std::uint16_t>(worker);
  try {
    return pool_.timers_.arm(timer_, worker) == arm_result::armed;
  } catch (const std::bad_alloc&) {
    planned_.store(false, sync::memory_order_release);  // E:trim-plan out
    return false;
  }
}

void idle_trim::forget() noexcept { static_cast<void>(pool_.timers_.cancel(timer_)); }

// If it was too early who parks last after this plans anew. But threads outside that free what the pool has left
// them, the states of tasks that have ended, do so unseen.
void idle_trim::carry_out() noexcept {
  const frame_traffic now = frame_traffic_now();
  const bool in_use = now.taken - planned_at_.taken > planned_at_.free() / share;
  const bool in_motion = now.given - planned_at_.given >= least_given;
  const bool too_early = !in_use && must_wait(now);
  if (in_use || (!too_early && !give_back(now)))
    given_before_.store(
        0, sync::memory_order_relaxed);  // relaxed: see given_before; all is still to be done
  if (in_motion || (too_early && is_worth_it(now))) {
    worker& here = *current_worker();
    if (arm(here.index(), frame_traffic_now(), in_motion ? 0 : not_before_)) here.timer_armed();
    return;
  }
  planned_.store(false, sync::memory_order_release);  // E:trim-plan out
}

bool idle_trim::give_back(frame_traffic before) noexcept {
  const std::uint64_t begin = clock::steady_now();
  if (!pool_.give_back()) return false;
  const frame_traffic after = frame_traffic_now();
  // relaxed: see given_before
  given_before_.store(after.given, sync::memory_order_relaxed);
  const std::uint64_t end = clock::steady_now();
  if (after.free() > before.free() / 2) not_before_ = end + rests_per_vain_trim * (end - begin);
  return true;
}

}  // namespace silk::scheduler
