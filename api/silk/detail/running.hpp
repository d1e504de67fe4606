// running: which task the calling thread runs now, for plain functions that a task calls.
//
// Set by whoever enters a coroutine from a worker's loop, and cleared when the coroutine suspends. A
// child of gather that is entered by symmetric transfer, because nothing was stolen and nothing had
// suspended, leaves it alone: forking costs nothing for it. What is noted is then a context further up.
// It belongs to the same spawned task, and as the children in between have not bound anything, it
// answers every question about context variables alike.
//
// F5: what is noted is never a child whose group has ended. A child that may be noted when it ends
//     without having suspended knows that (fork_course::noted), and has its parent noted then.
#pragma once

#include "engine.hpp"

#include <utility>

namespace silk::detail {

struct fork_base;
struct promise_base;
struct task_context;
class call_scope;
class runtime_core;

inline constinit thread_local task_context* running_context = nullptr;
inline constinit thread_local call_scope* innermost_call = nullptr;
// Kept by recorded coroutines only (recorded.hpp): nullptr while any other code runs.
inline constinit thread_local promise_base* innermost_recorded = nullptr;
inline constinit thread_local runtime_core* blocking_runtime = nullptr;

// nullptr outside of tasks. Not to be kept across a co_await. [any]
SILK_TLS_ACCESSOR inline task_context* running() noexcept { return running_context; }
SILK_TLS_ACCESSOR inline void set_running(task_context* context) noexcept {
  running_context = context;
}

// The plain function with bindings of its own that the calling code is part of (bindings.hpp).
SILK_TLS_ACCESSOR inline call_scope* calling() noexcept { return innermost_call; }
SILK_TLS_ACCESSOR inline void set_calling(call_scope* scope) noexcept { innermost_call = scope; }

// The recorded coroutine that runs now; nullptr if none does. [any]
SILK_TLS_ACCESSOR inline promise_base* innermost() noexcept { return innermost_recorded; }
SILK_TLS_ACCESSOR inline void set_innermost(promise_base* frame) noexcept {
  innermost_recorded = frame;
}

// The runtime for which the calling thread runs a blocking call; nullptr: none.
SILK_TLS_ACCESSOR inline runtime_core* blocking_for() noexcept { return blocking_runtime; }

class blocking_scope {
 public:
  explicit blocking_scope(runtime_core& runtime) noexcept
      : outer_(std::exchange(blocking_runtime, &runtime)) {}
  ~blocking_scope() { blocking_runtime = outer_; }
  blocking_scope(const blocking_scope&) = delete;
  blocking_scope& operator=(const blocking_scope&) = delete;

 private:
  runtime_core* outer_;
};

// While it lives the thread runs jobs inside of what it runs already.
class interlude {
 public:
  interlude() noexcept : task_(running()), frame_(innermost()), call_(calling()) {
    set_calling(nullptr);
  }
  ~interlude() {
    set_running(task_);
    set_innermost(frame_);
    set_calling(call_);
  }
  interlude(const interlude&) = delete;
  interlude& operator=(const interlude&) = delete;

 private:
  task_context* task_;
  promise_base* frame_;
  call_scope* call_;
};

}  // namespace silk::detail
