// observe_wait: waits for a future without being responsible for it: a cancelled observer lets go.
#pragma once

#include "awaitable.hpp"
#include "future_core.hpp"

#include <source_location>
#include <utility>

namespace silk::detail {

enum class let_go : std::uint8_t {
  when_cancelled,         // shield
  when_a_sibling_failed,  // a handle given to gather among tasks; other cancels are passed on
  unless_it_gives_up,     // to_thread: it is cancelled if it has not begun
};

class observe_wait : public native_awaiter, private wait, private waiter {
 public:
  observe_wait(future_core& core, let_go policy) noexcept
      : wait(on_cancel), waiter(wake_waiting), core_(core), policy_(policy) {}

  bool await_ready() const noexcept { return core_.done(); }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return enter(waiting.promise()) && watch();
  }

 protected:
  // A suspension in two steps; both say whether the task is suspended.
  bool enter(promise_base& waiting) noexcept;  // from now on a cancel finds us [task]
  bool watch() noexcept;                       // from now on completion does [task]
  void check(
      std::source_location where);  // throws `cancelled` if that is how the wait ended [task]

 private:
  friend await_access;
  bool passes_on() const noexcept;
  static cancel_answer on_cancel(wait& self, cancel_requests& requests) noexcept;
  static engine::job* wake_waiting(waiter& self) noexcept;

  future_core& core_;
  promise_base* waiting_ = nullptr;
  let_go policy_;
  bool cancelled_ = false;
};

template <class T>
class observe_awaiter : public observe_wait {
 public:
  observe_awaiter(core_ptr<future_state<T>> state, let_go policy) noexcept
      : observe_wait(*state, policy), state_(std::move(state)) {}
  T await_resume(std::source_location where = std::source_location::current()) {
    this->check(where);
    if (state_->state() != outcome::value) [[unlikely]]
      rethrow_at(state_->error(), where);
    stored<T>& value = state_->slot.value();
    if constexpr (!std::is_void_v<T>) {
      if constexpr (std::is_copy_constructible_v<T>) {
        return value;
      } else {
        return std::move(value);
      }
    }
  }

 protected:
  future_state<T>& state() noexcept { return *state_; }

 private:
  core_ptr<future_state<T>> state_;
};

}  // namespace silk::detail
