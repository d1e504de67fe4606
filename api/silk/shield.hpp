// shield: to wait for something without being able to cancel it.
#pragma once

#include "detail/observe_wait.hpp"
#include "spawn.hpp"

#include <source_location>
#include <utility>

namespace silk {

/// Waits for a task or future that lives on its own and gives its result. If the waiting task is
/// cancelled, only the waiting ends.
///
/// Finishes  when `watched` is done.
/// Fails     as `watched` does.
/// Cancelled at once; `watched` runs on. If `watched` itself is cancelled, so is this await.
template <class T>
detail::observe_awaiter<T> shield(const future<T>& watched) {
  return {detail::future_access::share(watched), detail::let_go::when_cancelled};
}

/// Starts what is still to be done as a task of its own, as spawn and ensure_future do, and shields it: a
/// task, a callable that gives one, or anything else that can be awaited and moved.
template <class What>
  requires(!detail::any_future<What> && detail::makes_a_task<What>)
detail::observe_awaiter<detail::spawned_value<What>> shield(
    What&& what, std::source_location where = std::source_location::current()) {
  const auto handle = spawn(std::forward<What>(what), where);
  return shield(static_cast<const future<detail::spawned_value<What>>&>(handle));
}

}  // namespace silk
