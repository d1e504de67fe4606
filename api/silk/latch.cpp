#include "latch.hpp"

#include <stdexcept>

namespace silk {

latch::latch(std::ptrdiff_t count) : count_(count) {
  if (count < 0) throw std::invalid_argument("a latch counts down from 0 or more");
}

void latch::count_down(std::ptrdiff_t n) {
  if (n < 0) throw std::invalid_argument("a latch counts down, not up");
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (n > count_) throw usage_error("count_down() goes below zero: make the latch with more");
    count_ -= n;
    if (count_ == 0) grant_all(woken);
  }
  woken.run();
}

bool latch::go_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  return count_ != 0 && add(w);
}

std::ptrdiff_t latch::count() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return count_;
}

std::size_t latch::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
