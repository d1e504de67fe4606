// run: a whole program in one call.
#pragma once

#include "runtime.hpp"

#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

struct run_access {
  template <class T>
  static T run(task<T>&& body, runtime_options options, std::source_location where) {
    check_may_block("run");
    runtime owner(std::move(options));
    run_call call(*owner.core_, owner.core_->sigint());
    return call.value_of<T>(
        spawn_access::spawn(*owner.core_, {}, std::move(body), where, task_end::closes_runtime));
  }
};

}  // namespace detail

/// Makes a runtime, runs `body` on it until it has ended, cancels whatever is left, at the same instant of
/// virtual time, waits for it, and gives the body's value. What asyncio calls asyncio.run.
///
/// Fails     with what came out of the body, or a fatal exception of any task, after the clean-up;
///           usage_error on a worker of a runtime; as runtime's constructor for bad options.
/// Cancelled throws `silk::cancelled` when the body ended cancelled.
/// Threads   blocks the calling thread; the body runs on the workers.
template <class T>
T run(task<T> body, runtime_options options = {},
      std::source_location where = std::source_location::current()) {
  return detail::run_access::run(std::move(body), std::move(options), where);
}

/// As above for a callable that gives a task; it is kept until the task has ended, so a lambda with
/// captures is safe.
template <class F>
  requires detail::task_function<std::decay_t<F>>
auto run(F&& body, runtime_options options = {},
         std::source_location where = std::source_location::current()) {
  return detail::run_access::run(detail::make_task(std::forward<F>(body)), std::move(options),
                                 where);
}

template <class F>
  requires detail::gives_no_task<F>
void run(F&&, runtime_options = {}) = delete;  // it gives no task: call it as it is

}  // namespace silk
