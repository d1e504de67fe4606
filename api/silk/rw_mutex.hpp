// rw_mutex: many readers, or one writer.
//
// R1: if a task waits, a writer has the lock, or readers have it and the first that waits is a writer.
//     admit() restores it after whatever lets somebody go: an unlock, or a waiter that was cancelled.
#pragma once

#include "detail/std_locks.hpp"
#include "detail/turn_guard.hpp"
#include "detail/wait_list.hpp"
#include "errors.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace silk {

/// A lock that any number of readers may share, and a writer has alone.
///
/// Served in the order in which they asked: a writer that waits holds back the readers that come after
/// it, and readers that wait side by side are let in together. So neither kind can starve the other. A
/// task that has the lock and asks for it again, shared or not, may wait for itself.
///
/// Threads   lock(), scoped() and their shared forms in tasks, of any runtime; everything else on any
///           thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class rw_mutex : private detail::wait_list {
  struct unlocks {
    void operator()(rw_mutex& held) const { held.unlock(); }
  };
  struct unlocks_shared {
    void operator()(rw_mutex& held) const { held.unlock_shared(); }
  };

 public:
  /// Unlocks at its end, or in its unlock().
  using guard = detail::turn_guard<rw_mutex, unlocks>;
  /// The same for a reader.
  using shared_guard = detail::turn_guard<rw_mutex, unlocks_shared>;

  rw_mutex() noexcept = default;

  /// `co_await m.lock()`: the lock is the awaiting task's alone. Pair it with unlock(), or use scoped().
  ///
  /// Finishes  at once, without suspending, when nobody has the lock.
  /// Cancelled the task does not have the lock; if it had been handed over already, it goes to the
  ///           next ones. Readers that waited behind it are let in.
  auto lock() noexcept { return detail::turn_operation(verb<writing>(*this)); }
  /// `co_await m.lock_shared()`: the awaiting task is a reader. Pair it with unlock_shared(), or use
  /// scoped_shared(). As lock() otherwise; at once when no writer has the lock and no task waits.
  auto lock_shared() noexcept { return detail::turn_operation(verb<reading>(*this)); }

  /// `const auto hold = co_await m.scoped();` locks until `hold` is gone. Otherwise as lock().
  auto scoped() noexcept { return detail::turn_operation(verb<writing, guard>(*this)); }
  /// The same as lock_shared().
  auto scoped_shared() noexcept {
    return detail::turn_operation(verb<reading, shared_guard>(*this));
  }

  /// Takes the lock if nobody has it. Never waits.
  [[nodiscard]] bool try_lock() noexcept;
  /// Becomes a reader if no writer has the lock and no task waits. Never waits.
  [[nodiscard]] bool try_lock_shared() noexcept;

  /// Ends the writer's turn. usage_error when there is no writer.
  void unlock();
  /// Ends one reader's turn. usage_error when there is no reader.
  void unlock_shared();

  /// Whether a writer has it; true also while it is being handed over.
  bool is_locked() const noexcept;
  /// How many readers have it, those that it is being handed over to included. May be out of date.
  std::size_t readers() const noexcept;
  /// How many tasks wait. May be out of date.
  std::size_t waiting() const noexcept;

 private:
  // What a waiter's note says.
  static constexpr std::uint32_t reader = 0;
  static constexpr std::uint32_t writer = 1;

  struct writing {
    static bool try_now(rw_mutex& m) noexcept { return m.try_lock(); }
    static bool now_or_wait(rw_mutex& m, detail::turn_wait& w) noexcept {
      return m.write_or_wait(w);
    }
    static void undo(rw_mutex& m) { m.unlock(); }
  };
  struct reading {
    static bool try_now(rw_mutex& m) noexcept { return m.try_lock_shared(); }
    static bool now_or_wait(rw_mutex& m, detail::turn_wait& w) noexcept {
      return m.read_or_wait(w);
    }
    static void undo(rw_mutex& m) { m.unlock_shared(); }
  };

  template <class As, class Guard = void>
  class verb {
   public:
    explicit verb(rw_mutex& home) noexcept : mutex_(&home) {}
    detail::wait_list& home() const noexcept { return *mutex_; }
    bool try_now() const noexcept { return As::try_now(*mutex_); }
    bool now_or_wait(detail::turn_wait& w) const noexcept { return As::now_or_wait(*mutex_, w); }
    void pass_on() const { As::undo(*mutex_); }
    auto result() const noexcept {
      if constexpr (!std::is_void_v<Guard>) return Guard(*mutex_);
    }

   private:
    rw_mutex* mutex_;
  };
  bool write_or_wait(detail::turn_wait& w) noexcept;
  bool read_or_wait(detail::turn_wait& w) noexcept;
  bool may_write() const noexcept { return !written_ && readers_ == 0; }  // [holder]
  bool may_read() const noexcept { return !written_ && empty(); }         // [holder]
  void admit(detail::wake_list& woken) noexcept;                          // [holder]
  void after_removal(detail::wake_list& woken) noexcept override { admit(woken); }

  bool written_ = false;  // guarded by lock_, as the next
  std::size_t readers_ = 0;
};

template <>
inline constexpr bool detail::locks_by_await<rw_mutex> = true;

}  // namespace silk
