// future<T>: an outcome that may not be there yet; any number may wait for it.
#pragma once

#include "context.hpp"
#include "detail/awaitable.hpp"
#include "detail/future_core.hpp"
#include "errors.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

struct future_access;

// Awaiting a future or a handle. A cancel of the awaiting task is passed on to what it waits for, as
// asyncio does, and the await ends when that ends; shield() is there for the other wish.
class future_wait : public native_awaiter, private wait, private waiter {
 public:
  explicit future_wait(future_core& core) noexcept
      : wait(pass_cancel_on), waiter(wake_waiting), core_(core) {}

  bool await_ready() const noexcept { return core_.done(); }

  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return suspend(waiting.promise());
  }

 protected:
  // True: a cancel of this very await is due. [task]
  bool leave() noexcept {
    // null: never suspended, since it was done, or is the awaiting task itself
    return waiting_ != nullptr && waiting_->context->leave_wait();
  }
  // Apart from the good end, which has no use for `where` then.
  [[noreturn, gnu::cold]] void throw_end(bool cancel_due, std::source_location where);
  future_core& core() const noexcept { return core_; }

 private:
  friend await_access;
  bool suspend(promise_base& waiting) noexcept;
  static cancel_answer pass_cancel_on(wait& self, cancel_requests& requests) noexcept;
  static engine::job* wake_waiting(waiter& self) noexcept;

  future_core& core_;
  promise_base* waiting_ = nullptr;
};

template <class T>
class [[nodiscard]] future_awaiter : public future_wait {
 public:
  using future_wait::future_wait;
  const stored<T>& resume(std::source_location where) {
    const bool cancel_due = leave();
    if (cancel_due || core().state() != outcome::value) [[unlikely]]
      throw_end(cancel_due, where);
    return static_cast<future_state<T>&>(core()).slot.value();
  }
};

// Of a future that stays with its owner: gives a reference to the value in it.
template <class T>
struct future_peek_awaiter : future_awaiter<T> {
  using future_awaiter<T>::future_awaiter;
  std::conditional_t<std::is_void_v<T>, void, const stored<T>&> await_resume(
      std::source_location where = std::source_location::current()) {
    const stored<T>& value = this->resume(where);
    if constexpr (!std::is_void_v<T>) return value;
  }
};

// Copies when others may still look at the value, if it can be copied; else moves.
template <class T>
T take_value(future_state<T>& state) {
  if constexpr (std::is_copy_constructible_v<T>) {
    if (!state.has_one_owner()) return state.slot.value();
  }
  return std::move(state.slot.value());
}

// Of a future that is given up: takes the value with it.
template <class T>
struct future_take_awaiter : future_awaiter<T> {
  explicit future_take_awaiter(core_ptr<future_state<T>> state) noexcept
      : future_awaiter<T>(*state), state_(std::move(state)) {}
  T await_resume(std::source_location where = std::source_location::current()) {
    this->resume(where);
    if constexpr (!std::is_void_v<T>) return take_value(*state_);
  }

 private:
  core_ptr<future_state<T>> state_;
};

template <class T, class F>
class done_callback final : public done_callbacks::entry {
 public:
  template <class Function>
  explicit done_callback(std::in_place_t, Function&& function)
      : function_(std::forward<Function>(function)) {}
  void call(future_core& done) override;

 private:
  F function_;
};

// The runtime that calls back: the caller's, else the future's own; a usage_error if there is none.
std::uint32_t callback_runtime(const future_core& of);

}  // namespace detail

/// Names one callback of one future.
class callback_token {
 public:
  callback_token() noexcept = default;

 private:
  template <class T>
  friend class future;
  explicit callback_token(std::uint64_t id) noexcept : id_(id) {}
  std::uint64_t id_ = 0;
};

/// The shared view of an outcome: value, exception, or cancelled. Made by promise<T>::get_future(), and
/// what a join_handle<T> is.
///
/// Copies refer to the same outcome. A default-constructed or moved-from future refers to nothing; its
/// members that need an outcome throw usage_error.
///
/// Threads   every member may be called from any thread; co_await only in a task.
/// Lifetime  independent of the runtime and of the promise. A dropped promise completes its future
///           with broken_promise.
template <class T = void>
class future {
  static_assert(detail::is_task_value<T>, "future<T>: T must be void or a plain object type");

 public:
  /// The type of the value, or void.
  using value_type = T;

  future() noexcept = default;

  /// False for one that refers to nothing.
  bool valid() const noexcept { return static_cast<bool>(state_); }
  /// Whether the outcome is there; false for one that refers to nothing.
  bool done() const noexcept { return state_ && state_->done(); }
  /// Whether the outcome is there and is `cancelled`.
  bool is_cancelled() const noexcept { return state_ && detail::is_cancelled(state_->state()); }

  /// Asks for an end by cancellation. A plain future is cancelled at once; the task of a join_handle
  /// sees `silk::cancelled` at its current or next suspension, and may decline. Never runs user code.
  /// False: it was already done, and stays as it is; a failure then counts as retrieved.
  bool cancel(std::string reason = {}) const;

  /// The value. Throws what came out instead, or usage_error when the outcome is not there yet.
  const detail::stored<T>& result() const { return done_state().get(); }

