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

#include <cstdint>
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

// What a thread runs, for those who ask.
struct setting {
  task_context* task;
  promise_base* frame;
  call_scope* call;
};
inline setting current_setting() noexcept { return {running(), innermost(), calling()}; }
inline void set_setting(const setting& to) noexcept {
  set_running(to.task);
  set_innermost(to.frame);
  set_calling(to.call);
}

// While it lives the code of the thread runs in another setting than the code around it. A branch of a
// fork_join does not note in which it was forked: when it is handed out, this tells (fork_join.cpp).
class setting_change {
 public:
  enum class of : std::uint8_t { code, branch };
  explicit setting_change(of what = of::code) noexcept;
  ~setting_change();
  setting_change(const setting_change&) = delete;
  setting_change& operator=(const setting_change&) = delete;

  const setting& before() const noexcept { return before_; }

  // The setting of the branch at this place on the calling thread's worker. [worker]
  static setting of_branch(const engine::worker& here, std::uint32_t place) noexcept;
  // Whether a fork_join whose first branch has this place is inside of no other one. [worker]
  static bool is_outermost(const engine::worker& here, std::uint32_t place) noexcept;

 private:
  const engine::worker* const worker_;
  const std::uint32_t older_branches_;
  const of what_;
  const setting before_;
  const setting_change* const outer_;
};

inline constinit thread_local const setting_change* innermost_change = nullptr;
SILK_TLS_ACCESSOR inline const setting_change* changing() noexcept { return innermost_change; }
SILK_TLS_ACCESSOR inline void set_changing(const setting_change* change) noexcept {
  innermost_change = change;
}

// While it lives the thread runs jobs inside of what it runs already.
class interlude {
 public:
  explicit interlude(setting_change::of what = setting_change::of::code) noexcept : change_(what) {
    set_calling(nullptr);
  }
  ~interlude() { set_setting(change_.before()); }
  interlude(const interlude&) = delete;
  interlude& operator=(const interlude&) = delete;

 private:
  setting_change change_;
};

inline setting_change::setting_change(of what) noexcept
    : worker_(engine::current_worker()),
      older_branches_(worker_ != nullptr ? worker_->own_branches().count() : 0),
      what_(what),
      before_(current_setting()),
      outer_(changing()) {
  set_changing(this);
}

inline setting_change::~setting_change() { set_changing(outer_); }

}  // namespace silk::detail
