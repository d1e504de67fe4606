// ensure_future: whatever can be awaited, as something with an outcome.
#pragma once

#include "spawn.hpp"

#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {

/// For code that is given either a future or work still to be done. A future or handle is given back as
/// it is, with the same outcome behind it; a task, a callable that gives one, or any other awaitable is
/// spawned.
///
/// Fails     never for a future; otherwise as spawn does.
/// Threads   any for a future; otherwise in tasks and callbacks only.
template <class What>
  requires detail::any_future<What>
std::remove_cvref_t<What> ensure_future(What&& what) {
  return std::forward<What>(what);
}
/// As above for what is still to be done.
template <class What>
  requires(!detail::any_future<What> && detail::makes_a_task<What>)
join_handle<detail::spawned_value<What>> ensure_future(
    What&& what, std::source_location where = std::source_location::current()) {
  return spawn(std::forward<What>(what), where);
}

}  // namespace silk