  /// The exception that came out, or null if it was a value. Throws `silk::cancelled` if it was
  /// cancelled, usage_error when the outcome is not there yet.
  std::exception_ptr exception() const {
    auto& state = done_state();
    std::exception_ptr error = state.error();
    if (detail::is_cancelled(state.state())) std::rethrow_exception(error);
    return error;
  }

  /// Waits for the outcome. `co_await f` gives a reference to the value, valid as long as a future to
  /// it exists; `co_await std::move(f)` gives the value itself: moved out if nobody else refers to
  /// it or T cannot be copied (then only one may do so), else copied. Rethrows failures. Cancelling
  /// the awaiting task cancels what it waits for. usage_error in the very task that is behind it.
  auto operator co_await() const& { return detail::future_peek_awaiter<T>(some_state()); }
  /// As above, and takes the value.
  auto operator co_await() && {
    some_state();
    return detail::future_take_awaiter<T>(std::move(state_));
  }

  /// Calls `function(future<T>)` soon on a worker once the outcome is there, at once if it is. Callbacks
  /// of one future are called in the order in which they were added, one after the other.
  ///
  /// Fails    usage_error outside of tasks and callbacks, unless this is a handle, whose runtime then
  ///          calls. An exception that `function` throws reaches the failure handler.
  /// Lifetime `function` is kept until it has been called or removed; never called if the runtime ends
  ///          before the outcome comes, or has ended already.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&, future<T>>
  callback_token add_done_callback(F&& function) const {
    return add_callback(std::forward<F>(function), detail::copied_bindings());
  }
  /// As above, in a given context rather than in a copy of the caller's.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&, future<T>>
  callback_token add_done_callback(const context& in, F&& function) const {
    return add_callback(std::forward<F>(function), detail::context_access::share(in));
  }
  /// True: it was not called yet and never will be. False also for a token that is unknown here.
  bool remove_done_callback(callback_token token) const noexcept {
    return state_ && state_->remove_callback(token.id_);
  }

  /// How many tasks and callbacks wait for the outcome. May be out of date.
  std::size_t waiting() const noexcept { return state_ ? state_->waiters() : 0; }

  /// Where its promise was made, in debug mode, or its task was spawned; line 0 when that is not known.
  std::source_location created_at() const noexcept {
    return state_ ? state_->created_at() : std::source_location{};
  }

  /// Whether both refer to the same outcome.
  friend bool operator==(const future& a, const future& b) noexcept {
    return a.state_.get() == b.state_.get();
  }

 protected:
  friend detail::future_access;
  explicit future(detail::core_ptr<detail::future_state<T>> state) noexcept
      : state_(std::move(state)) {}

  detail::future_state<T>& some_state() const {
    if (!state_)
      throw usage_error("this future refers to nothing: it was default-made or moved from");
    return *state_;
  }
  template <class F>
  callback_token add_callback(F&& function, detail::bindings_ptr in) const {
    auto& state = some_state();
    const std::uint32_t caller = detail::callback_runtime(state);
    auto fresh = std::make_unique<detail::done_callback<T, std::decay_t<F>>>(
        std::in_place, std::forward<F>(function));
    fresh->context = std::move(in);
    return callback_token(state.add_callback(std::move(fresh), caller));
  }
  detail::future_state<T>& done_state() const {
    auto& state = some_state();
    if (!state.done())
      throw usage_error("the outcome is not there yet: await it, or ask done() first");
    return state;
  }

  detail::core_ptr<detail::future_state<T>> state_;
};

namespace detail {

struct future_access {
  template <class T>
  static future<T> make(core_ptr<future_state<T>> state) noexcept {
    return future<T>(std::move(state));
  }
  template <class T>
  static future_state<T>& state(const future<T>& f) {
    return f.some_state();
  }
  template <class T>
  static core_ptr<future_state<T>> share(const future<T>& f) {
    f.some_state();
    return f.state_;
  }
};

reason_ptr make_reason(std::string text);

// Asks and sees to everything that follows from it. [any]
bool cancel_now(future_core& core, reason_ptr reason) noexcept;

// Anything with an outcome: futures and handles.
template <class T>
struct future_traits {
  static constexpr bool is_future = false;
};
template <class T>
  requires std::derived_from<T, future<typename T::value_type>>
struct future_traits<T> {
  static constexpr bool is_future = true;
  using value = typename T::value_type;
};
template <class T>
concept any_future = future_traits<std::remove_cvref_t<T>>::is_future;
template <class T>
using future_value = typename future_traits<std::remove_cvref_t<T>>::value;

}  // namespace detail

template <class T>
bool future<T>::cancel(std::string reason) const {
  auto& state = some_state();
  const bool accepted = detail::cancel_now(state, detail::make_reason(std::move(reason)));
  if (!accepted) state.mark_seen();  // who wanted it to end knows that it has
  return accepted;
}

namespace detail {

template <class T, class F>
void done_callback<T, F>::call(future_core& done) {
  function_(
      future_access::make<T>(core_ptr<future_state<T>>(static_cast<future_state<T>*>(&done))));
}

}  // namespace detail

}  // namespace silk
