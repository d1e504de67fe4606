// Debug mode: what a runtime tells and records when it is asked to.
#pragma once

#include "time.hpp"

#include <cstdint>
#include <functional>
#include <source_location>
#include <string_view>

namespace silk {

/// Whether a runtime is in debug mode. Then it
///   - reports each step of a task, and each callback, that keeps its worker for long;
///   - has `cancelled` tell which await was interrupted, and through which ones it passed;
///   - has futures record where they were made;
///   - reports tasks that are dropped without having been started;
///   - checks that tasks are spawned into a task_group by its own.
/// A program that does not use it pays nothing for it.
enum class debug_mode : std::uint8_t {
  as_the_process_says,  ///< on if the environment has SILK_DEBUG, and it is neither empty nor 0
  off,
  on,
};

/// What kept a worker for too long: a task from one suspension to the next, or a callback.
struct slow_step {
  std::string_view description;  ///< "task 'name'", "callback 'name'" or "done callbacks"
  std::source_location where;    ///< where it was spawned or posted; line 0 when unknown
  duration took;                 ///< from its start to its end, or to its next suspension
  unsigned worker;               ///< the number of the worker, from 0
};

/// Called on the worker right behind the step, possibly on several at once. What it throws is printed.
using slow_step_handler = std::function<void(const slow_step&)>;

/// What a runtime does when it was given no handler: one line on stderr.
void print_slow_step(const slow_step& what) noexcept;

/// A clock: the time since some moment, the same for all calls on one thread.
using step_clock = duration (*)() noexcept;

}  // namespace silk
