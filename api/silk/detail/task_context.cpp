#include "task_context.hpp"

#include "cancel_requests.hpp"
#include "fork_group.hpp"
#include "task_node.hpp"

#include <algorithm>

namespace silk::detail {

bool task_context::enter_wait(wait& w) noexcept {
  std::uintptr_t expected = 0;
  if (word.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&w),
                                   sync::memory_order_release,     // E:wait-enter out: the wait
                                   sync::memory_order_relaxed)) {  // relaxed: looks again
    return true;
  }
  if ((expected & ~flags) != 0) return !leave_wait() && enter_wait(w);
  word.fetch_and(~(pending | above), sync::memory_order_acq_rel);  // E:pending in: the reason
  return false;
}

bool task_context::leave_wait() noexcept {
  // relaxed: 0 means that the canceller which claimed the wait has woken us through a queue
  std::uintptr_t value = word.load(sync::memory_order_relaxed);
  if (value == 0) return false;
  for (int spins = 0;; ++spins) {
    if ((value & busy) == 0 &&
        word.compare_exchange_weak(value, 0,
                                   sync::memory_order_acq_rel,     // E:wait-busy in, E:pending in
                                   sync::memory_order_relaxed)) {  // relaxed: looks again
      return (value & pending) != 0;
    }
    if (value == 0) return false;
    spins < 64 ? sync::cpu_relax() : sync::give_way();  // C1: the canceller is about to be done
    value = word.load(sync::memory_order_relaxed);      // relaxed: looks again
  }
}

task_context::accepted task_context::accept(when_waiting then) noexcept {
  if (!is_scope() &&
      (word.load(sync::memory_order_relaxed) & closed) != 0)  // relaxed: receive looks again
    return {.yes = false};
  // Counted before it is made pending, else uncancel could take away what it has not counted.
  cancelling.fetch_add(1 + on_its_way, sync::memory_order_seq_cst);  // E:cancel-count out
  const accepted answer = receive(then, pending);
  // E:cancel-count out: who sees that it has been delivered finds it in the word
  cancelling.fetch_sub(answer.yes ? on_its_way : 1 + on_its_way, sync::memory_order_release);
  return answer;
}

task_context::accepted task_context::receive(when_waiting then, std::uintptr_t mark) noexcept {
  std::uintptr_t value = word.load(sync::memory_order_seq_cst);  // E:wait-enter in, after the count
  for (int spins = 0;;) {
    if ((value & flags) == looked_at) {
      spins++ < 64 ? sync::cpu_relax() : sync::give_way();  // C1: who looks is about to be done
      value = word.load(sync::memory_order_acquire);        // E:wait-enter in
      continue;
    }
    if (!is_scope() && (value & closed) != 0) return {.yes = false};
    if ((value & busy) != 0 || (value & mark) == mark)
      return {.yes = true};  // one delivery serves both
    const bool interrupts = value != 0 && (value & pending) == 0 && then == when_waiting::interrupt;
    if (word.compare_exchange_weak(value, value | (interrupts ? busy : mark),
                                   sync::memory_order_acq_rel,     // E:wait-enter in, E:pending out
                                   sync::memory_order_acquire)) {  // E:wait-enter in
      return {.yes = true, .claimed = interrupts ? reinterpret_cast<wait*>(value) : nullptr};
    }
  }
}

bool task_context::cancel(cancel_requests& requests) noexcept {
  const accepted answer = accept(when_waiting::interrupt);
  if (answer.claimed != nullptr) interrupt(*answer.claimed, requests);
  return answer.yes;
}

void task_context::deliver(cancel_requests& requests, std::uintptr_t mark) noexcept {
  const accepted answer = receive(when_waiting::interrupt, mark);
  if (answer.claimed != nullptr) interrupt(*answer.claimed, requests);
}

wait* task_context::hold_wait() noexcept {
  std::uintptr_t value = word.load(sync::memory_order_acquire);  // E:wait-enter in
  do {
    if (value == 0 || (value & flags) != 0) return nullptr;
  } while (!word.compare_exchange_weak(value, value | looked_at,
                                       sync::memory_order_acq_rel,  // E:wait-enter in
                                       sync::memory_order_acquire));  // E:wait-enter in
  return reinterpret_cast<wait*>(value);
}

void task_context::release_wait(wait& held) noexcept {
  // E:wait-busy out
  word.store(reinterpret_cast<std::uintptr_t>(&held), sync::memory_order_release);
}

bool task_context::mark_cancelled() noexcept { return accept(when_waiting::leave).yes; }

void task_context::interrupt_marked(cancel_requests& requests) noexcept {
  std::uintptr_t value = word.load(sync::memory_order_acquire);  // E:wait-enter in
  do {
    // Runs, has seen the mark, or another canceller is at it.
    if ((value & flags) != pending || value == pending) return;
  } while (!word.compare_exchange_weak(value, (value & ~pending) | busy,
                                       sync::memory_order_acq_rel,  // E:wait-enter in
                                       sync::memory_order_acquire));  // E:wait-enter in
  interrupt(*reinterpret_cast<wait*>(value & ~pending), requests);
}

