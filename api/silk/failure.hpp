// What the exception handler of a runtime is told.
#pragma once

#include "callback_handle.hpp"

#include <exception>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>

namespace silk {

/// A failure that nobody retrieved: the last handle of a failed task or future is gone, a callback
/// threw, or a task that was left at the end of its runtime, or that select stopped, answered the cancel
/// with an exception. In debug mode also a task that was destroyed without having been started.
struct failure {
  std::exception_ptr error;              ///< what was thrown
  std::string_view task_name = {};       ///< of the task that failed; empty for anything else
  std::source_location spawned_at = {};  ///< of that task or callback; line 0 when unknown
  /// What happened, to be read with the name behind it.
  std::string_view message = "nobody retrieved the failure";
  callback_handle callback = {};  ///< the callback of post, call_after or call_at that threw
  /// In debug mode: the function of a task that was destroyed without having been started; `spawned_at`
  /// is the place of the function then.
  std::string_view coroutine = {};
};

/// Called on the thread that noticed, possibly on several threads at once. If it throws, that is
/// printed, and then the failure as if there were no handler.
using failure_handler = std::function<void(const failure&)>;

namespace detail {
// what() of a std::exception, or words for anything else.
std::string describe(const std::exception_ptr& error);
// One line on stderr: a handler has thrown; `of` says what it handles.
void print_handler_failure(const char* of, const std::exception_ptr& error) noexcept;
}  // namespace detail

/// What a runtime does when it was given no handler: one line on stderr.
void print_failure(const failure& what) noexcept;

}  // namespace silk
