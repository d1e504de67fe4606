// context_var<T>: a variable with a value for each task, inherited by what the task starts.
#pragma once

#include "context.hpp"
#include "detail/awaitable.hpp"
#include "detail/bindings.hpp"
#include "detail/distinct_number.hpp"
#include "errors.hpp"

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace silk {

template <class T>
class context_token;
template <class T>
class context_guard;

namespace detail {

// Not a suspension: finds the task whose variables are to change.
template <class T>
class context_set : public native_awaiter {
 public:
  context_set(const context_var<T>& variable, T value)
      : variable_(variable), value_(std::move(value)) {}
  bool await_ready() const noexcept { return false; }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    context_ = waiting.promise().context;
    return false;
  }

 protected:
  context_token<T> set() {
    bindings_ptr own = own_bindings(*context_);
    return variable_.bind(std::move(own), std::move(value_), &task_around(*context_));
  }

 private:
  const context_var<T>& variable_;
  T value_;
  task_context* context_ = nullptr;
};

template <class T>
struct [[nodiscard]] context_setting : context_set<T> {
  using context_set<T>::context_set;
  context_token<T> await_resume() { return this->set(); }
};

template <class T>
struct [[nodiscard]] scoped_context_setting : context_set<T> {
  using context_set<T>::context_set;
  context_guard<T> await_resume() { return context_guard<T>(this->set()); }
};

}  // namespace detail

/// What a variable was before it was set, for context_var::reset. Works once.
template <class T>
class context_token {
 public:
  context_token(context_token&& other) noexcept = default;
  context_token& operator=(context_token&& other) noexcept = default;

  /// The value before; empty when it was not set.
  std::optional<T> old_value() const {
    if (before_ == nullptr) return std::nullopt;
    return *static_cast<const T*>(before_.get());
  }

 private:
  friend context_var<T>;
  friend context_guard<T>;
  context_token(std::uint64_t variable, detail::bindings_ptr in, detail::bindings::value_ptr before,
                const detail::task_context* made_in) noexcept
      : variable_(variable), in_(std::move(in)), before_(std::move(before)), made_in_(made_in) {}
  void restore() {
    const detail::bindings_ptr in = std::exchange(in_, nullptr);
    if (in != nullptr) in->exchange(variable_, std::move(before_));
  }

  std::uint64_t variable_;
  detail::bindings_ptr in_;  // null: used up
  detail::bindings::value_ptr before_;
  const detail::task_context* made_in_;  // null: in a plain function; only to compare
};

/// Puts the value back that a variable had before, when it goes.
template <class T>
class [[nodiscard]] context_guard {
 public:
  /// For a variable that has been set.
  explicit context_guard(context_token<T> token) noexcept : token_(std::move(token)) {}
  context_guard(context_guard&& other) noexcept = default;
  context_guard& operator=(context_guard&&) = delete;
  ~context_guard() { token_.restore(); }

 private:
  context_token<T> token_;
};

/// A variable that has a value for each task: asyncio's ContextVar. What a task starts begins with what
/// the task sees then, and changes of either are not seen by the other: spawned tasks, children of
/// gather, callbacks, calls of to_thread. The inside of a timeout or of a task_group's scope, and what is
/// merely awaited, are part of the task. Made to live as long as the program, at namespace scope.
///
/// Cost      nothing for tasks that set no variable; get() takes the lock of one task.
/// Threads   every member may be called from any thread.
/// Lifetime  values are destroyed with the last context that holds them; T may be destroyed on any thread.
template <class T>
class context_var {
  static_assert(std::is_object_v<T> && std::copy_constructible<T> && !std::is_const_v<T>,
                "context_var<T>: T must be copyable; for anything else use std::shared_ptr");

 public:
  /// The type of the values.
  using value_type = T;

  /// A variable whose initial value is T().
  context_var()
    requires std::default_initializable<T>
      : context_var(T()) {}
  /// The value of whoever has set none.
  explicit context_var(T initial) : initial_(std::move(initial)) {}
  context_var(const context_var&) = delete;
  context_var& operator=(const context_var&) = delete;

  /// The value that the calling code sees: the one that was set, else the initial one. Works everywhere,
  /// in plain functions that a task calls as well.
  T get() const { return value_in(detail::current_bindings().get()); }
  /// Whether a value was set that the calling code sees.
  bool is_set() const noexcept {
    const detail::bindings_ptr seen = detail::current_bindings();
    return seen != nullptr && seen->find(number_) != nullptr;
  }

  /// `co_await variable.set(value)`: for the rest of this task, and for what it starts from now on. Does
  /// not suspend. Gives a token for reset.
  detail::context_setting<T> set(T value) const {
    return detail::context_setting<T>(*this, std::move(value));
  }
  /// `const auto hold = co_await variable.scoped(value);` sets it until `hold` is gone.
  detail::scoped_context_setting<T> scoped(T value) const {
    return detail::scoped_context_setting<T>(*this, std::move(value));
  }
  /// set(), for plain functions: in callbacks, to_thread and context::run for the rest of the call; on a
  /// thread that runs no tasks, for what it starts. usage_error in a task.
  context_token<T> set_here(T value) const {
    return bind(detail::bindings_of_call(), std::move(value));
  }
  /// Undoes the set() or set_here() that gave the token, in the task or call that did it.
  ///
  /// Fails     std::invalid_argument for a token of another variable, or one that was used; usage_error in
  ///           another task or call, unless both run in one context. A child of gather that has set no
  ///           variable and not suspended yet is taken for its parent.
  void reset(context_token<T>&& token) const {
    if (token.in_ == nullptr) throw std::invalid_argument("context_var: this token has been used");
    if (token.variable_ != number_) {
      throw std::invalid_argument("context_var: this token is of another variable");
    }
    if (!detail::runs_in(token.in_, token.made_in_)) {
      throw usage_error("context_var: this token was made in another context; reset it there");
    }
    token.restore();
  }

 private:
  friend context;
  friend detail::context_set<T>;

  T value_in(const detail::bindings* in) const {
    const auto found = in != nullptr ? in->find(number_) : nullptr;
    return found != nullptr ? *static_cast<const T*>(found.get()) : initial_;
  }
  detail::bindings::value_ptr exchange_in(detail::bindings& in, T value) const {
    return in.exchange(number_, std::make_shared<const T>(std::move(value)));
  }
  context_token<T> bind(detail::bindings_ptr in, T value,
                        const detail::task_context* made_in = nullptr) const {
    auto before = exchange_in(*in, std::move(value));
    return context_token<T>(number_, std::move(in), std::move(before), made_in);
  }

  const std::uint64_t number_ = detail::distinct_number<detail::bindings>();
  const T initial_;
};

}  // namespace silk
