// fork_group: children that share their parent's frame and end before it goes on.
//
// The children's coroutines exist before the parent suspends. The parent pushes all but the first on
// its worker's deque and enters the first; thieves take the last ones. Nothing is counted atomically
// as long as nothing was stolen and nothing suspended:
//
// The join token. Exactly one child at a time holds it: the one that was entered locally, by the
// parent or by a finishing sibling (pop_if). Its holder alone touches own_done and next. Whoever else
// takes a child (a thief, or this worker's loop after the holder suspended) marks it `disturbed`; a
// disturbed child counts itself in `remote` with one RMW. When the holder finds no sibling to enter,
// the token arrives: own_done is added to `remote` together with the arrived bit.
//
// I3 / F1: the parent is resumed once: by whoever makes `remote` == total + arrived with no hold, or
//     by the holder that sees own_done == total when the group was never linked.
// F2: all children's writes happen before that: along the token, or through the RMWs on `remote`.
// F3: the group is not touched after the RMW that completes it, except by who resumes the parent.
// F4: linked implies that the parent's context knows our wait, so that a cancel from above arrives.
//
// Edges   E:join      every RMW on remote            -> the one that completes it
//         E:link      the exchange on linked         -> later looks at it
//         E:failure   the exchange on failed         -> its readers
#pragma once

#include "promise.hpp"
#include "task_context.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <new>

namespace silk::detail {

enum class on_failure : std::uint8_t { cancel_siblings, keep_going };

// Members of a group that are no coroutines, such as the timer of a timeout.
class fork_outsiders {
 public:
  // The child has ended. Returns how many outsiders have thereby arrived; the others will by
  // themselves. [task]
  virtual std::uint64_t child_ended(fork_base& ended) noexcept = 0;
  // The group is cancelled from above; the children are told by the group. [holder]
  virtual void cancel(cancel_requests& requests) noexcept = 0;

 protected:
  ~fork_outsiders() = default;
};

// `context` is about to be what its thread runs (running.hpp). A child of gather remembers that: should
// it end without having suspended, whatever goes on then must not be taken for it. Not needed where a
// task goes on after a wait of its own: all groups above are linked then, and end in resume_parent.
// [task, or who wakes it]
inline void remember_running(task_context& context) noexcept {
  if (context.course == fork_course::quiet) context.course = fork_course::noted;
}
inline void note_running(task_context& context) noexcept {
  remember_running(context);
  set_running(&context);
}

// A child with context variables of its own has ended: they go, and its course is one without. [task]
void forget_bindings(fork_base& ended) noexcept;  // bindings.cpp

struct fork_group : wait {
  fork_group(std::byte* first_slot, std::size_t slot_stride, std::uint32_t members,
             on_failure failure_policy) noexcept
      : wait(cancel_children),
        slots(first_slot),
        stride(slot_stride),
        total(members),
        policy(failure_policy) {}

  fork_base& child(std::size_t i) noexcept {
    return *std::launder(reinterpret_cast<fork_base*>(slots + i * stride));
  }

  // Child `i` is made of `coroutine`; before start. [task]
  void bind(fork_base& slot, promise_base& coroutine) noexcept {
    slot.group = this;
    slot.coroutine = &coroutine;
    coroutine.receiver = &slot;
    coroutine.context = &slot;
  }

  // Makes all children runnable and returns the one to enter now. [task]
  std::coroutine_handle<> start(promise_base& waiting) noexcept;

  // A child has ended and its frame is gone. Returns who goes on. [task]
  std::coroutine_handle<> finished(fork_base& ended) noexcept;

  // `members` that are no coroutines have arrived. True: the caller resumes the parent. [any]
  [[nodiscard]] bool arrive(std::uint64_t members) noexcept {
    const std::uint64_t complete = total | arrived;                             // read before: F3
    const auto before = remote.fetch_add(members, sync::memory_order_acq_rel);  // E:join in/out
    return before + members == complete;
  }

  // Makes our wait known to the parent's context. False: it was already. [task of a child]
  bool link() noexcept;

  // Keeps the parent suspended; any number may at once. False: all have ended, and it goes on. [any]
  [[nodiscard]] bool try_hold() noexcept;
  void drop_hold() noexcept;  // may wake the parent [holder]
  // Asks one child to stop. [holder, or an outsider that has not arrived]
  void cancel_child(std::size_t i, cancel_requests& requests) noexcept;
  // Tells a child of a cancel that came to the group. [holder]
  void pass_cancel_on(std::size_t i, cancel_requests& requests) noexcept;

  // The parent is running again. True: a cancel is due now. [task]
  [[nodiscard]] bool leave_wait() noexcept;
  // The parent is running again. True: the group was cancelled from above, or a cancel is due now:
  // throw it. [task]
  [[nodiscard]] bool leave() noexcept;

  // Why the children were cancelled: what the latest said who gave a reason; null if nobody did. [any]
  reason_ptr cancel_reason() const noexcept;

  static cancel_answer cancel_children(wait& self, cancel_requests& requests) noexcept;

  static constexpr std::uint64_t arrived = std::uint64_t{1} << 40;
  static constexpr std::uint64_t hold = std::uint64_t{1} << 41;  // each holder adds one

