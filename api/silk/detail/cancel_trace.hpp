// cancel_trace: through which awaits a `cancelled` has come, in debug mode.
//
// An awaiter learns where it stands from the default argument of its await_resume, which the compiler
// evaluates at the co_await. Nothing is stored for it, and where nothing is thrown it is not used.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>

namespace silk {
class cancelled;
}

namespace silk::detail {

struct task_context;

// One await. Never changes, so that those who hold the same exception may go on with it apart.
struct trace_step {
  std::source_location where;
  std::shared_ptr<const trace_step>
      inner;             // what was awaited there; null: the one that was interrupted
  std::uint32_t length;  // steps from here inwards
};

// The task's own cancel, at this await.
[[noreturn, gnu::cold]] void throw_cancelled(const task_context& context,
                                             std::source_location where);
// The same, where `inner` is the `cancelled` that came out of what was awaited there.
[[noreturn, gnu::cold]] void throw_cancelled(const task_context& context,
                                             const std::exception_ptr& inner,
                                             std::source_location where);

// What came out of what was awaited there.
[[noreturn, gnu::cold]] void rethrow_at(const std::exception_ptr& error,
                                        std::source_location where);

}  // namespace silk::detail
