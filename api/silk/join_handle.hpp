// join_handle<T>: a spawned task, seen from outside.
#pragma once

#include "call_frame.hpp"
#include "context.hpp"
#include "detail/task_node.hpp"
#include "future.hpp"

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace silk {

class task_ref;

namespace detail {
struct spawn_access;
}

/// What spawn() returns: the future of a task, and the task itself. Usable wherever a future<T> is.
///
/// Cancelled  cancel() asks the task to stop: `silk::cancelled` is thrown at its current suspension or,
///            if it is running, at its next one. A task that has not started never will.
/// Lifetime   dropping the handle detaches the task: it runs on, owned by its runtime. If it then fails
///            and nobody has looked, the runtime's failure handler is told.
template <class T = void>
class join_handle : public future<T> {
 public:
  join_handle() noexcept = default;

  /// The name given at spawn, or a generated one that no other task has.
  std::string name() const { return node().name(); }
  /// Gives it another name.
  void set_name(std::string_view name) { node().set_name(name); }

  /// Where the task was spawned; line 0 when that is not known.
  std::source_location spawned_at() const { return node().spawned_at(); }

  /// How many requests to cancel the task has accepted and not taken back.
  unsigned cancelling() const { return node().context().requests(); }

  /// The context that the task runs in: the one that it was given, or its own.
  silk::context context() const {
    auto& of = node();
    return detail::context_access::make(of.own_bindings(of.context()));
  }

  /// As task_ref::get_stack.
  std::vector<call_frame> get_stack(
      std::size_t limit = all_frames,
      std::source_location where = std::source_location::current()) const;

  /// The task without the type of its value.
  task_ref ref() const;

 private:
  friend struct detail::spawn_access;
  explicit join_handle(detail::core_ptr<detail::future_state<T>> state) noexcept
      : future<T>(std::move(state)) {}
  detail::task_node& node() const {
    return static_cast<detail::task_state<T>&>(this->some_state());
  }
};

}  // namespace silk
