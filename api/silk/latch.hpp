// latch: counts down to zero once, and lets everybody through from then on.
#pragma once

#include "detail/wait_list.hpp"
#include "errors.hpp"

#include <cstddef>

namespace silk {

/// What std::latch is for threads: tasks wait until so many steps have been made. It cannot be reset;
/// see barrier for that.
///
/// Threads   wait() and arrive_and_wait() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class latch : private detail::wait_list {
 public:
  /// `count` steps are to be made; std::invalid_argument if it is negative.
  explicit latch(std::ptrdiff_t count);

  /// Makes `n` steps; at zero all that wait go on. usage_error when fewer than `n` are left, and
  /// std::invalid_argument for a negative `n`; nothing has changed then.
  void count_down(std::ptrdiff_t n = 1);

  /// `co_await l.wait()`.
  ///
  /// Finishes  when the count is zero: without suspending if it is so already.
  /// Cancelled at once; the count stays as it is.
  auto wait() noexcept { return detail::turn_operation<wait_verb>(wait_verb(*this)); }

  /// count_down(), when it is awaited, then wait(). A task that is cancelled while it waits has been
  /// counted nevertheless.
  auto arrive_and_wait() noexcept {
    return detail::turn_operation<arrive_verb>(arrive_verb(*this));
  }

  /// Whether the count is zero.
  [[nodiscard]] bool try_wait() const noexcept { return count() == 0; }
  /// How many steps are left. May be out of date.
  std::ptrdiff_t count() const noexcept;
  /// How many tasks wait. May be out of date.
  std::size_t waiting() const noexcept;

 private:
  class wait_verb {
   public:
    explicit wait_verb(latch& home) noexcept : latch_(&home) {}
    detail::wait_list& home() const noexcept { return *latch_; }
    bool try_now() const noexcept { return latch_->try_wait(); }
    bool now_or_wait(detail::turn_wait& w) const noexcept { return latch_->go_or_wait(w); }
    void pass_on() const noexcept {}  // there is enough for everybody
    void result() const noexcept {}

   protected:
    latch* latch_;
  };
  struct arrive_verb : wait_verb {
    using wait_verb::wait_verb;
    void arrive() const { latch_->count_down(); }
    bool try_now() const {
      arrive();
      return latch_->try_wait();
    }
  };

  bool go_or_wait(detail::turn_wait& w) noexcept;

  std::ptrdiff_t count_;  // guarded by lock_
};

}  // namespace silk
