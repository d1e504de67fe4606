// spawn: starts a task of its own.
#pragma once

#include "context.hpp"
#include "detail/misuse.hpp"
#include "detail/runtime_core.hpp"
#include "join_handle.hpp"
#include "task.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace silk {

/// When a spawned task runs for the first time.
enum class start : std::uint8_t {
  as_the_runtime_says,  ///< runtime_options::start; soon unless told otherwise
  soon,                 ///< on any worker, never inside spawn()
  eager,  ///< inside spawn(), up to its first suspension; soon where the caller is no worker of the
          ///< runtime, or the runtime is closing
};

/// How to spawn. Trivially destructible, so that it may be written inside a co_await expression.
struct spawn_options {
  std::string_view name = {};  ///< copied; empty: a name is generated
  /// When it runs first.
  silk::start start = start::as_the_runtime_says;
  context_ref context = {};  ///< to run in; none: a copy of the caller's
};

namespace detail {

// The body of a task that was spawned as a callable: keeps callable and arguments alive until the
// task they made has ended, so that captures and references to them stay valid.
template <class T, class F, class... Args>
task<T> call_owned(F function, Args... args) {
  if constexpr (std::is_member_pointer_v<F>) {
    co_return co_await std::invoke(std::move(function), std::move(args)...);
  } else {
    // Called right here, so that what an argument is converted to lives as long as the task.
    co_return co_await std::move(function)(std::move(args)...);
  }
}
template <class T, class A>
task<T> await_owned(A awaited) {
  co_return co_await std::move(awaited);
}

template <class First, class... Rest>
concept makes_a_task =
    std::constructible_from<std::decay_t<First>, First> &&
    ((sizeof...(Rest) == 0 && (any_task<First> || awaitable<std::decay_t<First>>)) ||
     task_function<std::decay_t<First>, std::decay_t<Rest>...>);

// A task is itself; a callable and its arguments, or an awaitable, move into one. Constrained, since
// Clang 19 looks at the type that spawn gives before it looks at what spawn requires.
template <class First, class... Rest>
  requires makes_a_task<First, Rest...>
constexpr auto make_task(First&& first, Rest&&... rest) {
  using F = std::decay_t<First>;
  if constexpr (any_task<F>) {
    return F(std::forward<First>(first));
  } else if constexpr (task_function<F, std::decay_t<Rest>...>) {
    using value = task_function_value<F, std::decay_t<Rest>...>;
    return call_owned<value, F, std::decay_t<Rest>...>(std::forward<First>(first),
                                                       std::forward<Rest>(rest)...);
  } else {
    return await_owned<awaited_value<F>, F>(std::forward<First>(first));
  }
}

template <class... Parts>
using spawned_value = task_value<decltype(make_task(std::declval<Parts>()...))>;

// Where a callable with arguments was spawned: they leave no room for a default argument.
inline constexpr std::source_location unknown_place{};

// Whether a runtime closes when the task ends, before anybody learns of that.
enum class task_end : std::uint8_t { is_its_own, closes_runtime };

struct spawn_access {
  struct nobody {
    void operator()(future_core&) const noexcept {}
  };

  // `adopt(core)` is called before the task can run. If it throws, nothing was started.
  template <class T, class Adopt = nobody>
  static join_handle<T> spawn(runtime_core& runtime, spawn_options options, task<T>&& body,
                              std::source_location where, task_end end = task_end::is_its_own,
                              Adopt adopt = {}) {
    task<T> owned = std::move(body);
    const runtime_core::visit visit(runtime);
    core_ptr<task_state<T>> of_task(new task_state<T>(runtime, where), {});
    core_ptr<task_state<T>> of_handle(of_task.get(), {});  // it is made with a reference for each
    if (!options.name.empty()) of_task->set_name(options.name);
    if (bindings_ptr in = context_for(options.context)) of_task->set_bindings(std::move(in));
    adopt(static_cast<future_core&>(*of_task));
    promise_base& coroutine = task_access::release(std::move(owned));
    task_state<T>& state = *of_task.leave();
    if (end == task_end::closes_runtime) state.close_runtime_at_end();
    if (runtime.is_observed()) [[unlikely]]
      observe(runtime, state, coroutine);
    switch (runtime.admit(state)) {
      case admission::welcome:
        if (starts_here(runtime, options)) {
          state.start_here(coroutine);
          break;
        }
        [[fallthrough]];
      case admission::cancelled:
        state.start(coroutine);
        break;
      case admission::refused:
        state.refuse(coroutine);
    }
    return join_handle<T>(core_ptr<future_state<T>>(std::move(of_handle)));
  }

