// task_ref: a spawned task, whatever it gives: to look at and to cancel.
#pragma once

#include "call_frame.hpp"
#include "context.hpp"
#include "detail/runtime_core.hpp"
#include "join_handle.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace silk {

namespace detail {
struct task_ref_access;
}

/// What a task is about. A snapshot: a task that is not done may have moved on.
enum class task_status : std::uint8_t {
  pending,     ///< waits, runs, or is about to start
  cancelling,  ///< the same, and has accepted a cancel that it has not taken back
  finished,    ///< gave a value
  failed,      ///< threw
  cancelled,   ///< ended cancelled
};

/// One spawned task, whatever the type of its value. What a join_handle<T> is without its T; made of one,
/// by current_task(), or by all_tasks(). Copies refer to the same task; an empty one to none.
///
/// Threads   every member may be called from any thread; those that need a task throw usage_error when
///           this is empty.
/// Lifetime  as that of a handle: it keeps the outcome, not the task.
class task_ref {
 public:
  task_ref() noexcept = default;
  /// Refers to the task of `handle`.
  template <class T>
  task_ref(const join_handle<T>& handle) : task_ref(handle.ref()) {}

  /// False for an empty one.
  explicit operator bool() const noexcept { return node_ != nullptr; }

  /// As join_handle::name.
  std::string name() const { return node().name(); }
  /// As join_handle::set_name.
  void set_name(std::string_view name) const { node().set_name(name); }
  /// Where it was spawned; line 0 when that is not known.
  std::source_location spawned_at() const { return node().spawned_at(); }
  /// As join_handle::context.
  silk::context context() const {
    return detail::context_access::make(node().own_bindings(node().context()));
  }
  /// How many requests to cancel it has accepted and not taken back.
  unsigned cancelling() const;
  /// What it is doing, or how it ended. May be out of date.
  task_status status() const;
  /// Whether it has ended; false for an empty one.
  bool done() const noexcept { return core_ && core_->done(); }
  /// Whether it has ended cancelled.
  bool is_cancelled() const noexcept { return core_ && detail::is_cancelled(core_->state()); }
  /// As future<T>::cancel.
  bool cancel(std::string reason = {}) const;
  /// The exception that came out; null while pending, or when it was a value.
  std::exception_ptr exception() const;
  /// The recorded coroutines that it is in (call_graph.hpp), innermost first, at most `limit`. Empty when
  /// it is done, has not started, or runs on another thread.
  std::vector<call_frame> get_stack(
      std::size_t limit = all_frames,
      std::source_location where = std::source_location::current()) const;
  /// For people: name, status, what came out if it was an exception, where it was spawned.
  std::string description() const;

  /// Whether both refer to the same task.
  friend bool operator==(const task_ref& a, const task_ref& b) noexcept {
    return a.node_ == b.node_;
  }

 private:
  template <class T>
  friend class join_handle;
  friend struct detail::task_ref_access;
  task_ref(detail::core_ptr<detail::future_core> core, detail::task_node* node) noexcept
      : core_(std::move(core)), node_(node) {}
  detail::task_node& node() const;

  detail::core_ptr<detail::future_core> core_;
  detail::task_node* node_ = nullptr;
};

template <class T>
task_ref join_handle<T>::ref() const {
  return task_ref(this->state_, this->state_ ? &node() : nullptr);
}

template <class T>
std::vector<call_frame> join_handle<T>::get_stack(std::size_t limit,
                                                  std::source_location where) const {
  return ref().get_stack(limit, where);
}

namespace detail {
struct task_ref_access {
  static task_ref make(core_ptr<future_core> core, task_node& node) noexcept {
    return task_ref(std::move(core), &node);
  }
  static const core_ptr<future_core>& core(const task_ref& of) {
    of.node();
    return of.core_;
  }
};

std::vector<task_ref> tasks_of(runtime_core& runtime);
}  // namespace detail

/// The task that the calling code is part of, however deep in plain functions; empty outside of tasks.
task_ref current_task() noexcept;

/// The tasks of the calling task's runtime that have been spawned and have not ended, in no order.
/// usage_error outside of one: use runtime::all_tasks there. Tasks that start or end meanwhile may or
/// may not be among them.
std::vector<task_ref> all_tasks();

}  // namespace silk
