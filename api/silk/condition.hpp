// condition: tasks that wait, without the lock, for what others do under it.
//
// A notified task does not run to ask for the lock: it is moved to the end of the mutex's own line, so
// that unlock() hands the lock to it in its turn, and the tasks that were notified get it in the order
// in which they waited, however many workers there are.
//
// N1: a notification is not lost. Whoever was notified and is cancelled before wait() has ended passes
//     it on; to do so it needs the lock, which it has by then.
#pragma once

#include "detail/std_locks.hpp"
#include "detail/task_node.hpp"
#include "detail/wait_list.hpp"
#include "mutex.hpp"
#include "task.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <type_traits>

namespace silk {

/// A lock and a line of tasks that wait for a change of what it protects. What asyncio calls Condition.
///
/// Threads   lock(), scoped() and wait() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not. A mutex that was
///           given must outlive the condition.
class condition : private detail::wait_list {
 public:
  /// With a mutex of its own.
  condition() noexcept : mutex_(own_) {}
  /// Shares a mutex: to lock either is to lock both.
  explicit condition(mutex& shared) noexcept : mutex_(shared) {}

  /// As mutex::lock.
  auto lock() noexcept { return mutex_.lock(); }
  /// As mutex::scoped.
  auto scoped() noexcept { return mutex_.scoped(); }
  /// As mutex::try_lock.
  [[nodiscard]] bool try_lock() noexcept { return mutex_.try_lock(); }
  /// As mutex::unlock.
  void unlock() { mutex_.unlock(); }
  /// As mutex::is_locked.
  bool is_locked() const noexcept { return mutex_.is_locked(); }

  /// `co_await c.wait()`: lets the lock go, waits for a notification, and takes the lock again.
  ///
  /// Finishes  with the lock held, whatever comes out. Without a notification only if one was passed on
  ///           that turned out not to be needed: so look again at what you wait for, or give wait() a
  ///           predicate.
  /// Fails     usage_error when nobody has the lock.
  /// Cancelled throws `silk::cancelled` as soon as it has the lock again; further cancels do not shorten
  ///           that. If it had been notified by then, another waiter is notified instead.
  task<> wait();

  /// Waits until `predicate()`, called under the lock, gives something true, and gives that. Does not
  /// wait, and needs no lock, if it is true at once. Otherwise as wait().
  template <class Predicate>
    requires std::invocable<Predicate&>
  task<std::decay_t<std::invoke_result_t<Predicate&>>> wait(Predicate predicate) {
    for (;;) {
      auto value = predicate();
      if (static_cast<bool>(value)) co_return value;
      co_await wait();
    }
  }

  /// Lets the `n` tasks that have waited longest go on, one after the other as the lock becomes free; all
  /// of them if there are fewer. usage_error when nobody has the lock.
  void notify(std::size_t n = 1);
  /// As notify, for all tasks that wait.
  void notify_all();

  /// How many tasks wait for a notification. May be out of date.
  std::size_t waiting() const noexcept;

 private:
  class place;

  bool release_and_wait(place& w) noexcept;
  bool move_to_mutex(std::size_t n) noexcept;

  mutex own_;
  mutex& mutex_;
};

template <>
inline constexpr bool detail::locks_by_await<condition> = true;

}  // namespace silk
