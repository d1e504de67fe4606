// task<T>: a coroutine that has not started yet.
#pragma once

#include "detail/awaitable.hpp"
#include "detail/promise.hpp"

#include <coroutine>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {
template <class T>
class call_awaiter;
struct task_access;
}  // namespace detail

/// A lazy coroutine that gives a T, fails, or is cancelled. What asyncio calls a coroutine object.
///
/// Starts    when it is awaited, handed to gather, spawned or run; not before.
/// Finishes  awaiting it runs it as part of the awaiting task, at the cost of a call; the result is
///           what `co_await` gives.
/// Fails     an exception that leaves the body is rethrown, unchanged, at the `co_await`.
/// Cancelled `silk::cancelled` thrown at a suspension inside passes through like an exception.
/// Threads   a task object belongs to one thread at a time; the body may continue on another worker
///           after every suspension.
/// Lifetime  move-only; owns the coroutine until it is started. Arguments passed by reference must
///           outlive it. Destroying a task that was never started destroys the arguments.
///
/// T is void, an object type that can be moved, or std::reference_wrapper<U> for a reference.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited, gathered, spawned or run")]] task {
  static_assert(!std::is_reference_v<T>,
                "task<T&> is not supported: use task<std::reference_wrapper<T>> or task<T*>");
  static_assert(detail::is_task_value<T>, "task<T>: T must be void or a plain object type");

 public:
  /// The type of the result, or void.
  using value_type = T;
  /// What the compiler asks of a coroutine.
  using promise_type = detail::task_promise<T>;

  task(const task&) = delete;  // a task runs once: write std::move(task)
  task& operator=(const task&) = delete;
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      task gone(std::move(*this));
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~task() {
    if (coroutine_ != nullptr) [[unlikely]]
      detail::drop_unstarted(coroutine_.promise());
  }

  /// False once it has been started or moved from.
  explicit operator bool() const noexcept { return coroutine_ != nullptr; }

  /// Runs the coroutine and gives its result. A usage_error if it was started or moved from.
  detail::call_awaiter<T> operator co_await() &&;

 private:
  friend detail::task_access;

  explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

namespace detail {

// The library's own way into a task object.
struct task_access {
  template <class T>
  static task<T> make(std::coroutine_handle<task_promise<T>> coroutine) noexcept {
    return task<T>(coroutine);
  }
  template <class T>
  static void check(const task<T>& given) {
    if (!given) [[unlikely]]
      task_is_gone();
  }
  // Takes the coroutine out; a usage_error if there is none any more.
  template <class T>
  static task_promise<T>& release(task<T>&& from) {
    check(from);
    return std::exchange(from.coroutine_, nullptr).promise();
  }
};

template <class T>
task<T> task_promise_base<T>::get_return_object(std::source_location where) noexcept {
  std::construct_at(&this->defined_at, where);
  auto& self = static_cast<task_promise<T>&>(*this);
  return task_access::make<T>(std::coroutine_handle<task_promise<T>>::from_promise(self));
}

// Awaiting a task: a call. The child inherits the context, so that both are one task.
template <class T>
class [[nodiscard]] call_awaiter : public native_awaiter, private call_receiver<T> {
 public:
  explicit call_awaiter(task_promise<T>& child) noexcept : child_(&child) {}
  ~call_awaiter() {
    if (child_ != nullptr) child_->handle().destroy();
  }

  bool await_ready() const noexcept { return false; }

  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    promise_base& child = *std::exchange(child_, nullptr);
    this->parent = &waiting.promise();
    child.receiver = this;
    child.context = this->parent->context;
    return child.handle();
  }

  T await_resume(std::source_location where = std::source_location::current()) {
    if (this->held != outcome::value) [[unlikely]]
      rethrow_at(this->slot.error(), where);
    if constexpr (!std::is_void_v<T>) return std::move(this->slot.value());
  }

 private:
  task_promise<T>* child_;
};

}  // namespace detail

template <class T>
detail::call_awaiter<T> task<T>::operator co_await() && {
  return detail::call_awaiter<T>(detail::task_access::release(std::move(*this)));
}

namespace detail {

template <class T>
struct task_traits {
  static constexpr bool is_task = false;
};
template <class T>
struct task_traits<task<T>> {
  static constexpr bool is_task = true;
  using value = T;
};

template <class T>
concept any_task = task_traits<std::remove_cvref_t<T>>::is_task;
template <class T>
using task_value = typename task_traits<std::remove_cvref_t<T>>::value;

// A callable whose call gives a task.
template <class F, class... Args>
concept task_function = std::invocable<F, Args...> && any_task<std::invoke_result_t<F, Args...>>;
template <class F, class... Args>
using task_function_value = task_value<std::invoke_result_t<F, Args...>>;

}  // namespace detail

}  // namespace silk

#if defined(SILK_CALL_GRAPH) && SILK_CALL_GRAPH
#include "detail/recorded.hpp"

template <class T, class... Args>
struct std::coroutine_traits<silk::task<T>, Args...> {
  using promise_type = silk::detail::recorded_promise<silk::detail::task_promise<T>>;
};
#endif
