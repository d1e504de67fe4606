// mutex: one task at a time.
#pragma once

#include "detail/std_locks.hpp"
#include "detail/turn_guard.hpp"
#include "detail/wait_list.hpp"
#include "errors.hpp"

#include <cstddef>

namespace silk {

/// A lock that suspends the task that must wait for it, never its worker. What asyncio calls Lock.
///
/// It belongs to nobody in particular: the task that unlocks it need not be the one that locked it.
/// Waiters get it in the order in which they asked, handed over directly: whoever asks after an unlock()
/// cannot overtake one that was waiting.
///
/// Threads   lock() and scoped() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class mutex : private detail::wait_list {
  struct unlocks {
    void operator()(mutex& held) const { held.unlock(); }
  };

 public:
  /// Unlocks at its end, or in its unlock().
  using guard = detail::turn_guard<mutex, unlocks>;

  mutex() noexcept = default;

  /// `co_await m.lock()`: the lock is the awaiting task's. Pair it with unlock(), or use scoped().
  ///
  /// Finishes  at once, without suspending, when the mutex is free.
  /// Cancelled the task does not have the lock; if it had been handed over already, it goes to the
  ///           next one.
  auto lock() noexcept { return detail::turn_operation<lock_verb>(lock_verb(*this)); }

  /// `const auto hold = co_await m.scoped();` locks until `hold` is gone. Otherwise as lock().
  auto scoped() noexcept { return detail::turn_operation<scoped_verb>(scoped_verb(*this)); }

  /// Takes the lock if it is free. Never waits.
  [[nodiscard]] bool try_lock() noexcept;

  /// Hands the lock to the task that has waited longest, or frees it. usage_error when it is free.
  void unlock();

  /// True also while it is being handed over.
  bool is_locked() const noexcept;
  /// How many tasks wait. May be out of date.
  std::size_t waiting() const noexcept;

 private:
  friend class condition;  // its waiters move here when they are notified

  class lock_verb {
   public:
    explicit lock_verb(mutex& home) noexcept : mutex_(&home) {}
    detail::wait_list& home() const noexcept { return *mutex_; }
    bool try_now() const noexcept { return mutex_->try_lock(); }
    bool now_or_wait(detail::turn_wait& w) const noexcept { return mutex_->lock_or_wait(w); }
    void pass_on() const { mutex_->unlock(); }
    void result() const noexcept {}

   protected:
    mutex* mutex_;
  };
  struct scoped_verb : lock_verb {
    using lock_verb::lock_verb;
    guard result() const noexcept { return guard(*mutex_); }
  };

  bool lock_or_wait(detail::turn_wait& w) noexcept;
  // Hands it over or frees it; false: it was free. [holder]
  bool give_back(detail::wake_list& woken) noexcept;

  bool locked_ = false;  // guarded by lock_
};

template <>
inline constexpr bool detail::locks_by_await<mutex> = true;

}  // namespace silk
