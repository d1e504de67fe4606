// semaphore, bounded_semaphore: so many tasks at a time.
//
// S1: while a task waits, no permit is free. acquire takes a free one before it waits, release hands
//     permits to waiters before it frees any.
#pragma once

#include "detail/turn_guard.hpp"
#include "detail/wait_list.hpp"

#include <cstddef>
#include <limits>

namespace silk {

/// A number of permits that tasks take and give back. What asyncio calls Semaphore.
///
/// Waiters get permits in the order in which they asked, handed over directly: whoever asks after a
/// release() cannot overtake one that was waiting. A permit belongs to nobody in particular, and
/// release() may be called without having acquired one: that adds a permit.
///
/// Threads   acquire() and scoped() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class semaphore : private detail::wait_list {
  struct releases {
    void operator()(semaphore& held) const { held.release(); }
  };

 public:
  /// Releases one permit at its end, or in its unlock().
  using guard = detail::turn_guard<semaphore, releases>;

  /// std::invalid_argument if `permits` is negative.
  explicit semaphore(std::ptrdiff_t permits = 1)
      : semaphore(permits, std::numeric_limits<std::ptrdiff_t>::max()) {}

  /// `co_await s.acquire()`: one permit is the awaiting task's. Pair it with release(), or use scoped().
  ///
  /// Finishes  at once, without suspending, when a permit is free.
  /// Cancelled the task does not have a permit; if it had been handed one already, that goes to the next
  ///           one.
  auto acquire() noexcept { return detail::turn_operation<acquire_verb>(acquire_verb(*this)); }

  /// `const auto hold = co_await s.scoped();` has a permit until `hold` is gone. Otherwise as acquire().
  auto scoped() noexcept { return detail::turn_operation<scoped_verb>(scoped_verb(*this)); }

  /// Takes a permit if one is free. Never waits.
  [[nodiscard]] bool try_acquire() noexcept;

  /// Hands `n` permits to the tasks that have waited longest, and frees what is left over.
  ///
  /// Fails     std::invalid_argument, and nothing has changed, if `n` is negative or there would be more
  ///           permits than can be counted; with a bounded_semaphore, more than there were at first.
  void release(std::ptrdiff_t n = 1);

  /// True when acquire() would wait.
  bool is_locked() const noexcept { return available() == 0; }
  /// How many permits are free; one that is being handed over is not. May be out of date.
  std::ptrdiff_t available() const noexcept;
  /// How many tasks wait. May be out of date.
  std::size_t waiting() const noexcept;

 protected:
  semaphore(std::ptrdiff_t permits, std::ptrdiff_t bound);

 private:
  class acquire_verb {
   public:
    explicit acquire_verb(semaphore& home) noexcept : semaphore_(&home) {}
    detail::wait_list& home() const noexcept { return *semaphore_; }
    bool try_now() const noexcept { return semaphore_->try_acquire(); }
    bool now_or_wait(detail::turn_wait& w) const noexcept { return semaphore_->take_or_wait(w); }
    void pass_on() const { semaphore_->release(); }
    void result() const noexcept {}

   protected:
    semaphore* semaphore_;
  };
  struct scoped_verb : acquire_verb {
    using acquire_verb::acquire_verb;
    guard result() const noexcept { return guard(*semaphore_); }
  };

  bool take_or_wait(detail::turn_wait& w) noexcept;

  const std::ptrdiff_t bound_;
  std::ptrdiff_t free_;  // guarded by lock_
};

/// A semaphore that knows how many permits there are: to release more than have been acquired is an
/// error. What asyncio calls BoundedSemaphore.
class bounded_semaphore : public semaphore {
 public:
  /// std::invalid_argument if `permits` is negative.
  explicit bounded_semaphore(std::ptrdiff_t permits = 1) : semaphore(permits, permits) {}
};

}  // namespace silk
