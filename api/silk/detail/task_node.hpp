// task_node: what makes a spawned task findable: its runtime, name, place of birth, cancel reason.
// task_state<T>: all of a spawned task behind its handle.
//
// Life: made by spawn with two references (the running task, the handle) -> registered -> runs ->
// outcome decided (the context is closed) -> unregistered -> completed -> the task's reference goes.
#pragma once

#include "bindings.hpp"
#include "future_core.hpp"
#include "promise.hpp"

#include <coroutine>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace silk::detail {

class runtime_core;

// What most tasks have not got.
struct task_extras {
  std::optional<std::string> name;
  bindings_ptr own;
  // Of the children of gather in this task that have their own.
  std::vector<std::pair<const task_context*, bindings_ptr>> forked;
};

class task_node {
 public:
  task_node(runtime_core& runtime, future_core& core, std::source_location where) noexcept;
  task_node(const task_node&) = delete;
  task_node& operator=(const task_node&) = delete;

  root_context& context() noexcept { return context_; }
  future_core& core() noexcept { return core_; }
  // May be used while the task is not done; later it may be gone.
  runtime_core& runtime() const noexcept { return runtime_; }
  std::uint32_t runtime_serial() const noexcept { return runtime_serial_; }
  engine::pool& pool() noexcept;

  std::string name() const;
  void set_name(std::string_view name);
  const std::source_location& spawned_at() const noexcept { return spawned_at_; }

  // Context variables: what the code in `context`, which is part of this task, sees; null: nothing is
  // bound. [any, for the task's own context; else task]
  bindings_ptr bindings_seen_by(const task_context& context) const noexcept;
  bindings_ptr seen_bindings() const noexcept { return bindings_seen_by(context_); }
  // The same, but nobody else's; made if there are none. [as above]
  bindings_ptr own_bindings(task_context& context);
  void set_bindings(bindings_ptr own);                     // [who spawns]
  void drop_bindings(const task_context& ended) noexcept;  // [task]

  // False when the outcome is already decided. [any]
  bool cancel(cancel_requests& requests) noexcept;
  reason_ptr cancel_reason() const noexcept;

  // Cancels the task because its runtime is closing; once, whoever comes first. [any]
  void cancel_for_closing(const reason_ptr& reason) noexcept;
  // The same in two steps, the second one if the first has said so: many are told as of one instant. [any]
  [[nodiscard]] bool mark_for_closing(const reason_ptr& reason) noexcept;
  void interrupt_for_closing(const reason_ptr& reason) noexcept;
  // The task that a job resumes or starts, nullptr if the job does something else. [the job's worker]
  static task_node* resumed_by(engine::job& item) noexcept;

  // Makes the task runnable for the first time. [who spawns]
  void start(promise_base& body) noexcept;

  // Runs the task up to its first suspension, here. [a worker of the runtime]
  void start_here(promise_base& body) noexcept;

  // Ends a task that has been cancelled instead of starting it. [who spawns]
  void refuse(promise_base& body) noexcept;

  // [who spawns]
  void close_runtime_at_end() noexcept { closes_runtime_ = true; }
  // The coroutine has ended and is gone. [task]
  void finish() noexcept;

 private:
  friend class task_registry;
  void bind(promise_base& body) noexcept;
  static void run_first(engine::job& self) noexcept;
  template <class Change>
  void change_extras(Change change);
  const bindings_ptr* find_bindings(const task_context& context) const noexcept;  // [holder]
  void tell_of_failure() noexcept;

  root_context context_;
  future_core& core_;
  runtime_core& runtime_;
  std::source_location spawned_at_;
  // Registry, guarded by the lock of the shard.
  task_node* previous_ = nullptr;
  task_node* next_ = nullptr;
  std::uint16_t registry_shard_ = 0;
  mutable sync::spinlock text_lock_;
  bool reason_is_final_ = false;  // guarded by text_lock_, as is the core's reason
  bool told_of_closing_ = false;  // guarded by text_lock_
  bool left_over_ = false;        // guarded by text_lock_: that cancel was accepted
  bool closes_runtime_ = false;   // before the start
  sync::atomic<bool> has_extras_{false};
  const std::uint32_t runtime_serial_;   // for when runtime_ is gone
  std::unique_ptr<task_extras> extras_;  // guarded by text_lock_; null: there are none
  std::uint64_t number_ = 0;             // for the generated name
};

template <class T>
class task_state final : public future_state<T>, public task_node {
 public:
  task_state(runtime_core& runtime, std::source_location where) noexcept
      : future_state<T>(2), task_node(runtime, *this, where) {}

  bool cancel(cancel_requests& requests) noexcept override { return task_node::cancel(requests); }

  std::uint32_t home_serial() const noexcept override { return this->runtime_serial(); }
  task_node* task() noexcept override { return this; }

  std::source_location created_at() const noexcept override { return this->spawned_at(); }

  std::exception_ptr error_of(outcome reached) noexcept override {
    if (reached == outcome::skipped) return std::make_exception_ptr(cancelled(cancel_reason()));
    return future_state<T>::error_of(reached);
  }

 protected:
  void destroy() noexcept override;
};

template <class T>
result<T>& root_result(root_context& root) noexcept {
  return static_cast<task_state<T>&>(*root.node).slot;
}

void report_unseen(const std::exception_ptr& error, const task_node& node) noexcept;

template <class T>
void task_state<T>::destroy() noexcept {
  if (this->state() == outcome::error && !this->seen()) report_unseen(this->slot.error(), *this);
  delete this;
}

}  // namespace silk::detail
