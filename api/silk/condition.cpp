#include "condition.hpp"

#include "errors.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <source_location>

namespace silk {

// A wait for a notification and, once that has come, for the lock.
class condition::place : public detail::turn_wait {
 public:
  explicit place(condition& home) noexcept : turn_wait(home), condition_(home) {}

  bool await_ready() const noexcept { return false; }
  template <std::derived_from<detail::promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return enter(waiting.promise()) && condition_.release_and_wait(*this);
  }
  void await_resume(std::source_location where = std::source_location::current()) {
    const detail::turn came = leave();
    // The mutex hands over the lock and nothing else, so an unused turn is the lock, too.
    if (came != detail::turn::lost) has_lock = true;
    if (came != detail::turn::taken) throw_cancelled(where);
  }

  bool was_notified() const noexcept { return note == notified; }  // [the task, after its turn]

  static constexpr std::uint32_t notified = 1;
  bool has_lock = true;  // false from release_and_wait on

 private:
  condition& condition_;
};

task<> condition::wait() {
  if (!is_locked()) throw usage_error("lock the condition before you wait for it");
  place here(*this);
  std::exception_ptr stopped;
  try {
    co_await here;
  } catch (const cancelled&) {
    stopped = std::current_exception();
  }
  while (!here.has_lock) {
    try {
      co_await mutex_.lock();
      here.has_lock = true;
    } catch (const cancelled&) {
      stopped = std::current_exception();  // the latest is thrown
    }
  }
  if (stopped != nullptr) {
    if (here.was_notified()) static_cast<void>(move_to_mutex(1));  // keeps N1
    std::rethrow_exception(stopped);
  }
}

// In one step: whoever takes the lock next finds the task in the line already. False: it is cancelled, and keeps
// the lock.
bool condition::release_and_wait(place& w) noexcept {
  detail::wake_list woken;
  bool waits = false;
  {
    detail::sync::lock_guard hold(lock_);
    detail::sync::lock_guard hold_mutex(mutex_.lock_);  // always the condition's first
    waits = add(w);
    if (waits) {
      static_cast<void>(mutex_.give_back(woken));  // one that somebody else let go is gone already
      w.has_lock = false;
    }
  }
  woken.run();
  return waits;
}

void condition::notify(std::size_t n) {
  if (!move_to_mutex(n)) throw usage_error("lock the condition before you notify its waiters");
}

void condition::notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

// False: the mutex is free. Else it will hand the lock to those that are moved here.
bool condition::move_to_mutex(std::size_t n) noexcept {
  detail::sync::lock_guard hold(lock_);
  detail::sync::lock_guard hold_mutex(mutex_.lock_);
  if (!mutex_.locked_) return false;
  for (n = std::min(n, wait_list::waiting()); n > 0; --n) {
    first()->note = place::notified;
    move_first(mutex_);
  }
  return true;
}

std::size_t condition::waiting() const noexcept {
  detail::sync::lock_guard hold(lock_);
  return wait_list::waiting();
}

}  // namespace silk
