#include "queue_core.hpp"

#include <algorithm>
#include <stdexcept>

namespace silk::detail {

std::size_t queue_core::size() const noexcept {
  sync::lock_guard hold(lock_);
  return size_;
}

bool queue_core::full() const noexcept {
  sync::lock_guard hold(lock_);
  return !has_room();
}

bool queue_core::is_closed() const noexcept {
  sync::lock_guard hold(lock_);
  return closed_;
}

std::size_t queue_core::waiting_getters() const noexcept {
  sync::lock_guard hold(lock_);
  return getters_.waiting();
}

std::size_t queue_core::waiting_putters() const noexcept {
  sync::lock_guard hold(lock_);
  return putters_.waiting();
}

std::size_t queue_core::unfinished() const noexcept {
  sync::lock_guard hold(lock_);
  return unfinished_;
}

void queue_core::task_done() {
  wake_list woken;
  {
    sync::lock_guard hold(lock_);
    if (unfinished_ == 0) {
      throw std::invalid_argument("task_done() was called more often than items were put");
    }
    finish(1, woken);
  }
  woken.run();
}

bool queue_core::join_or_wait(turn_wait& w) noexcept {
  sync::lock_guard hold(lock_);
  if (unfinished_ != 0) return joiners_.add(w);
  static_cast<void>(take(w));
  return false;
}

void queue_core::serve_getters(wake_list& woken) noexcept {
  for (; has_item() && !getters_.empty(); ++promised_) getters_.grant_first(woken);  // keeps Q1
  if (is_over()) getters_.grant_all(woken);                                          // keeps Q3
}

void queue_core::finish(std::size_t items, wake_list& woken) noexcept {
  unfinished_ -= std::min(items, unfinished_);  // task_done() may have come before get()
  if (unfinished_ == 0) joiners_.grant_all(woken);
}

}  // namespace silk::detail
