#include "fork_group.hpp"

#include "own_reasons.hpp"
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
  if (!try_hold()) return;
  cancel_requests requests(own_reasons::get().sibling_failed, parent->context);
  requests.add(*this);
  requests.run();
}

bool fork_group::link() noexcept {
  // E:link in: F4, whoever sees true may rely on the parent's context
  if (linked.load(sync::memory_order_acquire)) return false;
  if (linked.exchange(true, sync::memory_order_acq_rel)) return false;  // E:link in/out
  task_context& above = *parent->context;
  bool cancel_was_pending = false;
  while (!above.enter_wait(*this)) cancel_was_pending = true;
  if (cancel_was_pending) {
    cancel_requests requests(above.reason(), &above);
    cancel_children(*this, requests);
    requests.run();
  }
  return true;
}

bool fork_group::try_hold() noexcept {
  std::uint64_t value = remote.load(sync::memory_order_acquire);  // E:join in
  do {
    if (value == (total | arrived)) return false;
  } while (!remote.compare_exchange_weak(value, value + hold,
                                         sync::memory_order_acq_rel,  // E:join in/out
                                         sync::memory_order_acquire));  // E:join in
  return true;
}

void fork_group::drop_hold() noexcept {
  const std::uint64_t complete = total | arrived;                          // read before: F3
  const auto before = remote.fetch_sub(hold, sync::memory_order_acq_rel);  // E:join in/out
  if (before - hold == complete) wake(*parent);
}

void fork_group::note_reason(const cancel_requests& requests) noexcept {
  reason_ptr latest = requests.reason();  // what it replaces is destroyed after the unlock
  if (latest == nullptr) return;
  sync::lock_guard guard(reason_lock);
  reason.swap(latest);
}

reason_ptr fork_group::cancel_reason() const noexcept {
  sync::lock_guard guard(reason_lock);
  return reason;
}

void fork_group::cancel_child(std::size_t i, cancel_requests& requests) noexcept {
  note_reason(requests);
  child(i).cancel(requests);
}

void fork_group::pass_cancel_on(std::size_t i, cancel_requests& requests) noexcept {
  if (!child(i).scope) return cancel_child(i, requests);
  note_reason(requests);
  child(i).pass_cancel_on(requests);
}

cancel_answer fork_group::cancel_children(wait& self, cancel_requests& requests) noexcept {
  auto& group = static_cast<fork_group&>(self);
  if (!group.try_hold()) return {cancel_status::finished};
  // relaxed: the parent reads it after the join, which our hold delays
  if (!requests.only_looks()) group.cancel_requested.store(true, sync::memory_order_relaxed);
  requests.add(group);
  return {cancel_status::forwarded};
}

void wake(promise_base& waiting) noexcept {
  remember_running(*waiting.context);
  engine::pool& pool = waiting.context->root().pool();
  pool.schedule(waiting.make_resumable());
}

}  // namespace silk::detail
