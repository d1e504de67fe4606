// fork_group: children that share their parent's frame and end before it goes on.
//
// The children's coroutines exist before the parent suspends. The parent pushes all but the first on
// its worker's deque and enters the first; thieves take the last ones. Nothing is counted atomically
// as long as nothing was stolen and nothing suspended:
//
// The join token. Exactly one child at a time holds it: the one that was entered locally, by the
// parent or by a finishing sibling (pop_if). Its holder alone touches `next`: the children before that have
// been entered under the token and have ended, but for the holder. Whoever else takes a child (a thief, or
// this worker's loop after the holder suspended) marks it `disturbed`; a disturbed child counts itself in
// `remote` with one RMW. When the holder finds no sibling to enter, the token arrives: those that it has
// entered are added to `remote` together with the arrived bit.
//
// I3 / F1: the parent is resumed once: by whoever makes `remote` == total + arrived with no hold, or
//     by the holder that has entered all of them, if the group was never linked.
// F2: all children's writes happen before that: along the token, or through the RMWs on `remote`.
// F3: the group is not touched after the RMW that completes it, except by who resumes the parent.
// F4: linked implies that the parent's context knows our wait, so that a cancel from above arrives.
// F9: ends of disturbed children that a worker has not counted yet (run_disturbed) keep the group.
//
// Edges   E:join      every RMW on remote            -> the one that completes it
//         E:link      the mark `linked`              -> later looks at it
//         E:failure   the mark `failed`              -> its readers
//         E:start     the mark `unstarted` goes      -> outsiders that ask for the parent
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

class fork_feeder;

struct fork_group : wait {
  // What is out of the ordinary. None of these: under way or at its end, no child has failed, none has had
  // to wait, so that nobody could cancel us.
  enum marks : std::uint8_t {
    unstarted = 1,
    accompanied = 2,  // there are outsiders
    linked = 4,
    failed = 8,
    cancel_requested = 16,
    reasoned = 32,  // `reason` has been made
    fed = 64,       // there is a feeder
  };

  fork_group(std::byte* first_slot, std::size_t slot_stride, std::uint32_t members,
             on_failure failure_policy) noexcept
      : next(first_slot + slot_stride),
        end(first_slot + members * slot_stride),
        stride(static_cast<std::uint32_t>(slot_stride)),
        children(members),
        total(members),
        policy(failure_policy) {}

  // One that has been made.
  fork_base& child(std::size_t i) noexcept { return at(slot_of(i)); }
  std::byte* slot_of(std::size_t i) noexcept { return end - (children - i) * stride; }
  // How many have been made, if the rest of a long range has not. [holder, or while nothing runs]
  std::uint32_t made() noexcept;
  bool is(marks mark) const noexcept {
    return (marked.load(sync::memory_order_relaxed) & mark) != 0;  // relaxed: as each caller says
  }

  // The child in `slot` is made of `coroutine`; before start. [task]
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
  // A child taken from a deque by somebody who does not hold the token, and the siblings under it. [worker]
  static void run_disturbed(engine::job& child) noexcept;

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
  // All children are to be told of a cancel, or that a sibling has failed. [holder]
  void tell_children(cancel_requests& requests) noexcept;
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

  // Null before the start. [holder, or an outsider that has not arrived]
  promise_base* parent_if_started() const noexcept {
    // E:start in
    const bool not_yet = (marked.load(sync::memory_order_acquire) & unstarted) != 0;
    return not_yet ? nullptr : parent;
  }

  static cancel_answer cancel_children(wait& self, cancel_requests& requests) noexcept;

  static constexpr std::uint64_t arrived = std::uint64_t{1} << 40;
  static constexpr std::uint64_t hold = std::uint64_t{1} << 41;  // each holder adds one

  promise_base* parent;  // from the start on
  std::byte* next;       // token holder's: the child to be entered next
  std::byte* end;        // behind the last child
  std::uint32_t stride;
  std::uint32_t children;
  std::uint32_t total;  // children and outsiders that must arrive
  sync::atomic<std::uint8_t> marked{unstarted};
  on_failure policy;
  mutable sync::spinlock reason_lock;
  sync::atomic<std::uint64_t> remote{0};
  union {
    fork_outsiders* outsiders;  // if accompanied
    fork_feeder* feeder;        // if fed
  };
  std::uint32_t outsiders_done = 0;  // token holder's
  fork_base* first_failure;          // written by the child that set the mark `failed`
  union {
    reason_ptr reason;  // guarded by reason_lock
  };

