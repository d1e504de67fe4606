// bindings: the values of context variables that a piece of code sees; what a `context` refers to.
//
// The map never changes: who binds makes a new one, so a copy of the bindings is a copy of a pointer.
//
// Where they are found:
//   in a task       at the spawned task (task_extras). A child of gather has its own from its first
//                   set() on; until then it sees those of the task that forked it, which cannot change
//                   them, as it waits. So a fork costs nothing.
//   in a plain function that a runtime or context::run calls     at the call_scope
//   on a thread that runs no tasks                               at the thread
#pragma once

#include "engine.hpp"
#include "running.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace silk::detail {

class bindings {
 public:
  using value_ptr = std::shared_ptr<const void>;
  struct binding {
    std::uint64_t variable;
    value_ptr value;
  };
  using map = std::vector<binding>;

  explicit bindings(std::shared_ptr<const map> first = nullptr) noexcept : map_(std::move(first)) {}
  bindings(const bindings&) = delete;
  bindings& operator=(const bindings&) = delete;

  // Null: not bound. [any]
  value_ptr find(std::uint64_t variable) const noexcept;
  // Gives what was bound before; a null value unbinds. [any]
  value_ptr exchange(std::uint64_t variable, value_ptr value);
  std::shared_ptr<const map> now() const noexcept;  // null: nothing was ever bound [any]

 private:
  mutable sync::spinlock lock_;
  std::shared_ptr<const map> map_;  // guarded by lock_
};

using bindings_ptr = std::shared_ptr<bindings>;

// Whether anything has ever been bound in this process: else nobody has to look.
inline sync::atomic<bool> bindings_in_use{false};
inline bool bindings_matter() noexcept {
  return bindings_in_use.load(
      sync::memory_order_relaxed);  // relaxed: what we see bound, we saw set
}

// What a plain function that is called from here runs in. While it lives, this thread's code sees these
// bindings, whatever task it is part of.
class call_scope {
 public:
  explicit call_scope(bindings_ptr in) noexcept : outer_(calling()), bindings_(std::move(in)) {
    set_calling(this);
  }
  ~call_scope() { set_calling(outer_); }
  call_scope(const call_scope&) = delete;
  call_scope& operator=(const call_scope&) = delete;

  const bindings_ptr& seen() const noexcept { return bindings_; }  // null: nothing is bound
  const bindings_ptr& own();                                       // made, if there are none

 private:
  setting_change change_;
  call_scope* outer_;
  bindings_ptr bindings_;
};

// What the calling code sees; null: nothing is bound. [any]
bindings_ptr current_bindings() noexcept;
// A copy for what it starts or hands over to be called later; null when there is nothing to copy.
bindings_ptr copy_current_bindings();
inline bindings_ptr copied_bindings() {
  return bindings_matter() ? copy_current_bindings() : nullptr;
}
// Those that the calling plain function may change; usage_error in a task.
const bindings_ptr& bindings_of_call();
// The spawned task or child of gather that `context` is part of. [any]
task_context& task_around(task_context& context) noexcept;
// Whether the calling code may undo what was bound in `bound`, by the task `by` or by a plain function. [any]
bool runs_in(const bindings_ptr& bound, const task_context* by) noexcept;
// Those of the innermost task around `context`, as its own from now on. [task]
bindings_ptr own_bindings(task_context& context);

}  // namespace silk::detail
