#include "semaphore.hpp"

#include <stdexcept>

namespace silk {

semaphore::semaphore(std::ptrdiff_t permits, std::ptrdiff_t bound) : bound_(bound), free_(permits) {
  if (permits < 0) throw std::invalid_argument("a semaphore has 0 permits or more");
}

bool semaphore::try_acquire() noexcept {
  detail::sync::lock_guard hold(lock_);
  if (free_ == 0) return false;
  --free_;
  return true;
}

bool semaphore::take_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  if (free_ == 0) return add(w);
  --free_;
  return false;
}

void semaphore::release(std::ptrdiff_t n) {
  if (n < 0) throw std::invalid_argument("release() takes a number of permits, 0 or more");
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (n > bound_ - free_) throw std::invalid_argument("release() of more than was acquired");
    for (; n > 0 && !empty(); --n) grant_first(woken);
    free_ += n;  // keeps S1: not zero only if nobody waits any more
  }
  woken.run();
}

std::ptrdiff_t semaphore::available() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return free_;
}

std::size_t semaphore::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
