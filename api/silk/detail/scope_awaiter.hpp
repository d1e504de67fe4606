// scope_awaiter<T>: runs one task as part of the awaiting task, but in a context of its own, so that
// it can be cancelled apart from it. Timeouts and task groups are made of it.
#pragma once

#include "../task.hpp"
#include "fork_awaiter.hpp"

#include <source_location>
#include <utility>

namespace silk::detail {

template <class T>
class scope_awaiter : public fork_awaiter {
 protected:
  scope_awaiter(task<T>&& body, fork_outsiders& others, std::uint32_t outsider_count)
      : fork_awaiter(storage_, sizeof(fork_slot<T>), on_failure::keep_going) {
    add(std::move(body));
    child(0).scope = true;
    outsiders = &others;
    total += outsider_count;
  }
  ~scope_awaiter() { destroy_slot<T>(0); }

  // Asks the body to stop. [any, while it is known to be suspended or running]
  void cancel_body(cancel_requests& requests) noexcept { child(0).cancel(requests); }

  fork_slot<T>& body() noexcept { return slot<T>(0); }
  bool started() const noexcept { return parent != nullptr; }
  // The scope was cancelled from outside, or a cancel is due now. Once, after the end. [task]
  bool cancelled_from_above() noexcept { return leave(); }
  [[noreturn]] void throw_cancelled_from_above(std::source_location where) {
    if (body().held != outcome::cancelled) throw_cancelled(*parent->context, where);
    throw_cancelled(*parent->context, body().slot.error(), where);
  }

  T take_body_value() {
    if constexpr (!std::is_void_v<T>) return std::move(body().slot.value());
  }

 private:
  alignas(fork_slot<T>) std::byte storage_[sizeof(fork_slot<T>)];
};

}  // namespace silk::detail