  promise_base* parent = nullptr;
  std::byte* slots;
  std::size_t stride;
  std::uint32_t total;         // children and outsiders that must arrive
  std::uint32_t next = 1;      // token holder's
  std::uint32_t own_done = 0;  // token holder's
  std::uint32_t children = total;
  on_failure policy;
  fork_outsiders* outsiders = nullptr;
  sync::atomic<bool> linked{false};
  sync::atomic<bool> failed{false};
  sync::atomic<bool> cancel_requested{false};
  mutable sync::spinlock reason_lock;
  sync::atomic<std::uint64_t> remote{0};
  fork_base* first_failure = nullptr;  // written by the child that raised `failed`
  reason_ptr reason;                   // guarded by reason_lock

 private:
  void child_failed(fork_base& ended) noexcept;
  void note_reason(const cancel_requests& requests) noexcept;  // [any canceller]
  std::coroutine_handle<> start_through_the_loop(engine::worker& worker) noexcept;
  std::coroutine_handle<> pass_token() noexcept;
  // After a child that this thread had entered from its loop.
  std::coroutine_handle<> resume_parent() noexcept {
    note_running(*parent->context);
    return parent->handle();
  }
};

// Everything above `context` learns that something below it suspends. [task]
inline void link_ancestors(task_context& context) noexcept {
  task_context* at = &context;
  while (at->kind == receiver_kind::fork) {
    fork_group& group = *static_cast<fork_base*>(at)->group;
    if (!group.link()) return;
    at = group.parent->context;
  }
}

// Suspends the task in `w`, as far as cancellation is concerned. False: `cancelled` is to be thrown
// instead. Call before the wait is handed to what will end it. [task]
[[nodiscard]] inline bool begin_wait(task_context& context, wait& w) noexcept {
  if (!context.enter_wait(w)) return false;
  link_ancestors(context);
  return true;
}

// Makes the coroutine runnable on its own pool, from wherever the caller is. [any]
void wake(promise_base& waiting) noexcept;

// ---- bodies: the path that every fork takes; what goes wrong is in the .cpp ----

// A child that was cancelled before it ran: its arguments are destroyed, its body is not entered.
inline void discard(fork_base& child) noexcept {
  child.coroutine->handle().destroy();
  child.held = outcome::skipped;
}

inline std::coroutine_handle<> fork_finished(fork_base& child) noexcept {
  return child.group->finished(child);
}

// A child taken from a deque by somebody who does not hold the token. [worker]
inline void run_disturbed(engine::job& self) noexcept {
  promise_base& promise = static_cast<promise_base&>(self);
  fork_base& child = static_cast<fork_base&>(*promise.context);
  child.course = fork_course::disturbed;
  // The inside of a scope begins in any case, as it does when it is entered at once.
  if (child.cancel_pending() && !child.scope) [[unlikely]] {
    discard(child);
    fork_finished(child).resume();
    return set_running(nullptr);
  }
  promise.enter();
}

inline std::coroutine_handle<> fork_group::start(promise_base& waiting) noexcept {
  parent = &waiting;
  engine::worker& worker = *engine::current_worker();
  if (worker.fork_budget_spent()) [[unlikely]]
    return start_through_the_loop(worker);
  for (std::uint32_t i = children; i-- > 1;) {
    promise_base& pushed = *child(i).coroutine;
    pushed.run = run_disturbed;
    worker.forks().push(pushed);
  }
  if (children > 1) worker.notify_forked();
  return child(0).coroutine->handle();
}

inline std::coroutine_handle<> fork_group::finished(fork_base& ended) noexcept {
  if (ended.held != outcome::value) [[unlikely]]
    child_failed(ended);
  std::uint64_t members = 1;
  if (outsiders != nullptr) [[unlikely]]
    members += outsiders->child_ended(ended);
  if (ended.course != fork_course::quiet) [[unlikely]] {
    if (ended.course > fork_course::noted) [[unlikely]]
      forget_bindings(ended);
    if (ended.course == fork_course::disturbed) {
      return arrive(members) ? resume_parent() : std::noop_coroutine();
    }
    note_running(*parent->context);
  }
  own_done += static_cast<std::uint32_t>(members);
  return pass_token();
}

inline std::coroutine_handle<> fork_group::pass_token() noexcept {
  engine::deque& forks = engine::current_worker()->forks();
  while (next < children) {
    fork_base& sibling = child(next++);
    if (!forks.pop_if(*sibling.coroutine)) {  // stolen, and with it all that come after it
      next = children;
      break;
    }
    if (sibling.coroutine->receiver != &sibling) [[unlikely]] {
      // The sibling is long gone and its memory has become another group's child: not ours to enter.
      forks.push(*sibling.coroutine);
      next = children;
      break;
    }
    if (!sibling.cancel_pending()) [[likely]]
      return sibling.coroutine->handle();
    discard(sibling);
    child_failed(sibling);
    ++own_done;
  }
  // relaxed: whoever linked the group was a child that ran before us under the token
  if (own_done == total && !linked.load(sync::memory_order_relaxed)) [[likely]]
    return parent->handle();
  return arrive(arrived + own_done) ? resume_parent() : std::noop_coroutine();
}

inline bool fork_group::leave_wait() noexcept {
  task_context& context = *parent->context;
  // relaxed: the children that linked us happen before the join
  return linked.load(sync::memory_order_relaxed) ? context.leave_wait() : context.take_pending();
}

inline bool fork_group::leave() noexcept {
  const bool due = leave_wait();
  return due || cancel_requested.load(sync::memory_order_relaxed);  // relaxed: after the join
}

}  // namespace silk::detail
