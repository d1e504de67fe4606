// task_context: what makes a chain of coroutines one task, seen from cancellation.
//
// A spawned task, a child of gather and the inside of a timeout each have one; coroutines that are
// merely awaited share their awaiter's. It holds at most one wait: the place where the task is
// suspended now. Nothing is registered when a task is forked; a wait is registered when it really
// suspends, and only then its group is made known to the parent's context (fork_group::link).
//
//   word:  | wait* (8-aligned) | closed or above 4 | busy 2 | pending 1 |
//
//     0 --enter_wait--> wait --leave_wait--> 0
//     0 --cancel--> pending --enter_wait/leave_wait: `cancelled` is thrown--> 0
//     wait --cancel--> wait|busy --try_cancel--> claimed:   0, the canceller wakes the task
//                                                finished:  wait|pending, thrown when it resumes
//                                                forwarded: wait, whoever is waited for will end it;
//                                                           or wait|pending, if that was faster and
//                                                           ends as it likes
//     wait --mark--> wait|pending --interrupt_marked--> wait|busy, as above
//     wait --hold_wait--> wait|busy|pending --release_wait--> wait     (only to look at it)
//     any --close--> closed     (spawned tasks: the outcome is decided, cancel says no)
//
// The inside of a timeout or a group is code of the task that waits for it. A cancel that comes to it from
// there is passed on, not counted again; while it is pending its bit `above` tells it from a request of the
// scope itself, which ends with the scope. Each request is counted in the context that it enters, and the
// task's requests are those of a context and of the scopes above it.
//
// C1: busy is held by one canceller, for a few instructions; the task cannot leave its wait meanwhile,
//     so the canceller may touch the wait.
//     Who only looks holds it, too; cancellers wait until it has looked.
// C2 (design invariant 4): fire, cancel and complete claim a wait once, under the lock of the one
//     source that the wait hangs in; a claimed wait is in no queue, wheel or list.
// C3: a cancel that was accepted is thrown at exactly one await, unless uncancel() takes it back.
//     A scope whose inside has ended without having seen it throws it in its place.
//
// Edges   E:wait-enter   enter_wait's CAS            -> the canceller's CAS to busy
//         E:wait-busy    the canceller's store       -> leave_wait's CAS
//         E:pending      the canceller's CAS         -> whoever takes pending away
//         E:cancel-count cancel's increment          -> uncancel's second look
#pragma once

#include "cancel_trace.hpp"
#include "engine.hpp"
#include "result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace silk::detail {

class cancel_requests;
class task_node;
struct await_access;
struct fork_group;
struct promise_base;
struct task_context;
struct wait;

using reason_ptr = std::shared_ptr<const std::string>;

enum class cancel_status : std::uint8_t {
  claimed,    // the wait is over and hangs nowhere: the canceller makes `wake` runnable
  early,      // not suspended yet: the suspending side will notice
  finished,   // completion came first: cancel stays pending and is thrown at the resumption
  forwarded,  // what is waited for is told: the wait ends when that ends
};

struct cancel_answer {
  cancel_status status;
  engine::job* wake = nullptr;  // exactly when claimed
};

// One suspension, as cancellation sees it. Lives in the awaiter.
struct wait {
  using cancel_function = cancel_answer (*)(wait&, cancel_requests&) noexcept;
  wait() noexcept {}  // whoever enters it sets the function first
  explicit wait(cancel_function function) noexcept : try_cancel(function) {}
  cancel_function try_cancel;  // [the canceller that holds busy]
};

// Who receives the outcome of a coroutine: its awaiter, its group, or its handle.
enum class receiver_kind : std::uint8_t { call, fork, root };

// How a child of gather came to run, as far as its end depends on it.
enum class fork_course : std::uint8_t {
  quiet,      // entered by the holder of the join token, and never noted as running
  disturbed,  // not entered by the child that holds the join token
  noted,      // quiet, but running() is it: at its end another one must be noted
  bound,      // noted, and has context variables of its own, to be forgotten at its end
  disturbed_and_bound,
};

// What a fork's child is.
enum class fork_role : std::uint8_t {
  task,     // one of its own
  scope,    // the inside of a timeout or a group, part of the task around it
  watcher,  // it awaits a handle on behalf of the gather, and passes a cancel on
};

struct receiver {
  explicit receiver(receiver_kind k) noexcept : kind(k) {}
  receiver_kind kind;
  outcome held = outcome::none;
  fork_course course = fork_course::quiet;
  fork_role role = fork_role::task;
  // Contexts: accepted requests not yet taken back; above them, how many are counted but not delivered.
  sync::atomic<std::uint32_t> cancelling{0};
};

struct task_context : receiver {
  static constexpr std::uintptr_t pending = 1;
  static constexpr std::uintptr_t busy = 2;
  static constexpr std::uintptr_t closed = 4;
  static constexpr std::uintptr_t above =
      closed;  // scopes, which are never closed; only with pending
  static constexpr std::uintptr_t flags = pending | busy | closed;
  static constexpr std::uintptr_t looked_at = busy | pending;
  static constexpr std::uint32_t on_its_way = std::uint32_t{1} << 24;  // in `cancelling`

