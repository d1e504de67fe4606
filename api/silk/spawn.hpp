// spawn: starts a task of its own.
#pragma once

#include "detail/runtime_core.hpp"
#include "join_handle.hpp"
#include "task.hpp"

#include <functional>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace silk {

/// How to spawn. Trivially destructible, so that it may be written inside a co_await expression.
struct spawn_options {
  std::string_view name = {};  ///< copied; empty: a name is generated
};

namespace detail {

// The body of a task that was spawned as a callable: keeps callable and arguments alive until the
// task they made has ended, so that captures and references to them stay valid.
template <class T, class F, class... Args>
task<T> call_owned(F function, Args... args) {
  co_return co_await std::invoke(std::move(function), std::move(args)...);
}

template <class F, class... Args>
auto owned_call(F&& function, Args&&... args) {
  using value = task_function_value<std::decay_t<F>, std::decay_t<Args>...>;
  return call_owned<value, std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(function),
                                                                   std::forward<Args>(args)...);
}

// Where a callable with arguments was spawned: they leave no room for a default argument.
inline constexpr std::source_location unknown_place{};

struct spawn_access {
  template <class T>
  static join_handle<T> spawn(runtime_core& runtime, task<T>&& body, std::string_view name,
                              std::source_location where) {
    task<T> owned = std::move(body);
    const runtime_core::visit visit(runtime);
    core_ptr<task_state<T>> of_task(new task_state<T>(runtime, where), {});
    core_ptr<task_state<T>> of_handle(of_task.get(), {});  // it is made with a reference for each
    if (!name.empty()) of_task->set_name(name);
    promise_base& coroutine = task_access::release(std::move(owned));
    task_state<T>& state = *of_task.leave();
    if (runtime.admit(state)) [[likely]] {
      state.start(coroutine);
    } else {
      state.refuse(coroutine);
    }
    return join_handle<T>(core_ptr<future_state<T>>(std::move(of_handle)));
  }
};

}  // namespace detail

/// Starts `body` as a task of its own on the runtime of the calling task.
///
/// Starts    soon, on any worker; never inside this call.
/// Fails     usage_error when the caller is not a task (use runtime::spawn there) or the runtime is
///           closed, std::bad_alloc; the body's arguments are destroyed then and it never runs.
/// Cancelled through the handle; a task spawned while its runtime is shutting down starts cancelled.
/// Threads   tasks only.
/// Lifetime  the runtime keeps the task alive; dropping the handle detaches it.
template <class T>
join_handle<T> spawn(task<T> body, std::source_location where = std::source_location::current()) {
  return detail::spawn_access::spawn(detail::required_runtime("spawn"), std::move(body), {}, where);
}

/// As above, with a name.
template <class T>
join_handle<T> spawn(spawn_options options, task<T> body,
                     std::source_location where = std::source_location::current()) {
  return detail::spawn_access::spawn(detail::required_runtime("spawn"), std::move(body),
                                     options.name, where);
}

/// Starts `function(args...)`, which must give a task, as a task of its own. The callable and the
/// arguments are moved or copied into the task and live until it has ended, so a lambda with captures
/// is safe here; pass std::ref for a reference that you keep alive yourself. Where the call is made is
/// known for callables without arguments only.
template <class F>
  requires detail::task_function<std::decay_t<F>>
auto spawn(F&& function, std::source_location where = std::source_location::current()) {
  return spawn(detail::owned_call(std::forward<F>(function)), where);
}
template <class F>
  requires detail::task_function<std::decay_t<F>>
auto spawn(spawn_options options, F&& function,
           std::source_location where = std::source_location::current()) {
  return spawn(options, detail::owned_call(std::forward<F>(function)), where);
}
template <class F, class First, class... Rest>
  requires detail::task_function<std::decay_t<F>, std::decay_t<First>, std::decay_t<Rest>...>
auto spawn(F&& function, First&& first, Rest&&... rest) {
  return spawn(detail::owned_call(std::forward<F>(function), std::forward<First>(first),
                                  std::forward<Rest>(rest)...),
               detail::unknown_place);
}
template <class F, class First, class... Rest>
  requires detail::task_function<std::decay_t<F>, std::decay_t<First>, std::decay_t<Rest>...>
auto spawn(spawn_options options, F&& function, First&& first, Rest&&... rest) {
  return spawn(options,
               detail::owned_call(std::forward<F>(function), std::forward<First>(first),
                                  std::forward<Rest>(rest)...),
               detail::unknown_place);
}

}  // namespace silk
