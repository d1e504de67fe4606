// thread: how the engine starts its threads, workers and blocking ones alike.
#pragma once

#include "sync.hpp"

#include <functional>
#include <string>

namespace silk::scheduler {

// A new thread that runs `body`, named (at most 15 characters) for debuggers and `top`.
// Signals go to other threads, those of the program that embeds us, but for those that a fault in the
// body raises. Throws std::system_error when the system refuses. [any]
sync::thread start_thread(const std::string& name, std::function<void()> body);

}  // namespace silk::scheduler
