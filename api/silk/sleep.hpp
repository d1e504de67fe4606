// sleep, sleep_until, yield: to wait for nothing but time, or for a turn.
#pragma once

#include "detail/awaitable.hpp"
#include "detail/engine.hpp"
#include "time.hpp"

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

// 32 bytes in the frame of a sleeping task, and no allocation.
class [[nodiscard("a sleep must be awaited")]] sleep_awaiter : public native_awaiter, private wait {
 public:
  static constexpr std::uint64_t from_now = std::uint64_t{1} << 63;  // beside a duration

  explicit sleep_awaiter(std::uint64_t deadline_or_duration) noexcept : wait(cancel_timer) {
    timer_.deadline = deadline_or_duration;
  }
  // Before it is awaited, so that it can be spawned or given a timeout.
  sleep_awaiter(sleep_awaiter&& other) noexcept : sleep_awaiter(other.timer_.deadline) {}

  bool await_ready() const noexcept { return false; }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return suspend(waiting.promise());
  }
  void await_resume(std::source_location where = std::source_location::current()) {
    const sleep_end end = come_to_end();
    if (end != sleep_end::in_time) [[unlikely]]
      throw_end(end, where);
  }

 private:
  friend await_access;
  bool suspend(promise_base& waiting) noexcept;
  enum class sleep_end : std::uint8_t { in_time, cancel, no_memory };
  sleep_end come_to_end() noexcept;  // once [task]
  [[noreturn, gnu::cold]] void throw_end(sleep_end end, std::source_location where);
  task_context& context() const noexcept {
    return *static_cast<promise_base*>(timer_.on_fire)->context;
  }
  static cancel_answer cancel_timer(wait& self, cancel_requests& requests) noexcept;

  engine::timer_node timer_;
};

template <class T>
class [[nodiscard("a sleep must be awaited")]] sleep_value_awaiter : public sleep_awaiter {
 public:
  template <class Value>
  sleep_value_awaiter(std::uint64_t deadline_or_duration, Value&& value)
      : sleep_awaiter(deadline_or_duration), value_(std::forward<Value>(value)) {}
  T await_resume(std::source_location where = std::source_location::current()) {
    sleep_awaiter::await_resume(where);
    return std::move(value_);
  }

 private:
  T value_;
};

// Goes to the end of this worker's queue; no timer, and no wait that a cancel could claim: it is thrown
// when the turn comes. A cancel of a task above must find its way here all the same.
class [[nodiscard("a yield must be awaited")]] yield_awaiter : public native_awaiter {
 public:
  bool await_ready() const noexcept { return false; }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiting_ = &waiting.promise();
    link_ancestors(*waiting_->context);
    engine::current_worker()->push_instead_of_me(waiting_->make_resumable());
  }
  void await_resume(std::source_location where = std::source_location::current()) {
    if (waiting_->context->take_pending()) [[unlikely]]
      throw_cancelled(*waiting_->context, where);
  }

 private:
  promise_base* waiting_ = nullptr;
};

}  // namespace detail

/// Suspends the task for at least `d` of its runtime's time; for a zero or negative `d`, for one turn,
/// as yield().
///
/// Fails     std::invalid_argument for a floating-point duration that is not a number.
/// Cancelled at once, and the timer is gone when `silk::cancelled` is thrown.
/// Threads   in tasks only. Never early; late by what the machine needs (README.md has figures).
template <class Rep, class Period>
detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> d);

/// As above, and gives `value`, which is kept meanwhile.
template <class Rep, class Period, class T>
detail::sleep_value_awaiter<std::decay_t<T>> sleep(std::chrono::duration<Rep, Period> d, T&& value);

template <class N, class... Value>
  requires std::is_arithmetic_v<N>
void sleep(N, Value&&...) = delete;  // a number has no unit: sleep(5s), sleep(100ms); or yield()

/// As sleep, until a point on the runtime's clock.
inline detail::sleep_awaiter sleep_until(time_point deadline) noexcept {
  return detail::sleep_awaiter(detail::deadline_at(deadline));
}

/// Lets everything else that is runnable on this worker have a turn first.
///
/// Cancelled if a cancel is pending when the task's turn comes.
inline detail::yield_awaiter yield() noexcept { return {}; }

namespace detail {
// What a sleep_awaiter is made of.
template <class Rep, class Period>
std::uint64_t ticks_of(std::chrono::duration<Rep, Period> d) {
  const duration rounded = std::max(to_duration(d), duration::zero());
  return sleep_awaiter::from_now | static_cast<std::uint64_t>(rounded.count());
}
}  // namespace detail

template <class Rep, class Period>
detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) {
  return detail::sleep_awaiter(detail::ticks_of(d));
}
template <class Rep, class Period, class T>
detail::sleep_value_awaiter<std::decay_t<T>> sleep(std::chrono::duration<Rep, Period> d,
                                                   T&& value) {
  return {detail::ticks_of(d), std::forward<T>(value)};
}

}  // namespace silk