  using receiver::receiver;

  // False: a pending cancel was taken instead, and must be thrown. The wait before may not have been left:
  // of several awaits in one expression, `co_await a + co_await b`, GCC 12 takes the first result when all
  // have been awaited. [task]
  [[nodiscard]] bool enter_wait(wait& w) noexcept;
  // True: a cancel was taken and must be thrown. [task]
  [[nodiscard]] bool leave_wait() noexcept;
  // True: a cancel was pending and is the caller's to throw. [task]
  [[nodiscard]] bool take_pending() noexcept {
    // relaxed look: nearly always clear, and taking it is an RMW
    if ((word.load(sync::memory_order_relaxed) & pending) == 0) return false;
    // E:pending in
    return (word.fetch_and(~(pending | above), sync::memory_order_acq_rel) & pending) != 0;
  }
  // A glance, for a task that has not begun to wait. False: nothing is pending, here or further up. [task]
  bool may_be_cancelled() const noexcept {
    // relaxed: take_pending decides
    return is_scope() || word.load(sync::memory_order_relaxed) != 0;
  }
  // Accepted cancels that entered here and were not taken back. [any]
  std::uint32_t requests() const noexcept {
    // relaxed: a count, for information
    return cancelling.load(sync::memory_order_relaxed) % on_its_way;
  }
  // Those of the whole task, or child of gather: scopes are part of it. [task]
  std::uint32_t all_requests() const noexcept;
  // Without what is pending, or about to be: it will meet what the task does from now on. [task]
  std::uint32_t seen_requests() const noexcept {
    // E:cancel-count in
    if (!is_scope() && cancelling.load(sync::memory_order_acquire) == 0) [[likely]]
      return 0;
    return count_seen_requests();
  }
  bool cancel_pending() const noexcept {
    return (word.load(sync::memory_order_acquire) & pending) != 0;  // E:pending in
  }
  // The same, or in the task further up: a scope is part of the task around it. [task, or on its behalf]
  bool cancel_pending_in_task() const noexcept;
  // Scopes: what is pending is not, or not only, the scope's own. [any]
  bool pending_from_above() const noexcept {
    // E:pending in
    return (word.load(sync::memory_order_acquire) & (pending | above)) == (pending | above);
  }
  // Adds what follows to `requests`. False: the outcome is already decided. [any]
  bool cancel(cancel_requests& requests) noexcept;
  // Scopes: the task that waits for us was cancelled, and counts it. Also after our end. [its canceller]
  void pass_cancel_on(cancel_requests& requests) noexcept { deliver(requests, pending | above); }
  // The same in two steps: once marked, a task sees it whenever it resumes; then its wait, if it is
  // still in one, is interrupted. [any]
  bool mark_cancelled() noexcept;
  void interrupt_marked(cancel_requests& requests) noexcept;
  // What it waits for was told of the cancel too late: the cancel stays with this task, or an accepted
  // one would be lost (C3). [who keeps the task in its wait]
  void keep_pending() noexcept;
  // Keeps the task in its wait, until release_wait; nullptr if it is in none, or somebody is about to
  // end it. For a moment only: cancellers spin meanwhile. Of the library's locks only a future's may be
  // taken, since nobody who has that one waits for a context. [any]
  wait* hold_wait() noexcept;
  void release_wait(wait& held) noexcept;
  // Throws the cancel that was taken at the next await after all. [task]
  void give_back_pending() noexcept;
  // Takes one request of the task back; returns how many remain. [task]
  std::uint32_t uncancel() noexcept;
  // The outcome is decided; true: by a cancel that nobody has seen yet. [task]
  [[nodiscard]] bool close() noexcept {
    return (word.exchange(closed, sync::memory_order_acq_rel) & pending) != 0;  // E:pending in/out
  }

  bool is_scope() const noexcept { return role == fork_role::scope; }

  // The task whose cancellation would reach this context first from above: nullptr for a spawned task.
  task_context* parent() const noexcept;
  // The spawned task that this context belongs to, however deep.
  task_node& root() noexcept;
  reason_ptr reason() const noexcept;

  sync::atomic<std::uintptr_t> word{0};

 private:
  enum class when_waiting : std::uint8_t { interrupt, leave };
  struct accepted {
    bool yes;
    wait* claimed = nullptr;  // busy, and the caller's to interrupt
  };
  std::uint32_t count_seen_requests() const noexcept;
  accepted accept(when_waiting then) noexcept;
  accepted receive(when_waiting then, std::uintptr_t mark) noexcept;
  void deliver(cancel_requests& requests, std::uintptr_t mark) noexcept;
  std::uintptr_t withdraw() noexcept;
  task_context* same_task_above() const noexcept { return is_scope() ? parent() : nullptr; }
  void interrupt(wait& current, cancel_requests& requests) noexcept;  // [holder of busy]
};

static_assert(sizeof(task_context) == 16);

}  // namespace silk::detail
