#include "event.hpp"

namespace silk {

bool event::go_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  return !set_ && add(w);
}

void event::set() noexcept {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    set_ = true;
    grant_all(woken);
  }
  woken.run();
}

void event::clear() noexcept {
  detail::sync::lock_guard hold(lock_);
  set_ = false;
}

bool event::is_set() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return set_;
}

std::size_t event::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
