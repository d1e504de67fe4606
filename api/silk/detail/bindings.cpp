#include "bindings.hpp"

#include "../errors.hpp"
#include "fork_group.hpp"
#include "runtime_core.hpp"

#include <algorithm>

namespace silk::detail {

namespace {

// Of a thread that runs no tasks.
bindings_ptr& of_this_thread() noexcept {
  static thread_local bindings_ptr kept;
  return kept;
}

bindings::map changed(const bindings::map* from, std::uint64_t variable,
                      const bindings::value_ptr& value) {
  bindings::map made;
  if (from != nullptr) made = *from;
  const auto found = std::ranges::find(made, variable, &bindings::binding::variable);
  if (found == made.end()) {
    if (value != nullptr) made.push_back({variable, value});
  } else if (value != nullptr) {
    found->value = value;
  } else {
    made.erase(found);
  }
  return made;
}

bindings::value_ptr find_in(const bindings::map* in, std::uint64_t variable) noexcept {
  if (in == nullptr) return nullptr;
  const auto found = std::ranges::find(*in, variable, &bindings::binding::variable);
  return found == in->end() ? nullptr : found->value;
}

}  // namespace

std::shared_ptr<const bindings::map> bindings::now() const noexcept {
  sync::lock_guard hold(lock_);
  return map_;
}

bindings::value_ptr bindings::find(std::uint64_t variable) const noexcept {
  return find_in(now().get(), variable);
}

bindings::value_ptr bindings::exchange(std::uint64_t variable, value_ptr value) {
  bindings_in_use.store(true, sync::memory_order_relaxed);  // relaxed: as in bindings_matter
  for (;;) {
    const std::shared_ptr<const map> before = now();
    std::shared_ptr<const map> after =
        std::make_shared<const map>(changed(before.get(), variable, value));
    sync::lock_guard hold(lock_);
    if (map_ != before) continue;  // several tasks may share these
    map_.swap(after);              // `before` keeps what goes until after the unlock
    return find_in(before.get(), variable);
  }
}

const bindings_ptr& call_scope::own() {
  if (bindings_ == nullptr) bindings_ = std::make_shared<bindings>();
  return bindings_;
}

bindings_ptr current_bindings() noexcept {
  if (!bindings_matter()) return nullptr;
  if (const call_scope* call = calling()) return call->seen();
  if (task_context* context = running()) return context->root().bindings_seen_by(*context);
  return of_this_thread();
}

bindings_ptr copy_current_bindings() {
  const bindings_ptr seen = current_bindings();
  return seen != nullptr ? std::make_shared<bindings>(seen->now()) : nullptr;
}

const bindings_ptr& bindings_of_call() {
  if (call_scope* call = calling()) return call->own();
  if (running() != nullptr) {
    throw usage_error("set_here in a task, where nobody knows which one: co_await set(value)");
  }
  if (current_runtime() != nullptr) {
    throw usage_error("set_here on a worker that calls nothing: use context::run");
  }
  bindings_ptr& kept = of_this_thread();
  if (kept == nullptr) kept = std::make_shared<bindings>();
  return kept;
}

task_context& task_around(task_context& context) noexcept {
  task_context* task = &context;
  while (task->is_scope()) task = task->parent();
  return *task;
}

// A child of gather sees those of its parent as long as it has none of its own, but they are not its own.
bool runs_in(const bindings_ptr& bound, const task_context* by) noexcept {
  if (current_bindings() != bound) return false;
  if (calling() != nullptr || running() == nullptr) return true;
  const task_context& here = task_around(*running());
  return &here == by || here.kind == receiver_kind::root;
}

bindings_ptr own_bindings(task_context& context) {
  task_context& task = task_around(context);
  bindings_ptr own = task.root().own_bindings(task);
  note_running(task);
  if (task.course == fork_course::noted) task.course = fork_course::bound;
  if (task.course == fork_course::disturbed) task.course = fork_course::disturbed_and_bound;
  return own;
}

void forget_bindings(fork_base& ended) noexcept {
  ended.root().drop_bindings(ended);
  ended.course = ended.course == fork_course::bound ? fork_course::noted : fork_course::disturbed;
}

}  // namespace silk::detail
