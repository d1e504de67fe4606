#include "observe_wait.hpp"

#include "fork_group.hpp"
#include "own_reasons.hpp"

namespace silk::detail {

bool observe_wait::enter(promise_base& waiting) noexcept {
  waiting_ = &waiting;
  waiter::pool = &engine::current_worker()->owner();
  waiting.make_resumable();
  if (begin_wait(*waiting.context, *this)) return true;  // a canceller may be here already
  cancelled_ = true;
  return false;
}

bool observe_wait::watch() noexcept { return core_.add_waiter(*this); }

bool observe_wait::passes_on(const cancel_requests& requests) const noexcept {
  return policy_ == let_go::when_a_sibling_failed &&
         (requests.only_looks() || requests.reason() != own_reasons::get().sibling_failed);
}

cancel_answer observe_wait::on_cancel(wait& self, cancel_requests& requests) noexcept {
  auto& here = static_cast<observe_wait&>(self);
  if (here.core_.done()) return {cancel_status::finished};
  if (here.passes_on(requests)) {
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
