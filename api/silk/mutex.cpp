#include "mutex.hpp"

#include <utility>

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
    if (!give_back(woken))
      throw usage_error("this mutex is not locked: unlock() has nothing to undo");
  }
  woken.run();
}

bool mutex::give_back(detail::wake_list& woken) noexcept {
  if (!locked_) return false;
  if (empty()) {
    locked_ = false;
  } else {
    grant_first(woken);  // stays locked on behalf of the one that is woken
  }
  return true;
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
