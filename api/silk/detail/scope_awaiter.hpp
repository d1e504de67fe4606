// scope_awaiter<T>: runs one task as part of the awaiting task, but in a context of its own, so that
// it can be cancelled apart from it. Timeouts and task groups are made of it.
//
// A cancel of the awaiting task goes to the body, as to any code of the task: the body may swallow it, and
// then the scope is none the wiser. What the body has not seen when it ends, or what comes later while the
// scope waits for others, the scope throws.
#pragma once

#include "../errors.hpp"
#include "../task.hpp"
#include "fork_awaiter.hpp"

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>
#include <utility>

namespace silk::detail {

// Whether the task that awaits the scope was asked to stop meanwhile.
enum class asked_from_above : std::uint8_t {
  no,      // or the body has taken it back
  seen,    // it was thrown in the body, which may have answered with a value
  unseen,  // the scope's own await is to throw it
};

template <class T>
class scope_awaiter : public fork_awaiter {
 public:
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    enter_scope(waiting.promise());
    return fork_awaiter::await_suspend(waiting);
  }

 protected:
  scope_awaiter(task<T>&& body, fork_outsiders& others, std::uint32_t outsider_count)
      : fork_awaiter(storage_, sizeof(fork_slot<T>), 1, on_failure::keep_going) {
    fill(storage_, std::move(body));
    child(0).role = fork_role::scope;
    accompany(others, outsider_count);
  }
  ~scope_awaiter() {
    destroy_slot<T>(0);
    drop_reason();
  }

  // Before the start. [task]
  void enter_scope(promise_base& waiting) noexcept {
    entered_with_ = waiting.context->seen_requests();
    note_running(child(0));  // a plain function in the body may throw what is pending there
  }
  fork_slot<T>& body() noexcept { return slot<T>(0); }
  bool started() const noexcept { return !is(unstarted); }
  // Once, after the end. [task]
  asked_from_above leave_scope() noexcept {
    if (leave_wait() || body().pending_from_above()) return asked_from_above::unseen;
    // relaxed: after the join. A request that is still on its way then is none of ours.
    if (!is(cancel_requested)) return asked_from_above::no;
    return parent->context->all_requests() > entered_with_ ? asked_from_above::seen
                                                           : asked_from_above::no;
  }
  [[noreturn]] void throw_cancelled_from_above(std::source_location where) {
    if (body().held != outcome::cancelled) throw_cancelled(*parent->context, where);
    throw_cancelled(*parent->context, body().slot.error(), where);
  }

  // What comes out of a timeout: the table in docs/cancellation.md.
  T end_in_time(bool time_was_up, asked_from_above asked, std::source_location where) {
    if (body().held == outcome::error) {
      if (asked == asked_from_above::unseen) parent->context->give_back_pending();  // keeps C3
      std::rethrow_exception(body().slot.error());
    }
    if (asked == asked_from_above::unseen) throw_cancelled_from_above(where);
    if (body().held == outcome::value) return take_body_value();
    if (asked == asked_from_above::seen) throw_cancelled_from_above(where);
    if (time_was_up) throw timeout_error(error_of(body()));
    rethrow_at(error_of(body()), where);
  }

  T take_body_value() {
    if constexpr (!std::is_void_v<T>) return std::move(body().slot.value());
  }

 private:
  alignas(fork_slot<T>) std::byte storage_[sizeof(fork_slot<T>)];
  std::uint32_t entered_with_ = 0;  // requests of the task
};

}  // namespace silk::detail
