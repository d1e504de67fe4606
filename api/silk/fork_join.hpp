// fork_join: plain functions at the same time, on the workers of the calling task.
#pragma once

#include "detail/fork_call.hpp"
#include "task.hpp"

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

template <class First, class... Rest>
[[gnu::always_inline]] inline auto fork_values(First&& first, Rest&&... rest) {
  engine::worker* const here = engine::current_worker();
  if (here == nullptr) [[unlikely]]
    fork_needs_a_worker("fork_join");
  if constexpr (sizeof...(Rest) == 0) {
    return std::tuple<stored<branch_value<First>>>{call_branch(std::forward<First>(first))};
  } else {
    using call = fork_call<std::index_sequence_for<Rest...>, First, Rest...>;
    return call(std::forward<Rest>(rest)...).run(here->own_branches(), std::forward<First>(first));
  }
}

}  // namespace detail

/// Calls plain functions, possibly at the same time, and gives all their results.
///
/// Starts    the first function at once, on this worker; then the others one after the other, in order,
///           but those that another worker has taken meanwhile, the last ones first. Nothing is
///           allocated, and what nobody takes costs little more than its call.
/// Finishes  when all have ended, never earlier: they may use the caller's locals. Gives std::tuple of
///           the values, as gather does: std::monostate for void, nothing when all are void.
/// Fails     with the first failure in time; what had not begun by then is not called. Later failures
///           are dropped.
/// Cancelled looks for it now and then, where functions fork: what has not begun is not called, and
///           `silk::cancelled` is thrown when all have ended, whatever came out. A fork_join inside of
///           another one throws it, too. Has everything begun, the cancel waits for the next await.
/// Threads   in what a worker runs: tasks and callbacks; elsewhere it is usage_error. The functions run
///           as part of the calling task, also on other workers. While it waits its worker runs other
///           jobs on top of the stack, and once in some 200 us it lets due timers and other tasks have
///           a turn. So do not hold a std::mutex across it: what runs in between may want it.
/// Lifetime  refers to the functions; they need not outlive the call. At most 16 of them.
template <class... Fs>
  requires(std::is_invocable_v<Fs> && ...)
[[gnu::always_inline]] inline auto fork_join(Fs&&... fs) {
  static_assert(sizeof...(Fs) <= detail::engine::branches::most_at_once,
                "fork_join takes at most 16 functions: use parallel_for");
  static_assert((!detail::any_task<detail::branch_value<Fs>> && ...),
                "fork_join calls plain functions: for coroutines there is gather");
  if constexpr ((std::is_void_v<detail::branch_value<Fs>> && ...)) {
    if constexpr (sizeof...(Fs) > 0)
      static_cast<void>(detail::fork_values(std::forward<Fs>(fs)...));
  } else {
    return detail::fork_values(std::forward<Fs>(fs)...);
  }
}

}  // namespace silk
