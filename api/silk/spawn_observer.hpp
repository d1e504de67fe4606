// spawn_observer: a function that sees every task of a runtime before it runs.
#pragma once

#include <functional>

namespace silk {

class task_ref;

/// Called inside spawn(), on the thread that spawns, possibly on several at once. The task has its name and
/// has not run yet: it may be renamed, or cancelled, and then never runs. What the function throws
/// comes out of spawn(), and the task ends cancelled.
using spawn_observer = std::function<void(const task_ref&)>;

}  // namespace silk
