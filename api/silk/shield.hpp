// shield: to wait for something without being able to cancel it.
#pragma once

#include "detail/observe_wait.hpp"
#include "spawn.hpp"

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

/// Starts `body` as a task of its own, as spawn does, and shields it.
template <class T>
detail::observe_awaiter<T> shield(task<T> body,
                                  std::source_location where = std::source_location::current()) {
  const join_handle<T> handle = spawn(std::move(body), where);
  return shield(static_cast<const future<T>&>(handle));
}

}  // namespace silk
