// event: tasks that wait until something has happened.
#pragma once

#include "detail/wait_list.hpp"

#include <cstddef>

namespace silk {

/// A flag that tasks can wait for. What asyncio calls Event.
///
/// Threads   wait() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class event : private detail::wait_list {
 public:
  event() noexcept = default;

  /// `co_await e.wait()`.
  ///
  /// Finishes  at once, without suspending, when the event is set. A task that waits when set() is called
  ///           goes on even if clear() follows before it runs.
  /// Cancelled at once; the event stays as it is.
  auto wait() noexcept { return detail::turn_operation<wait_verb>(wait_verb(*this)); }

  /// Lets all that wait go on, in the order in which they came, and all that come from now on.
  void set() noexcept;
  /// Those that come from now on wait.
  void clear() noexcept;

  /// True from set() until clear(). May be out of date.
  bool is_set() const noexcept;
  /// How many tasks wait. May be out of date.
  std::size_t waiting() const noexcept;

 private:
  class wait_verb {
   public:
    explicit wait_verb(event& home) noexcept : event_(&home) {}
    detail::wait_list& home() const noexcept { return *event_; }
    bool try_now() const noexcept { return event_->is_set(); }
    bool now_or_wait(detail::turn_wait& w) const noexcept { return event_->go_or_wait(w); }
    void pass_on() const noexcept {}  // there is enough for everybody
    void result() const noexcept {}

   private:
    event* event_;
  };

  bool go_or_wait(detail::turn_wait& w) noexcept;

  bool set_ = false;  // guarded by lock_
};

}  // namespace silk
