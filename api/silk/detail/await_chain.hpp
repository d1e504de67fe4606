// await_chain: the coroutines from where a task is outwards to where it was spawned.
//
// Nothing is recorded for it. A suspended coroutine is kept where it is by whoever looks, and with it
// everything outside of it, which waits for it: by the lock of the future that it waits for, or by
// holding the wait of its context (C1). What runs is walked by the running task itself only. Locks are
// not nested: one look gives the chain of one task, with a reference to that task; who waits for the
// task is the next look. So the chains of a graph may be of different moments.
#pragma once

#include "future_core.hpp"
#include "recorded.hpp"
#include "task_context.hpp"

#include <cstddef>
#include <optional>
#include <source_location>
#include <vector>

namespace silk::detail {

// Coroutines that await one another by calls. Timeouts and groups are calls, too.
struct await_section {
  std::vector<frame_places> frames;  // innermost first; recorded ones that are not the library's
  std::optional<std::size_t>
      gather_index;  // which child of a gather; none: the spawned task itself
};

struct await_chain {
  promise_base* innermost = nullptr;  // to tell one from another; may be gone
  std::vector<await_section> sections;
  core_ptr<future_core> core;
  task_node* task = nullptr;
  bool waits = true;  // false: something runs that is not in the chain
};

// From `innermost`, which somebody keeps where it is. [who keeps it; the task that runs it]
await_chain chain_from(promise_base& innermost);

// Of a task that waits; nothing if it runs, is about to, or waits in a way that cannot be interrupted.
std::optional<await_chain> chain_of_waiting(
    task_node& task);  // [any, with a reference to the task]

// The tasks that wait for `awaited`, each once. [any, with a reference]
std::vector<await_chain> chains_waiting_for(future_core& awaited);

}  // namespace silk::detail
