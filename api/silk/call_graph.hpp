// call_graph: which coroutines a task is in, and who awaits whom.
//
// Costs nothing until it is asked for (docs/decisions/008-call-graph.md). Coroutines are named, with file
// and line, in sources that are compiled with SILK_CALL_GRAPH defined as 1 before silk is included: their
// frames are larger by 16 bytes, and two pointers for each await, and an await notes its place. A program may
// mix both, but for coroutines that are inline or templates: these alike wherever they are used. Ordinary
// coroutines, and generators, are left out; tasks and who awaits them are known in any case.
#pragma once

#include "call_frame.hpp"
#include "future.hpp"
#include "join_handle.hpp"
#include "runtime.hpp"
#include "task_ref.hpp"

#include <cstdint>
#include <cstdio>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace silk {

/// What a call_graph is about.
enum class call_graph_kind : std::uint8_t {
  task,          ///< a spawned task
  gather_child,  ///< a child of gather, which has no handle
  future,        ///< a plain future: no frames
};

/// What it does.
enum class call_graph_state : std::uint8_t {
  running,  ///< or about to run; or waiting in a way that a cancel cannot interrupt
  waiting,
  done,
};

/// A task or future, where it is, and the tasks that await it, with all that await those.
struct call_graph {
  call_graph_kind kind = call_graph_kind::task;        ///< what it is about
  call_graph_state state = call_graph_state::waiting;  ///< what that does
  std::string name;                    ///< of a task; `child 2` of a gather; empty for a future
  task_ref task = {};                  ///< empty unless it is one
  std::vector<call_frame> frames;      ///< innermost first
  std::vector<call_graph> awaited_by;  ///< in the order in which they came
};

/// The graph of the calling code, which may be a plain function that a task has called. Its first frame
/// is the recorded coroutine that called it; `where` becomes its place when that made the call itself.
///
/// Finishes  empty in a callback, or wherever no task runs. Of a task whose running coroutine is not
///           recorded: without frames.
/// Fails     usage_error on a thread that runs no tasks.
/// Threads   any. A look at each task is consistent in itself; others run on meanwhile. Whoever awaits
///           itself in a circle appears once on the way round. At 256 levels it is cut off.
std::optional<call_graph> capture_call_graph(
    std::source_location where = std::source_location::current());

/// The graph of a task. Frames of another task are known while it is in a wait that a cancel interrupts.
/// usage_error if `task` is empty.
call_graph capture_call_graph(const task_ref& task,
                              std::source_location where = std::source_location::current());

namespace detail {
call_graph graph_of(future_core& core, const std::source_location& where);
}

/// The graph of a future, or of the task behind it. usage_error if it refers to nothing.
template <class T>
call_graph capture_call_graph(const future<T>& awaited,
                              std::source_location where = std::source_location::current()) {
  return detail::graph_of(detail::future_access::state(awaited), where);
}

/// For people: a line for the task, one for each frame, and who awaits it, further to the right.
std::string to_string(const call_graph& graph);

/// Prints the graph of the calling code; says so when no task is current. usage_error as
/// capture_call_graph.
void print_call_graph(std::FILE* to = stderr,
                      std::source_location where = std::source_location::current());
/// The same of a task, handle or future.
template <class Subject>
  requires requires(const Subject& of) { capture_call_graph(of); }
void print_call_graph(const Subject& of, std::FILE* to = stderr,
                      std::source_location where = std::source_location::current()) {
  std::fputs(to_string(capture_call_graph(of, where)).c_str(), to);
}

/// Every task of `of` that has not ended, with its frames, and the names of those that await it.
std::string dump(const runtime& of);

}  // namespace silk