 protected:
  ~fork_group() {}
  // Started, and all have ended with a value; for who destroys the group.
  bool is_ordinary() const noexcept {
    return marked.load(sync::memory_order_relaxed) == 0;  // relaxed: after the join
  }
  // Nobody failed, and nobody was told to stop. Also of one that had to wait, or was fed.
  bool all_hold_values() const noexcept {
    // relaxed: after the join
    return (marked.load(sync::memory_order_relaxed) & ~(linked | fed)) == 0;
  }
  void drop_reason() noexcept;  // at the end of one that is not ordinary
  // There are outsiders, of which so many must arrive; before the start.
  void accompany(fork_outsiders& others, std::uint32_t count) noexcept {
    outsiders = &others;
    total += count;
    marked.store(unstarted | accompanied,
                 sync::memory_order_relaxed);  // relaxed: not published yet
  }
  // The parent is about to suspend. Null: every child is to go through the loop of the worker. [task]
  engine::worker* begin(promise_base& waiting) noexcept {
    parent = &waiting;
    // relaxed: since we were made
    if ((marked.load(sync::memory_order_relaxed) & (accompanied | fed)) != 0) [[unlikely]] {
      // Outsiders may be at work already. E:start out
      marked.fetch_and(static_cast<std::uint8_t>(~unstarted), sync::memory_order_release);
    } else {
      marked.store(0, sync::memory_order_relaxed);  // relaxed: published with the children
    }
    return worker_to_enter_on();
  }
  // The same for a group whose outsiders are at work from now on and not before. [task]
  engine::worker* begin_before_outsiders(promise_base& waiting) noexcept {
    parent = &waiting;
    marked.store(accompanied, sync::memory_order_relaxed);  // relaxed: published with the outsiders
    return worker_to_enter_on();
  }
  // The children behind the first few come a chunk at a time; before the start.
  void feed_by(fork_feeder& later) noexcept {
    feeder = &later;
    marked.store(unstarted | fed, sync::memory_order_relaxed);  // relaxed: not published yet
  }
  // Made ready for any worker to run it. [task]
  static engine::job& to_be_pushed(fork_base& child) noexcept;
  // The last one first. When `from` is out the group may be gone. [task]
  void push_children(std::uint32_t from, std::uint32_t to, engine::worker& worker) noexcept;
  std::coroutine_handle<> start_through_the_loop() noexcept;

 private:
  friend class fork_feeder;

  static fork_base& at(std::byte* slot) noexcept {
    return *std::launder(reinterpret_cast<fork_base*>(slot));
  }
  std::uint8_t set(marks mark) noexcept {
    return marked.fetch_or(mark, sync::memory_order_acq_rel);  // E:link in/out, E:failure in/out
  }
  static engine::worker* worker_to_enter_on() noexcept {
    engine::worker& worker = *engine::current_worker();
    return worker.fork_budget_spent() ? nullptr : &worker;
  }
  void child_failed(fork_base& ended) noexcept;
  void note_reason(const cancel_requests& requests) noexcept;  // [any canceller]
  std::coroutine_handle<> finished_otherwise(fork_base& ended) noexcept;
  std::coroutine_handle<> pass_token() noexcept;
  bool at_end_of_chunk() noexcept;
  std::uint32_t
  of_others() noexcept;  // of those before `next`, how many were not entered under the token
  std::coroutine_handle<> enter_next() noexcept;  // or the token arrives
  std::coroutine_handle<> all_entered() noexcept;
  std::coroutine_handle<> popped_in_vain(fork_base& sibling) noexcept;
  std::coroutine_handle<> token_arrives() noexcept;
  std::coroutine_handle<> disturbed_ended(std::uint64_t members) noexcept;
  static promise_base* take_sibling(const fork_group& group) noexcept;
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

// The same where nothing suspends, if a cancel of the task is pending in a scope above: it comes down then, to be
// thrown here. [task]
void bring_pending_down(task_context& context) noexcept;

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

inline engine::job& fork_group::to_be_pushed(fork_base& child) noexcept {
  promise_base& pushed = *child.coroutine;
  pushed.run = run_disturbed;
  return pushed;
}

inline void fork_group::push_children(std::uint32_t from, std::uint32_t to,
                                      engine::worker& worker) noexcept {
  std::byte* slot = slot_of(to);
  worker.forks().push_many(to - from, [&slot, size = stride]() noexcept -> engine::job& {
    return to_be_pushed(at(slot -= size));
  });
}

inline std::coroutine_handle<> fork_group::finished(fork_base& ended) noexcept {
  // relaxed: what the holder of the token must know was marked by a child that ran before under the token
  if (ended.held != outcome::value || ended.course != fork_course::quiet ||
      marked.load(sync::memory_order_relaxed) != 0) [[unlikely]]
    return finished_otherwise(ended);
  return next == end ? parent->handle() : enter_next();
}

inline std::coroutine_handle<> fork_group::enter_next() noexcept {
  fork_base& sibling = at(next);
  promise_base& coroutine = *sibling.coroutine;
  if (!engine::current_worker()->forks().pop_if(coroutine)) [[unlikely]]
    return token_arrives();
  next += stride;
  if (coroutine.receiver != &sibling || sibling.cancel_pending()) [[unlikely]]
    return popped_in_vain(sibling);
  return coroutine.handle();
}

}  // namespace silk::detail
