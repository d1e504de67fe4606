// A broken contract ends the program with a sentence that says what to do; in every build.
#pragma once

namespace silk::scheduler {

// Prints "silk: <message> (<file>:<line>)" to stderr and aborts. [any]
[[noreturn]] void contract_broken(const char* message, const char* file, int line) noexcept;

}  // namespace silk::scheduler

#define SILK_ASSERT(condition, message) \
  ((condition) ? void(0) : ::silk::scheduler::contract_broken(message, __FILE__, __LINE__))
