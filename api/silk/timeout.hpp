// with_timeout, with_deadline: to work for so long and no longer.
#pragma once

#include "detail/observe_wait.hpp"
#include "detail/scope_awaiter.hpp"
#include "detail/watch_group.hpp"
#include "future.hpp"
#include "spawn.hpp"
#include "time.hpp"

#include <chrono>
#include <concepts>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

// The timer of a timeout: an outsider of the scope's group. When it fires it cancels the body and
// arrives; when the body ends first it is taken back.
class timeout_timer final : public fork_outsiders {
 public:
  void arm(engine::pool& pool, fork_group& group, std::uint64_t deadline) noexcept;
  bool expired() const noexcept { return expired_; }  // after the join
  std::uint64_t child_ended(fork_base& ended) noexcept override;
  void cancel(cancel_requests&) noexcept override {}  // the body's end takes the timer back

 private:
  struct fired_job : engine::job {
    timeout_timer* timer = nullptr;
  };
  static void fired(engine::job& self) noexcept;

  engine::timer_node node_;
  fired_job job_;
  engine::pool* pool_ = nullptr;
  fork_group* group_ = nullptr;
  bool expired_ = false;
};

struct timeout_timer_base {
  timeout_timer timer;
};

template <class T>
task<T> await_future(future<T> awaited) {
  co_return co_await std::move(awaited);
}

// What spawn would make a task of.
template <class What>
concept becomes_a_task = !any_task<What> && !any_future<What> && makes_a_task<What>;

enum class when_late : std::uint8_t { do_not_start, start_and_cancel };

// What is watched lives on its own, and may be done already.
template <class What>
inline constexpr when_late late_start_of =
    std::derived_from<std::remove_cvref_t<What>, observe_wait> ||
            std::derived_from<std::remove_cvref_t<What>, watch_group>
        ? when_late::start_and_cancel
        : when_late::do_not_start;

template <class T>
class [[nodiscard("a timeout must be awaited")]] timeout_awaiter : private timeout_timer_base,
                                                                   public scope_awaiter<T> {
 public:
  timeout_awaiter(task<T> body, duration from_now, when_late late)
      : scope_awaiter<T>(std::move(body), this->timer, 1), from_now_(from_now), late_(late) {}
  timeout_awaiter(task<T> body, time_point deadline, when_late late)
      : scope_awaiter<T>(std::move(body), this->timer, 1),
        deadline_(deadline_at(deadline)),
        late_(late) {}

  bool await_ready() noexcept {
    const engine::clock& clock = engine::current_worker()->owner().time();
    bool is_over = false;  // by one look at the clock, which is a fifth of what all this takes
    if (deadline_ == 0) {
      deadline_ = deadline_after(clock, from_now_);
      is_over = from_now_ <= duration::zero();
    } else {
      is_over = deadline_ <= clock.now();
    }
    return is_over && late_ == when_late::do_not_start;
  }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    this->enter_scope(waiting.promise());
    const bool enters = this->begin_before_outsiders(waiting.promise()) != nullptr;
    this->timer.arm(engine::current_worker()->owner(), *this, deadline_);
    return enters ? this->child(0).coroutine->handle() : this->start_through_the_loop();
  }
  T await_resume(std::source_location where = std::source_location::current()) {
    if (!this->started()) throw timeout_error();
    const asked_from_above asked = this->leave_scope();
    return this->end_in_time(this->timer.expired(), asked, where);
  }

 private:
  std::uint64_t deadline_ = 0;  // 0: not known yet
  duration from_now_{};
  when_late late_;
};

}  // namespace detail

/// Runs `body` as part of the awaiting task, for at most `d`.
///
/// Finishes  when the body has ended, never earlier: gives its value. With a zero or negative `d` the
///           body is not started.
/// Fails     timeout_error when the time was up and the body, asked to stop, ended cancelled. If it
///           answers with a value or with another exception, that is what comes out.
/// Cancelled the body is, as code of the awaiting task: its answer comes out. If it ends cancelled, that is
///           `silk::cancelled`, also when the time was up as well; a body that swallows the cancel may
///           give a value. One that comes too late for the body to see it is thrown here.
/// Threads   in tasks only. Costs a timer that is armed and taken back; no allocation.
/// Lifetime  the body may use the caller's locals.
template <class Rep, class Period, class T>
detail::timeout_awaiter<T> with_timeout(std::chrono::duration<Rep, Period> d, task<T> body) {
  return {std::move(body), detail::to_duration(d), detail::when_late::do_not_start};
}

template <class Number, class Work>
  requires std::is_arithmetic_v<Number>
void with_timeout(Number, Work&&) = delete;  // a number has no unit: with_timeout(5s, work)

/// As with_timeout, until a point on the runtime's clock.
template <class T>
detail::timeout_awaiter<T> with_deadline(time_point deadline, task<T> body) {
  return {std::move(body), deadline, detail::when_late::do_not_start};
}

/// Waits for a task or future that lives on its own, for at most `d`; then cancels it, waits for it,
/// and throws timeout_error. shield() it if it shall live on. If it is done already its result is
/// given, however short `d` is.
template <class Rep, class Period, detail::any_future Future>
auto with_timeout(std::chrono::duration<Rep, Period> d, Future awaited) {
  using T = detail::future_value<Future>;
  return detail::timeout_awaiter<T>(detail::await_future(future<T>(std::move(awaited))),
                                    detail::to_duration(d), detail::when_late::start_and_cancel);
}
/// As above, until a point on the runtime's clock.
template <detail::any_future Future>
auto with_deadline(time_point deadline, Future awaited) {
  using T = detail::future_value<Future>;
  return detail::timeout_awaiter<T>(detail::await_future(future<T>(std::move(awaited))), deadline,
                                    detail::when_late::start_and_cancel);
}

/// As with_timeout(d, task), for a callable that gives a task, which is kept until that has ended, or
/// anything else that can be awaited and moved: `with_timeout(1s, queue.get())`.
template <class Rep, class Period, detail::becomes_a_task What>
auto with_timeout(std::chrono::duration<Rep, Period> d, What&& what) {
  return with_timeout(d, detail::make_task(std::forward<What>(what)));
}
/// As above, until a point on the runtime's clock.
template <detail::becomes_a_task What>
auto with_deadline(time_point deadline, What&& what) {
  return with_deadline(deadline, detail::make_task(std::forward<What>(what)));
}

/// As with_timeout(d, task), for an await that cannot be moved: `with_timeout(1s, gather(a(), b()))`, a
/// shield, `next()` of a generator. When the time is up it is cancelled, as it is by a cancel of the task:
/// a gather passes that on, a shield lets go. What watches futures or handles takes their results however
/// short `d` is.
///
/// Lifetime  await it in the expression that makes it: it refers to what it is given.
template <class Rep, class Period, detail::stays_where_it_is What>
detail::timeout_awaiter<detail::awaited_value<What>> with_timeout(
    std::chrono::duration<Rep, Period> d, What&& what) {
  return {detail::child_that_awaits<What>(what), detail::to_duration(d),
          detail::late_start_of<What>};
}
/// As above, until a point on the runtime's clock.
template <detail::stays_where_it_is What>
detail::timeout_awaiter<detail::awaited_value<What>> with_deadline(time_point deadline,
                                                                   What&& what) {
  return {detail::child_that_awaits<What>(what), deadline, detail::late_start_of<What>};
}

}  // namespace silk
