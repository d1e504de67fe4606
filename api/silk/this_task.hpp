// this_task: what a task may ask about itself.
#pragma once

#include "detail/awaitable.hpp"

#include <string>

namespace silk::this_task {

namespace detail {

// Not a suspension: only finds the promise of the coroutine that asks.
template <class Answer>
class [[nodiscard]] question : public silk::detail::native_awaiter {
 public:
  using ask = Answer (*)(silk::detail::task_context&);
  explicit question(ask asked) noexcept : asked_(asked) {}
  bool await_ready() const noexcept { return false; }
  using silk::detail::native_awaiter::await_suspend;
  template <std::derived_from<silk::detail::promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    context_ = waiting.promise().context;
    return false;
  }
  Answer await_resume() { return asked_(*context_); }

 private:
  ask asked_;
  silk::detail::task_context* context_ = nullptr;
};

std::string ask_name(silk::detail::task_context& context);
unsigned ask_cancelling(silk::detail::task_context& context);
unsigned ask_uncancel(silk::detail::task_context& context);

}  // namespace detail

/// `co_await this_task::name()`: the name of the spawned task that this coroutine is part of.
inline detail::question<std::string> name() noexcept {
  return detail::question<std::string>(detail::ask_name);
}

/// `co_await this_task::cancelling()`: how many requests to cancel have been accepted and not taken
/// back.
inline detail::question<unsigned> cancelling() noexcept {
  return detail::question<unsigned>(detail::ask_cancelling);
}

/// `co_await this_task::uncancel()`: takes one request back, as a task does that caught
/// `silk::cancelled` and means to go on; gives how many remain. One that was not delivered yet is
/// dropped when none remain. The inside of a timeout or group is part of the task, and so are its requests.
inline detail::question<unsigned> uncancel() noexcept {
  return detail::question<unsigned>(detail::ask_uncancel);
}

}  // namespace silk::this_task
