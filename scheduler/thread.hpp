// thread: how the engine starts its threads, workers and blocking ones alike.
#pragma once

#include "sync.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace silk::scheduler {

// A new thread that runs `body`, named (at most 15 characters) for debuggers and `top`.
// Signals go to other threads, those of the program that embeds us, but for those that a fault in the
// body raises. Throws std::system_error when the system refuses. [any]
sync::thread start_thread(const std::string& name, std::function<void()> body);

// For the calling thread, which is about to be a worker: it wakes when it has said, and begins on another
// processor than the worker before it, of those that it may use. The kernel goes on to move it as it sees fit:
// docs/decisions/012-bursts.md.
void begin_as_worker() noexcept;

// The address below which less than half of the calling thread's stack is left; 0 if that is not known.
std::uintptr_t middle_of_stack() noexcept;

}  // namespace silk::scheduler
