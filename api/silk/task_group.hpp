// task_group: tasks that end before the scope that started them.
#pragma once

#include "detail/scope_awaiter.hpp"
#include "spawn.hpp"

#include <concepts>
#include <exception>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace silk {

class task_group;

namespace detail {

// What a group knows of its children. An outsider of the scope in which the group's body runs: it has
// arrived when the body has ended and the last child is gone.
//
// G1: while `members_` is not empty or the body runs, the scope's parent is suspended.
// G2: once `aborting_` is set no child is accepted, and every child that was accepted before has been
//     told to stop or is about to be. A child is accepted before it can run.
//
// Edges   lock_ orders what it guards
//         E:group-scope   the store to scope_   -> who asks what the children are waited for by
class group_core final : public fork_outsiders {
 public:
  explicit group_core(runtime_core& runtime) noexcept : runtime_(runtime) {}
  group_core(const group_core&) = delete;
  group_core& operator=(const group_core&) = delete;

  void enter(fork_group& scope) noexcept;  // before the body runs
  runtime_core& runtime() noexcept { return runtime_; }

  // Before the child runs. A usage_error if the group takes no more. [any, while the group is open]
  void adopt(future_core& child);
  void stop(reason_ptr reason) noexcept;  // on the user's behalf [any, while the group is open]
  std::size_t size() const noexcept;

  std::uint64_t child_ended(fork_base& body) noexcept override;
  void cancel(cancel_requests& requests) noexcept override;

  // After the join.
  bool stopped_by_user() const noexcept { return stopped_; }
  std::vector<std::exception_ptr>& errors() noexcept { return errors_; }

 private:
  friend await_access;
  struct member;
  enum class tell_body : std::uint8_t { no, yes };

  // [holder of lock_, or once the body has run]
  fork_group* scope() const noexcept {
    return scope_.load(sync::memory_order_relaxed);  // relaxed: it has been ordered for us
  }
  void abort(cancel_requests& requests, tell_body also) noexcept;
  void look_at_children(cancel_requests& requests) noexcept;  // they have been told before
  std::vector<core_ptr<future_core>> children() const;        // [holder of lock_]
  task_context* owner() const noexcept;  // null before the body runs: nobody waits at its end yet
  void member_ended(member& ended) noexcept;
  static engine::job* member_completed(waiter& self) noexcept;
  static promise_base* owner_of(const waiter& w) noexcept;  // who waits at the end of the group
  static void run_member(engine::job& self) noexcept;

  runtime_core& runtime_;
  mutable sync::spinlock lock_;
  sync::atomic<fork_group*> scope_{nullptr};  // written under lock_, once, before the body runs
  reason_ptr reason_for_body_;                // guarded by lock_: it was aborted before that
  member* members_ = nullptr;  // guarded by lock_, as all that follows until the join
  std::size_t size_ = 0;
  bool body_running_ = true;
  bool aborting_ = false;
  bool stopped_ = false;
  std::vector<std::exception_ptr> errors_;
};

struct group_access;

}  // namespace detail

/// The children of one with_task_group() scope.
///
/// Threads   spawn and cancel may be called by the body and by any task of the group, on any worker.
///           Debug mode checks that spawn is called on a worker of the group's runtime.
/// Lifetime  the object belongs to with_task_group and ends with it.
class task_group : private detail::spawner<task_group> {
 public:
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// As silk::spawn, but the task ends before the group does. A usage_error once the group is ending
  /// because of a failure or a cancel; the refused task is destroyed.
  using detail::spawner<task_group>::spawn;

  /// Asks the body and all children to stop. The group then ends without `silk::cancelled`; errors that
  /// come out nevertheless are thrown as usual. May be called again.
  void cancel(std::string reason = {}) { core_.stop(detail::make_reason(std::move(reason))); }

  /// How many children have not ended. May be out of date.
  std::size_t size() const noexcept { return core_.size(); }

 private:
  friend detail::group_access;
  friend detail::spawner<task_group>;
  template <class T>
  join_handle<T> spawn_task(spawn_options options, task<T>&& body, std::source_location where) {
    return detail::spawn_access::spawn(core_.runtime(), options, std::move(body), where,
                                       detail::task_end::is_its_own,
                                       [this](detail::future_core& child) { core_.adopt(child); });
  }
  explicit task_group(detail::group_core& core) noexcept : core_(core) {}
  detail::group_core& core_;
};

namespace detail {

struct group_access {
  static task_group make(group_core& core) noexcept { return task_group(core); }
};

// A fatal exception comes out bare, and the failure handler is told of the others; else all come out as
// one exception_group. `owner` is the task whose group it was.
[[noreturn]] void throw_group_failure(std::vector<std::exception_ptr> errors,
                                      const task_node& owner);

template <class T>
class group_awaiter : public scope_awaiter<T> {
 public:
  group_awaiter(task<T> body, group_core& core)
      : scope_awaiter<T>(std::move(body), core, 1), core_(core) {
    core.enter(*this);
  }

  T await_resume(std::source_location where = std::source_location::current()) {
    const asked_from_above asked = this->leave_scope();
    auto& body = this->body();
    auto& errors = core_.errors();
    if (body.held == outcome::error) errors.push_back(body.slot.error());
    if (!errors.empty()) throw_group_failure(std::move(errors), this->parent->context->root());
    if (asked == asked_from_above::unseen) this->throw_cancelled_from_above(where);
    if (body.held == outcome::value) return this->take_body_value();
    if (asked == asked_from_above::seen) this->throw_cancelled_from_above(where);
    if constexpr (std::is_void_v<T>) {
      if (core_.stopped_by_user()) return;
    }
    rethrow_at(this->error_of(body), where);
  }

 private:
  group_core& core_;
};

template <class T>
task<T> fail_with(std::exception_ptr error) {
  std::rethrow_exception(error);
  co_return co_await fail_with<T>(error);  // never reached; makes it a coroutine, whatever T is
}

// A function that throws instead of giving a task may have spawned before: it fails as a body does.
template <class T, class F>
task<T> group_body(F& body, task_group& group) {
  try {
    return std::invoke(body, group);
  } catch (...) {
    return fail_with<T>(std::current_exception());
  }
}

template <class T, class F>
task<T> run_task_group(F body) {
  group_core core(required_runtime("with_task_group"));
  task_group group = group_access::make(core);
  co_return co_await group_awaiter<T>(group_body<T>(body, group), core);
}

}  // namespace detail

/// Opens a group, runs `body(group)` and waits for all tasks that were spawned into the group. What
/// asyncio calls TaskGroup.
///
/// Finishes  when the body and every child have ended, never earlier; gives the body's value.
/// Fails     when a child or the body throws, everything else in the group is cancelled and waited for;
///           then one exception_group holds all exceptions that came out. A fatal one comes out bare; the
///           failure handler is told of the others then. A child that merely ends cancelled is no
///           failure.
/// Cancelled the body is, as code of the awaiting task. If it ends cancelled, or has ended before, the
///           children are cancelled; then `silk::cancelled` is thrown, or the exception_group if anything
///           failed while cleaning up. If it swallows the cancel the group goes on.
/// Threads   in tasks only.
/// Lifetime  `body` is kept until the end, so a lambda with captures is safe; children may use the
///           body's captures and the caller's locals.
template <class F>
  requires detail::task_function<F&, task_group&>
auto with_task_group(F body) {
  return detail::run_task_group<detail::task_function_value<F&, task_group&>, F>(std::move(body));
}

}  // namespace silk
