#include "observe_wait.hpp"

#include "fork_group.hpp"

namespace silk::detail {

bool observe_wait::enter(promise_base& waiting) noexcept {
  waiting_ = &waiting;
  waiter::pool = &engine::current_worker()->owner();
  waiting.make_resumable();
  task_context& context = *waiting.context;
  bool cancel_was_pending = false;
  while (!begin_wait(context, *this)) {  // else a canceller may be here already
    cancelled_ = !passes_on();
    if (cancelled_) return false;
    cancel_was_pending = true;
  }
  if (cancel_was_pending) pass_pending_on(core_, *this, context);
  return true;
}

bool observe_wait::watch() noexcept { return core_.add_waiter(*this); }

// Of a watcher: the gather as a whole is cancelled. relaxed: set before the watcher is told.
bool observe_wait::passes_on() const noexcept {
  return policy_ == let_go::when_a_sibling_failed &&
         static_cast<fork_base&>(*waiting_->context).group->is(fork_group::cancel_requested);
}

cancel_answer observe_wait::on_cancel(wait& self, cancel_requests& requests) noexcept {
  auto& here = static_cast<observe_wait&>(self);
  if (here.core_.done()) return {cancel_status::finished};
  if (requests.only_looks() || here.passes_on()) {  // who looks has asked for the policy
    return pass_on(here.core_, here, *here.waiting_->context, requests);
  }
  // Here and now, else it might begin after the canceller was told that it will not.
  if (here.policy_ == let_go::unless_it_gives_up && here.core_.cancel(requests)) {
    return {cancel_status::forwarded};
  }
  switch (here.core_.remove_waiter(here)) {
    case removal::unlinked:
      here.cancelled_ = true;
      return {cancel_status::claimed, here.waiting_};
    case removal::before_added:
    case removal::held:  // another canceller wakes it when it has asked the future
      here.cancelled_ = true;
      return {cancel_status::early};
    case removal::too_late:
      break;
  }
  return {cancel_status::finished};
}

engine::job* observe_wait::wake_waiting(waiter& self) noexcept {
  return static_cast<observe_wait&>(self).waiting_;
}

void observe_wait::check(std::source_location where) {
  if (waiting_ == nullptr) return;
  task_context& context = *waiting_->context;
  const bool due = context.leave_wait();
  const bool given_up = waiter::stage != waiter_stage::fresh && !core_.done();
  if (!cancelled_ && !due && !given_up) return;
  static_cast<void>(context.take_pending());
  throw_cancelled(context, where);
}

}  // namespace silk::detail
