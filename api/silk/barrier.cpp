#include "barrier.hpp"

#include <limits>
#include <stdexcept>

namespace silk {

namespace {

// The note of a waiter: its index once it is inside, until then this.
constexpr std::uint32_t outside = std::numeric_limits<std::uint32_t>::max();

std::uint32_t checked_parties(std::ptrdiff_t parties) {
  if (parties < 1 || parties >= std::ptrdiff_t{outside})
    throw std::invalid_argument("a barrier has 1 to 2^32 - 2 parties");
  return static_cast<std::uint32_t>(parties);
}

}  // namespace

barrier::barrier(std::ptrdiff_t parties) : parties_(checked_parties(parties)) {}

std::size_t barrier::wait_verb::result() const {
  if (refused_ || (place_ != nullptr && !barrier_->leave(*place_))) throw broken_barrier();
  return place_ != nullptr ? place_->note : barrier_->parties() - 1;
}

barrier::arrival barrier::arrive(detail::turn_wait* w) noexcept {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (phase_ == barrier_phase::broken) return arrival::refused;
    if (phase_ != barrier_phase::filling || wait_list::waiting() + 1 != parties_) {
      if (w == nullptr) return arrival::waits;
      w->note = outside;
      return add(*w) ? arrival::waits : arrival::cancelled;
    }
    drain(parties_ - 1, woken);  // and the one that arrives has left by the end of this
  }
  woken.run();
  return arrival::last;
}

bool barrier::leave(detail::turn_wait& w) noexcept {
  detail::wake_list woken;
  bool passed = false;
  {
    detail::sync::lock_guard hold(lock_);
    if (w.note == outside) return false;  // expelled before it was inside
    passed = phase_ == barrier_phase::draining;
    --leaving_;
    if (leaving_ == 0 && phase_ != barrier_phase::broken) fill(woken);  // keeps K2
  }
  woken.run();
  return passed;
}

// The first `inside` of those that wait have passed, and are to leave.
void barrier::drain(std::uint32_t inside, detail::wake_list& woken) noexcept {
  for (std::uint32_t index = 0; index < inside; ++index) {
    first()->note = index;
    grant_first(woken);
  }
  leaving_ = inside;
  phase_ = inside == 0 ? barrier_phase::filling : barrier_phase::draining;
}

// Those outside are inside now; there may be enough of them for a round.
void barrier::fill(detail::wake_list& woken) noexcept {
  phase_ = barrier_phase::filling;
  if (wait_list::waiting() >= parties_) drain(parties_, woken);
}

// All that wait are woken, to throw.
void barrier::expel(detail::wake_list& woken) noexcept {
  while (!empty()) {
    if (phase_ == barrier_phase::filling) {
      first()->note = 0;  // inside
      ++leaving_;
    }
    grant_first(woken);
  }
}

void barrier::reset() noexcept {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (phase_ == barrier_phase::filling) expel(woken);
    phase_ = leaving_ != 0 ? barrier_phase::resetting : barrier_phase::filling;
  }
  woken.run();
}

void barrier::abort() noexcept {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    expel(woken);
    phase_ = barrier_phase::broken;
  }
  woken.run();
}

std::size_t barrier::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return phase_ == barrier_phase::filling ? wait_list::waiting() : 0;
}

barrier_phase barrier::phase() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return phase_;
}

}  // namespace silk
