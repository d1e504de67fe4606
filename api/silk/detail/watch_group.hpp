// watch_group: one task that waits for any number of futures that live on their own.
//
// Used by wait() and gather(handles...). Each future gets a waiter; the first reason to go on (enough
// outcomes, the timer, a cancel) triggers, once; the task then takes its waiters out of the futures
// that are still pending. Three parties may meet:
//
//   bits:  triggered 1   somebody had a reason to go on
//          ready     2   registration is over: the task is suspended, whoever may wake it does
//          timer     4   the timer's job has run and will not touch us again
//          cancelled 8   a cancel is why it goes on
//          hold     16   and more: cancellers who are about to tell the futures, each adds one
//
// W1: the task is woken once, by the trigger if `ready` was set and nobody held it; by the last holder
//     to let go; if the timer could not be taken back any more, by the timer's job instead; and not at
//     all if registration found `triggered`: then it does not suspend, unless the timer's job is on
//     its way and will wake it. Nobody holds a group that has a timer.
// W2: `ready` is set by the last touch of the registering side.
//
// Edges   E:watch      every RMW on bits_        -> every later one
#pragma once

#include "../time.hpp"
#include "awaitable.hpp"
#include "engine.hpp"
#include "future_core.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace silk::detail {

enum class watch_until : std::uint8_t {
  first_completed,
  first_exception,
  first_failure,
  all_completed
};
enum class watch_cancel : std::uint8_t { leaves_them, cancels_them };

class watch_group : public native_awaiter, private wait {
 public:
  // The futures are the derived class's to keep alive.
  watch_group(std::vector<future_core*> futures, watch_until until, watch_cancel on_cancel);
  ~watch_group();

  // At most this long; a negative or zero duration means: look, let others run once, look again.
  void set_timeout(duration d) noexcept { timeout_ = d; }

  bool await_ready() const noexcept { return false; }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return suspend(waiting.promise());
  }

 protected:
  // Takes every waiter back; throws `cancelled` if that is how the wait ended. [task]
  void finish(std::source_location where);
  std::span<future_core* const> futures() const noexcept { return futures_; }

 private:
  friend await_access;
  friend cancel_requests;
  static constexpr std::uint32_t triggered = 1;
  static constexpr std::uint32_t ready = 2;
  static constexpr std::uint32_t timer_ran = 4;
  static constexpr std::uint32_t cancelled = 8;
  static constexpr std::uint32_t hold = 16;

  struct member : waiter {
    member() noexcept : waiter(member_completed) {}
    watch_group* group = nullptr;
    future_core* core = nullptr;
  };
  struct timeout_job : engine::job {
    watch_group* group = nullptr;
  };

  bool suspend(promise_base& waiting) noexcept;
  void register_all() noexcept;
  bool was_cancelled() const noexcept {
    // relaxed: whoever set it happens before our resumption
    return (bits_.load(sync::memory_order_relaxed) & cancelled) != 0;
  }
  bool looks_once() const noexcept { return timeout_ <= duration::zero(); }
  bool queue_look() noexcept;
  bool arm_timer() noexcept;
  bool end_registration(bool timer_armed) noexcept;
  bool counts(outcome reached) noexcept;
  engine::job* trigger() noexcept;
  bool timer_is_out_of_the_way() noexcept;
  static engine::job* member_completed(waiter& self) noexcept;
  static void timer_fired(engine::job& self) noexcept;
  static cancel_answer on_cancel(wait& self, cancel_requests& requests) noexcept;
  cancel_answer tell_members(cancel_requests& requests) noexcept;
  void drop_hold() noexcept;  // [holder]

  std::vector<future_core*> futures_;
  std::unique_ptr<member[]> members_;
  std::size_t registered_ = 0;
  watch_until until_;
  watch_cancel cancel_policy_;
  duration timeout_ = duration::max();  // max: none
  sync::atomic<std::size_t> outstanding_;
  sync::atomic<std::uint32_t> bits_{0};
  engine::pool* pool_ = nullptr;
  promise_base* waiting_ = nullptr;
  engine::timer_node timer_;
  timeout_job timeout_job_;
};

}  // namespace silk::detail