 private:
  static void observe(runtime_core& runtime, task_node& fresh, promise_base& coroutine) {
    try {
      runtime.tell_observer(fresh);
    } catch (...) {
      fresh.refuse(coroutine);
      throw;
    }
  }
  static bool starts_here(runtime_core& runtime, spawn_options options) noexcept {
    const bool eager = options.start == start::as_the_runtime_says ? runtime.starts_eagerly()
                                                                   : options.start == start::eager;
    return eager && runtime.pool().is_worker();
  }
};

// The overloads of spawn for whoever has
//   template <class T> join_handle<T> spawn_task(spawn_options, task<T>&&, std::source_location)
template <class Owner>
class spawner {
 public:
  /// As silk::spawn.
  template <class What>
    requires makes_a_task<What>
  join_handle<spawned_value<What>> spawn(
      What&& what, std::source_location where = std::source_location::current()) {
    return owner().spawn_task({}, make_task(std::forward<What>(what)), where);
  }
  template <class What>
    requires makes_a_task<What>
  join_handle<spawned_value<What>> spawn(
      spawn_options options, What&& what,
      std::source_location where = std::source_location::current()) {
    return owner().spawn_task(options, make_task(std::forward<What>(what)), where);
  }
  template <class F, class First, class... Rest>
    requires makes_a_task<F, First, Rest...>
  auto spawn(F&& function, First&& first, Rest&&... rest) {
    return spawn(spawn_options{}, std::forward<F>(function), std::forward<First>(first),
                 std::forward<Rest>(rest)...);
  }
  template <class F, class First, class... Rest>
    requires makes_a_task<F, First, Rest...>
  auto spawn(spawn_options options, F&& function, First&& first, Rest&&... rest) {
    return owner().spawn_task(options,
                              make_task(std::forward<F>(function), std::forward<First>(first),
                                        std::forward<Rest>(rest)...),
                              unknown_place);
  }

  template <class Task>
    requires task_left_behind<Task>
  void spawn(Task&&) = delete;  // a task runs once: spawn(std::move(task))
  template <class F, class... Args>
    requires wants_references<F, Args...>
  void spawn(F&&, Args&&...) = delete;  // it gets copies: take T, not T&, or pass std::ref(x)
  template <class F, class... Args>
    requires gives_no_task<F, Args...>
  void spawn(F&&, Args&&...) = delete;  // it gives no task; a plain call: to_thread
  template <class What>
    requires stays_where_it_is<What>
  void spawn(What&&) = delete;  // await it inside of a coroutine, and spawn that

 private:
  friend Owner;
  spawner() noexcept = default;
  Owner& owner() noexcept { return static_cast<Owner&>(*this); }
};

}  // namespace detail

/// Starts a task of its own on the runtime of the calling task. `what` is a task, a callable that gives
/// one, or anything else that can be awaited and moved. A callable is moved or copied into the task and lives
/// until it has ended, so a lambda with captures is safe here.
///
/// Starts    soon, on any worker, never inside this call, unless options say `start::eager`.
/// Fails     usage_error when the caller is not a task (use runtime::spawn there) or the runtime is
///           closed, std::bad_alloc, what a spawn_observer throws; the body's arguments are destroyed
///           then and it never runs.
/// Cancelled through the handle; a task spawned while its runtime is shutting down starts cancelled.
/// Threads   tasks and callbacks only.
/// Lifetime  the runtime keeps the task alive; dropping the handle detaches it.
template <class What>
  requires detail::makes_a_task<What>
join_handle<detail::spawned_value<What>> spawn(
    What&& what, std::source_location where = std::source_location::current()) {
  return detail::spawn_access::spawn(detail::required_runtime("spawn"), {},
                                     detail::make_task(std::forward<What>(what)), where);
}
/// As above, with a name, an eager start or a context of its own.
template <class What>
  requires detail::makes_a_task<What>
join_handle<detail::spawned_value<What>> spawn(
    spawn_options options, What&& what,
    std::source_location where = std::source_location::current()) {
  return detail::spawn_access::spawn(detail::required_runtime("spawn"), options,
                                     detail::make_task(std::forward<What>(what)), where);
}

/// Starts `function(args...)`, which must give a task. The arguments are kept like the callable; pass
/// std::ref for a reference that you keep alive yourself. Where the call is made is not recorded.
template <class F, class First, class... Rest>
  requires detail::makes_a_task<F, First, Rest...>
auto spawn(F&& function, First&& first, Rest&&... rest) {
  return spawn(spawn_options{}, std::forward<F>(function), std::forward<First>(first),
               std::forward<Rest>(rest)...);
}
/// As above, with a name, an eager start or a context of its own.
template <class F, class First, class... Rest>
  requires detail::makes_a_task<F, First, Rest...>
auto spawn(spawn_options options, F&& function, First&& first, Rest&&... rest) {
  return detail::spawn_access::spawn(
      detail::required_runtime("spawn"), options,
      detail::make_task(std::forward<F>(function), std::forward<First>(first),
                        std::forward<Rest>(rest)...),
      detail::unknown_place);
}

template <class Task>
  requires detail::task_left_behind<Task>
void spawn(Task&&) = delete;  // a task runs once: spawn(std::move(task))
template <class F, class... Args>
  requires detail::wants_references<F, Args...>
void spawn(F&&, Args&&...) = delete;  // it gets copies: take T, not T&, or pass std::ref(x)
template <class F, class... Args>
  requires detail::gives_no_task<F, Args...>
void spawn(F&&, Args&&...) = delete;  // it gives no task; a plain call: to_thread
template <class What>
  requires detail::stays_where_it_is<What>
void spawn(What&&) = delete;  // await it inside of a coroutine, and spawn that

}  // namespace silk