void task_context::interrupt(wait& current, cancel_requests& requests) noexcept {
  const auto value = reinterpret_cast<std::uintptr_t>(&current);
  engine::pool& pool = root().pool();
  const cancel_answer answer = current.try_cancel(current, requests);
  switch (answer.status) {
    case cancel_status::claimed:
      word.store(0, sync::memory_order_release);  // E:wait-busy out
      pool.schedule(*answer.wake);
      break;
    case cancel_status::finished:
      word.store(value | pending, sync::memory_order_release);  // E:wait-busy out, E:pending out
      break;
    case cancel_status::early:
    case cancel_status::forwarded:
      word.store(value, sync::memory_order_release);  // E:wait-busy out
      break;
  }
}

void task_context::keep_pending() noexcept {
  std::uintptr_t value = word.load(sync::memory_order_relaxed);  // relaxed: the CAS decides
  for (int spins = 0;; ++spins) {
    if ((value & busy) == 0 &&
        word.compare_exchange_weak(value, value | pending,
                                   sync::memory_order_acq_rel,     // E:wait-busy in, E:pending out
                                   sync::memory_order_relaxed)) {  // relaxed: looks again
      return;
    }
    spins < 64 ? sync::cpu_relax() : sync::give_way();  // C1: who is at it is about to be done
    value = word.load(sync::memory_order_relaxed);      // relaxed: looks again
  }
}

// Of a scope's own requests and those from above, what is given back counts as from above if there are any of
// these: it must not end with the scope.
void task_context::give_back_pending() noexcept {
  // relaxed: what was taken came after it
  const bool from_above =
      is_scope() && static_cast<const fork_base*>(this)->group->is(fork_group::cancel_requested) &&
      parent()->all_requests() > 0;
  // relaxed: it was ours, and stays here
  word.fetch_or(from_above ? pending | above : pending, sync::memory_order_relaxed);
}

bool task_context::cancel_pending_in_task() const noexcept {
  for (const task_context* at = this; at != nullptr; at = at->same_task_above())
    if (at->cancel_pending()) return true;
  return false;
}

std::uint32_t task_context::all_requests() const noexcept {
  std::uint32_t sum = 0;
  for (const task_context* at = this; at != nullptr; at = at->same_task_above())
    sum += at->cancelling.load(sync::memory_order_seq_cst) % on_its_way;  // E:cancel-count in
  return sum;
}

std::uint32_t task_context::count_seen_requests() const noexcept {
  std::uint32_t sum = 0;
  std::uint32_t unseen = 0;  // on their way
  bool is_pending = false;
  for (const task_context* at = this; at != nullptr; at = at->same_task_above()) {
    const std::uint32_t now = at->cancelling.load(sync::memory_order_acquire);  // E:cancel-count in
    sum += now % on_its_way;
    unseen += now / on_its_way;
    is_pending = is_pending || at->cancel_pending();
  }
  if (is_pending) unseen = std::max(unseen, 1u);  // it may be one of these
  return sum - std::min(unseen, sum);
}

// Of the outermost first: what a scope has asked for itself it takes back at its end.
std::uint32_t task_context::uncancel() noexcept {
  task_context* counted = nullptr;
  for (task_context* at = this; at != nullptr; at = at->same_task_above())
    if (at->requests() != 0) counted = at;
  if (counted == nullptr) return 0;
  // relaxed: only the task itself takes requests back, cancellers only add
  counted->cancelling.fetch_sub(1, sync::memory_order_relaxed);
  std::uint32_t remaining = all_requests();
  for (task_context* at = this; at != nullptr && remaining == 0; at = at->same_task_above()) {
    const std::uintptr_t withdrawn = at->withdraw();
    if (withdrawn == 0) continue;
    // A canceller that came between the two may have found the old request pending and left it at that:
    // its own must not go with it (C3).
    remaining = all_requests();
    if (remaining == 0) continue;
    cancel_requests requests = cancel_requests::of_pending(at->reason(), *at);
    at->deliver(requests, withdrawn);
    requests.run();
  }
  return remaining;
}

// What was pending. A scope above may be in its wait, with a canceller who has only marked it.
std::uintptr_t task_context::withdraw() noexcept {
  std::uintptr_t value = word.load(sync::memory_order_seq_cst);  // E:cancel-count in
  while ((value & pending) != 0 && (value & busy) == 0) {
    if (word.compare_exchange_weak(value, value & ~(pending | above),
                                   sync::memory_order_seq_cst,  // E:pending in, E:cancel-count in
                                   sync::memory_order_relaxed)) {  // relaxed: looks again
      return value & (pending | above);
    }
  }
  return 0;
}

task_context* task_context::parent() const noexcept {
  if (kind != receiver_kind::fork) return nullptr;
  return static_cast<const fork_base*>(this)->group->parent->context;
}

task_node& task_context::root() noexcept {
  task_context* at = this;
  while (task_context* next = at->parent()) at = next;
  return *static_cast<root_context*>(at)->node;
}

reason_ptr task_context::reason() const noexcept {
  if (kind == receiver_kind::fork)
    return static_cast<const fork_base*>(this)->group->cancel_reason();
  return static_cast<const root_context*>(this)->node->cancel_reason();
}

}  // namespace silk::detail
