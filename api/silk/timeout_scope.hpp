// timeout_scope: a time limit that can be looked at and moved while the work goes on.
//
//   created --run--> active --deadline, or moved to the past--> expiring --body ended--> expired
//                       `------------------ body ended -------------------------------> finished
//
// S1: exactly one arrival for the limit in the scope's group: by the body's end if the limit is at
//     rest, else by whoever is at work on the group (a timer's job, a reschedule), when it is done.
#pragma once

#include "detail/scope_awaiter.hpp"
#include "spawn.hpp"
#include "time.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace silk {

/// Where a timeout_scope is in its life.
enum class timeout_state : std::uint8_t {
  created,   ///< not entered yet
  active,    ///< the body runs, and the time is not up
  expiring,  ///< the time is up and the body has been asked to stop
  expired,   ///< left after the time was up
  finished,  ///< left before
};

namespace detail {

// The limit: an outsider of the scope's group.
class time_limit final : public fork_outsiders {
 public:
  explicit time_limit(std::optional<time_point> deadline) noexcept : deadline_(deadline) {
    job_.limit = this;
    job_.run = fired;
  }
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;

  void check_unused() const;
  // If the time was up before, the body will be stopped at its first suspension. [task]
  void enter(fork_group& group, engine::pool& pool) noexcept;
  void move_to(std::optional<time_point> deadline);  // [any]
  // The scope is left. `stopped_body`: the request to stop reached the body. [task]
  bool leave(bool stopped_body) noexcept;

  std::optional<time_point> deadline() const noexcept;  // [any]
  timeout_state state() const noexcept;                 // [any]

  std::uint64_t child_ended(fork_base& ended) noexcept override;
  void cancel(cancel_requests&) noexcept override {}  // the body's end takes the timer back

 private:
  struct timer_job : engine::job {
    time_limit* limit = nullptr;
  };

  static void fired(engine::job& self) noexcept;
  bool time_is_up() const noexcept;  // [holder of lock_]
  void arm();                        // [holder of lock_]
  void arm_or_abort() noexcept;      // [holder of lock_]
  bool disarm() noexcept;            // false: the timer's job is on its way [holder of lock_]
  void expire() noexcept;            // [whoever set at_work_]
  void work_done() noexcept;         // [the same]

  mutable sync::spinlock lock_;
  // Guarded by lock_.
  std::optional<time_point> deadline_;
  timeout_state state_ = timeout_state::created;
  bool armed_ = false;       // the timer is in a wheel or its job is on its way
  bool at_work_ = false;     // somebody uses the group
  bool body_ended_ = false;  // and the group waits for our arrival
  engine::timer_node node_;
  // Set when entered.
  engine::pool* pool_ = nullptr;
  fork_group* group_ = nullptr;
  timer_job job_;
};

template <class T>
class [[nodiscard("a timeout must be awaited")]] timeout_scope_awaiter : public scope_awaiter<T> {
 public:
  timeout_scope_awaiter(task<T> body, time_limit& limit)
      : scope_awaiter<T>(std::move(body), limit, 1), limit_(limit) {}

  bool await_ready() const {
    limit_.check_unused();
    return false;
  }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    limit_.enter(*this, engine::current_worker()->owner());
    return scope_awaiter<T>::await_suspend(waiting);
  }
  T await_resume(std::source_location where = std::source_location::current()) {
    const asked_from_above asked = this->leave_scope();
    const auto& body = this->body();
    const bool expired = limit_.leave(!body.cancel_pending() || body.pending_from_above());
    return this->end_in_time(expired, asked, where);
  }

 private:
  time_limit& limit_;
};

template <class T>
task<T> run_limited(time_limit& limit, task<T> body) {
  co_return co_await timeout_scope_awaiter<T>(std::move(body), limit);
}

}  // namespace detail

/// A time limit for one piece of work that can be read and moved meanwhile. What asyncio calls timeout().
///
///   silk::timeout_scope limit(5s);
///   co_await limit.run([&]() -> silk::task<> { ... limit.reschedule(silk::now() + 5s); ... });
///
/// Threads   every member but run() may be called from any thread.
/// Lifetime  may be entered once, and must outlive run().
class timeout_scope {
 public:
  /// No limit, until one is set.
  timeout_scope() noexcept : limit_(std::nullopt) {}
  /// `d` from now, on the clock of the calling task's runtime. A negative `d` lies in the past.
  template <class Rep, class Period>
  explicit timeout_scope(std::chrono::duration<Rep, Period> d)
      : limit_(detail::point_after(detail::to_duration(d))) {}
  /// Until `deadline` on the clock of the runtime it is used in; std::nullopt: no limit.
  explicit timeout_scope(std::optional<time_point> deadline) noexcept : limit_(deadline) {}

  /// Runs `what`, a task or a callable that gives one, as part of the awaiting task, and gives its
  /// value.
  ///
  /// Starts    at once, also when the time is up already: then it is stopped at its first suspension.
  /// Finishes  when the body has ended, never earlier.
  /// Fails     timeout_error when the time was up and the body ended cancelled because of it;
  ///           usage_error when the scope was entered before.
  /// Cancelled as with_timeout.
  template <class What>
    requires detail::makes_a_task<What>
  task<detail::spawned_value<What>> run(What&& what) {
    return detail::run_limited(limit_, detail::make_task(std::forward<What>(what)));
  }
  /// As above for a callable that takes the scope.
  template <class F>
    requires detail::makes_a_task<F, std::reference_wrapper<timeout_scope>>
  auto run(F&& function) {
    return detail::run_limited(limit_,
                               detail::make_task(std::forward<F>(function), std::ref(*this)));
  }

  /// Moves the limit, or takes it away. One that lies in the past ends the body's wait at once.
  ///
  /// Fails     usage_error unless active; it says what the scope is instead.
  void reschedule(std::optional<time_point> deadline) { limit_.move_to(deadline); }

  /// When the time is, or was, up; empty when there is no limit.
  std::optional<time_point> when() const noexcept { return limit_.deadline(); }
  /// Where it is in its life. May be out of date.
  timeout_state state() const noexcept { return limit_.state(); }
  /// The time was up while the body was at work.
  bool expired() const noexcept {
    const timeout_state now = state();
    return now == timeout_state::expiring || now == timeout_state::expired;
  }

 private:
  detail::time_limit limit_;
};

}  // namespace silk
