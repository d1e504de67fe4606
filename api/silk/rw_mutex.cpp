#include "rw_mutex.hpp"

#include <utility>

namespace silk {

bool rw_mutex::try_lock() noexcept {
  detail::sync::lock_guard hold(lock_);
  if (!may_write()) return false;
  written_ = true;
  return true;
}

bool rw_mutex::try_lock_shared() noexcept {
  detail::sync::lock_guard hold(lock_);
  if (!may_read()) return false;
  ++readers_;
  return true;
}

bool rw_mutex::write_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  w.note = writer;
  if (!may_write()) return add(w);
  written_ = true;
  return false;
}

bool rw_mutex::read_or_wait(detail::turn_wait& w) noexcept {
  detail::sync::lock_guard hold(lock_);
  w.note = reader;
  if (!may_read()) return add(w);
  ++readers_;
  return false;
}

void rw_mutex::unlock() {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (!std::exchange(written_, false))
      throw usage_error("no writer has this rw_mutex: unlock() has nothing to undo");
    admit(woken);
  }
  woken.run();
}

void rw_mutex::unlock_shared() {
  detail::wake_list woken;
  {
    detail::sync::lock_guard hold(lock_);
    if (readers_ == 0)
      throw usage_error("no reader has this rw_mutex: unlock_shared() has nothing to undo");
    --readers_;
    admit(woken);
  }
  woken.run();
}

// The writer that is first, or all the readers up to the next writer.
void rw_mutex::admit(detail::wake_list& woken) noexcept {
  while (!empty() && !written_) {
    if (first()->note == writer) {
      if (readers_ != 0) return;
      written_ = true;
    } else {
      ++readers_;
    }
    grant_first(woken);
  }
}

bool rw_mutex::is_locked() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return written_;
}

std::size_t rw_mutex::readers() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return readers_;
}

std::size_t rw_mutex::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
