#include "mutex.hpp"

namespace silk {

bool mutex::try_lock() noexcept {
  detail::sync::lock_guard hold(lock_);
  return !std::exchange(locked_, true);
}

bool mutex::lock_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  if (locked_) return add(w);
  locked_ = true;
  return false;
}

void mutex::unlock() {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (!locked_) throw usage_error("this mutex is not locked: unlock() has nothing to undo");
    if (empty()) {
      locked_ = false;
    } else {
      grant_first(woken);  // stays locked on behalf of the one that is woken
    }
  }
  woken.run();
}

bool mutex::is_locked() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return locked_;
}

std::size_t mutex::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
