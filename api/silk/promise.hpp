// promise<T>: the producer's end of a future.
#pragma once

#include "detail/debugging.hpp"
#include "future.hpp"

#include <exception>
#include <source_location>
#include <utility>

namespace silk {

namespace detail {

// Some runtime is in debug mode: the one that makes this, too?
[[gnu::cold]] void note_promise(future_core& fresh, std::source_location where) noexcept;

template <class T>
[[gnu::always_inline]] inline future_state<T>* new_future(std::source_location where) {
  auto* const fresh = new future_state<T>(1);
  if (anybody_debugs()) [[unlikely]]
    note_promise(*fresh, where);
  return fresh;
}

}  // namespace detail

/// Completes one future, once. Move-only. Every member may be called from any thread, also from
/// threads that silk does not know; concurrent calls on one object need the usual care.
///
/// Cancelled  a future may be cancelled by those who wait for it; the promise then comes too late:
///            try_set_* say false, set_* throw usage_error.
/// Lifetime   destroying a promise that set nothing completes the future with broken_promise.
template <class T = void>
class promise {
 public:
  /// `where` is kept in debug mode only.
  promise(std::source_location where = std::source_location::current())
      : state_(detail::new_future<T>(where), {}) {}
  promise(promise&&) noexcept = default;
  promise& operator=(promise&& other) noexcept {
    if (this != &other) {
      break_promise();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~promise() { break_promise(); }

  /// The future; may be called any number of times.
  future<T> get_future() const {
    return detail::future_access::make<T>(detail::core_ptr<detail::future_state<T>>(&some_state()));
  }

  /// Whether the future already has its outcome, for instance because it was cancelled.
  bool done() const { return some_state().done(); }

  /// Completes the future with a value made from `args`; usage_error if it already has an outcome. If
  /// making the value throws, that exception arrives here and the future stays pending.
  template <class... Args>
    requires std::is_constructible_v<detail::stored<T>, Args...>
  void set_value(Args&&... args) {
    if (!try_set_value(std::forward<Args>(args)...)) throw_too_late();
  }
  /// As set_value, but says false instead of throwing.
  template <class... Args>
    requires std::is_constructible_v<detail::stored<T>, Args...>
  [[nodiscard]] bool try_set_value(Args&&... args) {
    auto& state = some_state();
    if (!state.try_begin()) return false;
    try {
      state.slot.emplace(std::forward<Args>(args)...);
    } catch (...) {
      state.abandon();
      throw;
    }
    state.complete(detail::outcome::value, detail::after_completion::runs_on);
    return true;
  }

  /// Completes the future with an exception; `error` must not be null. A future that is given a
  /// `silk::cancelled` counts as cancelled.
  void set_exception(std::exception_ptr error) {
    if (!try_set_exception(std::move(error))) throw_too_late();
  }
  /// As set_exception, but says false instead of throwing when there is an outcome already.
  [[nodiscard]] bool try_set_exception(std::exception_ptr error) {
    if (error == nullptr) throw usage_error("set_exception needs an exception, not a null pointer");
    const detail::outcome kind = detail::outcome_of(error);
    auto& state = some_state();
    if (!state.try_begin()) return false;
    state.slot.fail(std::move(error));
    state.complete(kind, detail::after_completion::runs_on);
    return true;
  }

 private:
  detail::future_state<T>& some_state() const {
    if (!state_) throw usage_error("this promise was moved from");
    return *state_;
  }
  void break_promise() noexcept {
    if (state_ && state_->try_begin()) {
      state_->mark_seen();  // nobody may be left to look, and that is no failure
      state_->slot.fail(std::make_exception_ptr(broken_promise()));
      state_->complete(detail::outcome::error, detail::after_completion::runs_on);
    }
  }
  [[noreturn]] static void throw_too_late() {
    throw usage_error("the future already has an outcome (a value, an exception, or cancelled)");
  }

  detail::core_ptr<detail::future_state<T>> state_;
};

}  // namespace silk
