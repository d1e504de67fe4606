#include "fork_group.hpp"

#include "fork_feeder.hpp"
#include "own_reasons.hpp"
#include "task_node.hpp"

#include <memory>
#include <utility>

namespace silk::detail {

namespace {

// Ends of disturbed children that this thread has not counted in `remote` yet, which others write, too.
struct kept_ends {
  const fork_group* of;
  kept_ends* outer;
  std::uint64_t count = 0;
};
constinit thread_local kept_ends* innermost_kept = nullptr;

void enter_disturbed(promise_base& promise) noexcept {
  fork_base& child = static_cast<fork_base&>(*promise.context);
  child.course = fork_course::disturbed;
  // The inside of a scope begins in any case, as it does when it is entered at once; a watcher, to tell whom
  // it watches.
  if (!child.cancel_pending() || child.role != fork_role::task) [[likely]]
    return promise.enter();
  discard(child);
  fork_finished(child).resume();
  set_running(nullptr);
}

}  // namespace

std::coroutine_handle<> fork_group::start(promise_base& waiting) noexcept {
  engine::worker* const worker = begin(waiting);
  if (worker == nullptr) [[unlikely]]
    return start_through_the_loop();
  const std::uint32_t first = is(fed) ? feeder->begin(*worker).to : children;
  if (first > 1) {
    push_children(1, first, *worker);
    worker->notify_forked();
  }
  return child(0).coroutine->handle();
}

// Nobody is entered locally, so nobody will bring the token: it arrives now.
std::coroutine_handle<> fork_group::start_through_the_loop() noexcept {
  engine::worker& worker = *engine::current_worker();
  // Added, since an outsider may have arrived already. relaxed: published with the children
  remote.fetch_add(arrived, sync::memory_order_relaxed);
  const std::uint32_t first = is(fed) ? feeder->begin(worker).to : children;
  push_children(0, first, worker);  // then the group may be gone
  worker.notify_forked();
  return std::noop_coroutine();
}

std::coroutine_handle<> fork_group::finished_otherwise(fork_base& ended) noexcept {
  if (ended.held != outcome::value) child_failed(ended);
  std::uint32_t others = 0;
  if (is(accompanied)) others = static_cast<std::uint32_t>(outsiders->child_ended(ended));
  if (ended.course > fork_course::noted) forget_bindings(ended);
  if (ended.course == fork_course::disturbed) return disturbed_ended(1 + others);
  if (ended.course != fork_course::quiet) note_running(*parent->context);
  outsiders_done += others;
  return pass_token();
}

std::coroutine_handle<> fork_group::disturbed_ended(std::uint64_t members) noexcept {
  kept_ends* const kept = innermost_kept;
  if (kept == nullptr || kept->of != this)
    return arrive(members) ? resume_parent() : std::noop_coroutine();
  kept->count += members;
  return std::noop_coroutine();
}

// Of a long range the siblings under it, too, as long as they end at once: whoever waits may be the last one, and gone
// when we see it. Then the group is, too, unless we have kept something back (F9).
void fork_group::run_disturbed(engine::job& child) noexcept {
  auto* promise = &static_cast<promise_base&>(child);
  fork_group& group = *static_cast<fork_base&>(*promise->context).group;
  if (!group.is(fed)) return enter_disturbed(*promise);  // relaxed: since before it was published
  kept_ends kept{.of = &group, .outer = innermost_kept};
  innermost_kept = &kept;
  std::uint64_t before = 0;
  do {
    before = kept.count;
    enter_disturbed(*promise);
  } while (kept.count != before && (promise = take_sibling(group)) != nullptr);
  innermost_kept = kept.outer;
  if (kept.count == 0 || !group.arrive(kept.count)) return;
  group.resume_parent().resume();
  set_running(nullptr);
}

promise_base* fork_group::take_sibling(const fork_group& group) noexcept {
  engine::worker& here = *engine::current_worker();
  if (!here.may_take_another() || here.forks().looks_empty()) return nullptr;
  engine::job* const newest = here.forks().pop();
  if (newest == nullptr) return nullptr;
  if (newest->run == run_disturbed) {
    auto& promise = static_cast<promise_base&>(*newest);
    if (static_cast<fork_base&>(*promise.context).group == &group) {
      here.takes_another();
      return &promise;
    }
  }
  here.forks().push(*newest);
  here.notify_forked();  // whoever parked while it was in our hands saw it nowhere: keeps I1
  return nullptr;
}

std::coroutine_handle<> fork_group::pass_token() noexcept {
  if (next == end) return all_entered();
  return at_end_of_chunk() ? feeder->go_on() : enter_next();
}

bool fork_group::at_end_of_chunk() noexcept { return is(fed) && feeder->ends_at(next); }

std::uint32_t fork_group::of_others() noexcept { return is(fed) ? feeder->of_others() : 0; }

std::coroutine_handle<> fork_group::all_entered() noexcept {
  // relaxed: whoever linked the group was a child that ran before us under the token
  const std::uint32_t ours = children - of_others();
  const bool all_here = ours + outsiders_done == total && !is(linked);
  return all_here ? parent->handle() : token_arrives();
}

// A loop, since all children behind the first may be passed by.
std::coroutine_handle<> fork_group::popped_in_vain(fork_base& sibling) noexcept {
  for (fork_base* popped = &sibling;;) {
    promise_base& coroutine = *popped->coroutine;
    if (coroutine.receiver != popped) {
      // The sibling is long gone and its memory has become another group's child: not ours to enter.
      engine::current_worker()->forks().push(coroutine);
      next -= stride;
      return token_arrives();
    }
    if (popped->role != fork_role::task || !popped->cancel_pending()) return coroutine.handle();
    discard(*popped);
    child_failed(*popped);
    if (next == end || at_end_of_chunk()) return pass_token();
    popped = &at(next);
    if (!engine::current_worker()->forks().pop_if(*popped->coroutine)) return token_arrives();
    next += stride;
  }
}

// The next sibling is gone, and with it all that come after it; or there is none.
std::coroutine_handle<> fork_group::token_arrives() noexcept {
  const auto entered = children - static_cast<std::uint32_t>((end - next) / stride) - of_others();
  return arrive(arrived + entered + outsiders_done) ? resume_parent() : std::noop_coroutine();
}

bool fork_group::leave_wait() noexcept {
  task_context& context = *parent->context;
  // relaxed: the children that linked us happen before the join
  if (is(linked)) return context.leave_wait();
  bring_pending_down(context);
  return context.take_pending();
}

bool fork_group::leave() noexcept {
  const bool due = leave_wait();
  return due || is(cancel_requested);  // relaxed: what cancelled us happened before the join
}

void fork_group::child_failed(fork_base& ended) noexcept {
  if ((set(failed) & failed) != 0) return;
  first_failure = &ended;
  if (policy == on_failure::keep_going) return;
  // relaxed: only saves telling the children twice
  if (children == 1 || is(cancel_requested)) return;
  if (!try_hold()) return;
  cancel_requests requests(own_reasons::get().sibling_failed, parent->context);
  tell_children(requests);
  requests.run();
}

void fork_group::tell_children(cancel_requests& requests) noexcept {
  if (is(fed) && !requests.only_looks()) feeder->stop();
  requests.add(*this);
}

std::uint32_t fork_group::made() noexcept { return is(fed) ? feeder->made() : children; }

bool fork_group::link() noexcept {
  // E:link in: F4, whoever sees it may rely on the parent's context
  if ((marked.load(sync::memory_order_acquire) & linked) != 0) return false;
  if ((set(linked) & linked) != 0) return false;
  try_cancel = cancel_children;
  task_context& above = *parent->context;
  bool cancel_was_pending = false;
  while (!above.enter_wait(*this)) cancel_was_pending = true;
  if (cancel_was_pending) {
    cancel_requests requests = cancel_requests::of_pending(above.reason(), above);
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
  if (is(reasoned)) return reason.swap(latest);  // relaxed: under the lock
  std::construct_at(&reason, std::move(latest));
  set(reasoned);
}

reason_ptr fork_group::cancel_reason() const noexcept {
  sync::lock_guard guard(reason_lock);
  return is(reasoned) ? reason : nullptr;  // relaxed: under the lock
}

void fork_group::drop_reason() noexcept {
  if (is(reasoned)) std::destroy_at(&reason);  // relaxed: after the join
}

void fork_group::cancel_child(std::size_t i, cancel_requests& requests) noexcept {
  note_reason(requests);
  child(i).cancel(requests);
}

void fork_group::pass_cancel_on(std::size_t i, cancel_requests& requests) noexcept {
  if (!child(i).is_scope()) return cancel_child(i, requests);
  note_reason(requests);
  child(i).pass_cancel_on(requests);
}

cancel_answer fork_group::cancel_children(wait& self, cancel_requests& requests) noexcept {
  auto& group = static_cast<fork_group&>(self);
  if (!group.try_hold()) return {cancel_status::finished};
  // The parent reads it after the join, which our hold delays.
  if (!requests.only_looks()) group.set(cancel_requested);
  group.tell_children(requests);
  return {cancel_status::forwarded};
}

void bring_pending_down(task_context& context) noexcept {
  if (context.is_scope() && context.cancel_pending_in_task()) link_ancestors(context);
}

void wake(promise_base& waiting) noexcept {
  remember_running(*waiting.context);
  engine::pool& pool = waiting.context->root().pool();
  pool.schedule(waiting.make_resumable());
}

}  // namespace silk::detail
