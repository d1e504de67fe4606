#include "task_context.hpp"

#include "fork_group.hpp"
#include "task_node.hpp"

namespace silk::detail {

bool task_context::enter_wait(wait& w) noexcept {
  std::uintptr_t expected = 0;
  if (word.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&w),
                                   sync::memory_order_release,     // E:wait-enter out: the wait
                                   sync::memory_order_relaxed)) {  // relaxed: looks again
    return true;
  }
  if ((expected & ~flags) != 0) return !leave_wait() && enter_wait(w);
  word.fetch_and(~pending, sync::memory_order_acq_rel);  // E:pending in: the reason
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
  std::uintptr_t value = word.load(sync::memory_order_acquire);  // E:wait-enter in
  if ((value & closed) != 0) return {.yes = false};
  // Counted before it is made pending, else uncancel could take away what it has not counted.
  cancelling.fetch_add(1, sync::memory_order_seq_cst);  // E:cancel-count out
  value = word.load(sync::memory_order_seq_cst);        // E:wait-enter in, after the count
  for (int spins = 0;;) {
    if ((value & flags) == looked_at) {
      spins++ < 64 ? sync::cpu_relax() : sync::give_way();  // C1: who looks is about to be done
      value = word.load(sync::memory_order_acquire);        // E:wait-enter in
      continue;
    }
    if ((value & closed) != 0) {
      // relaxed: taken back by the one who counted
      cancelling.fetch_sub(1, sync::memory_order_relaxed);
      return {.yes = false};
    }
    if ((value & (busy | pending)) != 0) return {.yes = true};  // one delivery serves both
    const bool interrupts = value != 0 && then == when_waiting::interrupt;
    if (word.compare_exchange_weak(value, value | (interrupts ? busy : pending),
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

std::uint32_t task_context::uncancel() noexcept {
  // relaxed: only the task itself takes requests back; a canceller that raises the count meanwhile
  // makes the CAS try again
  std::uint32_t count = cancelling.load(sync::memory_order_relaxed);
  do {
    if (count == 0) return 0;
  } while (!cancelling.compare_exchange_weak(count, count - 1,
                                             sync::memory_order_relaxed));  // relaxed: as above
  if (count > 1) return count - 1;
  word.fetch_and(~pending, sync::memory_order_seq_cst);  // E:pending in, E:cancel-count in
  // A canceller that came between the two may have found the old request pending and left it at that:
  // its own must not go with it (C3).
  const std::uint32_t come = cancelling.load(sync::memory_order_seq_cst);  // E:cancel-count in
  if (come != 0) word.fetch_or(pending, sync::memory_order_seq_cst);       // E:pending out
  return come;
}

task_context* task_context::parent() const noexcept {
  if (kind != receiver_kind::fork) return nullptr;
  return static_cast<const fork_base*>(this)->group->parent->context;
}

task_node& task_context::root() noexcept {
  task_context* at = this;
  while (task_context* above = at->parent()) at = above;
  return *static_cast<root_context*>(at)->node;
}

reason_ptr task_context::reason() const noexcept {
  if (kind == receiver_kind::fork)
    return static_cast<const fork_base*>(this)->group->cancel_reason();
  return static_cast<const root_context*>(this)->node->cancel_reason();
}

}  // namespace silk::detail
