#include "fork_group.hpp"

#include "task_node.hpp"

namespace silk::detail {

// Nobody is entered locally, so nobody will bring the token: it arrives now.
std::coroutine_handle<> fork_group::start_through_the_loop(engine::worker& worker) noexcept {
  // Added, since an outsider may have arrived already. relaxed: published with the children
  remote.fetch_add(arrived, sync::memory_order_relaxed);
  next = children;
  for (std::uint32_t i = children; i-- > 0;) {  // after the last push the group may be gone
    promise_base& pushed = *child(i).coroutine;
    pushed.run = run_disturbed;
    worker.forks().push(pushed);
  }
  worker.notify_forked();
  return std::noop_coroutine();
}

void fork_group::child_failed(fork_base& ended) noexcept {
  if (policy == on_failure::keep_going) return;
  if (failed.exchange(true, sync::memory_order_acq_rel)) return;  // E:failure in/out
  first_failure = &ended;
  // relaxed: only saves telling the children twice
  if (children == 1 || cancel_requested.load(sync::memory_order_relaxed)) return;
  if (try_hold() != hold_result::held) return;
  cancel_requests requests(sibling_failed());
  requests.add(*this);
  requests.run();
}

const reason_ptr& sibling_failed() noexcept {
  static const auto reason = std::make_shared<const std::string>("a sibling failed");
  return reason;
}

bool fork_group::link() noexcept {
  // E:link in: F4, whoever sees true may rely on the parent's context
  if (linked.load(sync::memory_order_acquire)) return false;
  if (linked.exchange(true, sync::memory_order_acq_rel)) return false;  // E:link in/out
  task_context& above = *parent->context;
  bool cancel_was_pending = false;
  while (!above.enter_wait(*this)) cancel_was_pending = true;
  if (cancel_was_pending) {
    cancel_requests requests(above.reason());
    cancel_children(*this, requests);
    requests.run();
  }
  return true;
}

hold_result fork_group::try_hold() noexcept {
  std::uint64_t value = remote.load(sync::memory_order_acquire);  // E:join in
  do {
    if ((value & hold) != 0) return hold_result::held_by_another;
    if (value == (total | arrived)) return hold_result::completed;
  } while (!remote.compare_exchange_weak(value, value | hold,
                                         sync::memory_order_acq_rel,  // E:join in/out
                                         sync::memory_order_acquire));  // E:join in
  return hold_result::held;
}

void fork_group::drop_hold() noexcept {
  const std::uint64_t complete = total | arrived;                           // read before: F3
  const auto before = remote.fetch_and(~hold, sync::memory_order_acq_rel);  // E:join in/out
  if ((before & ~hold) == complete) wake(*parent);
}

void fork_group::note_reason(const cancel_requests& requests) noexcept {
  if (has_reason) return;
  has_reason = true;
  reason = requests.reason();
}

void fork_group::cancel_child(std::size_t i, cancel_requests& requests) noexcept {
  // Waits for another holder: it may be about to write the reason that the child would read.
  while (try_hold() == hold_result::held_by_another) sync::give_way();
  note_reason(requests);
  drop_hold();  // before: a cancel from above that finds a holder relies on what the holder tells
  child(i).cancel(requests);
}

void fork_group::cancel_members(cancel_requests& requests) noexcept {
  note_reason(requests);
  for (std::uint32_t i = 0; i < children; ++i) {
    child(i).cancel(requests);
    requests.ask_futures();  // keeps C1: the child may be held back until it has its answer
  }
  if (outsiders != nullptr) outsiders->cancel(requests);
}

cancel_answer fork_group::cancel_children(wait& self, cancel_requests& requests) noexcept {
  auto& group = static_cast<fork_group&>(self);
  const hold_result result = group.try_hold();
  if (result == hold_result::completed) return {cancel_status::finished};
  // relaxed: the parent reads it after the join, which our hold delays
  group.cancel_requested.store(true, sync::memory_order_relaxed);
  if (result == hold_result::held) requests.add(group);
  return {cancel_status::forwarded};
}

void wake(promise_base& waiting) noexcept {
  remember_running(*waiting.context);
  engine::pool& pool = waiting.context->root().pool();
  pool.schedule(waiting.make_resumable());
}

}  // namespace silk::detail
