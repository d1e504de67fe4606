#include "timeout_scope.hpp"

#include "detail/own_reasons.hpp"

#include <new>
#include <string>

namespace silk::detail {

namespace {

const char* word_for(timeout_state state) noexcept {
  switch (state) {
    case timeout_state::created:
      return "not entered yet";
    case timeout_state::active:
      return "active";
    case timeout_state::expiring:
      return "expiring";
    case timeout_state::expired:
      return "expired";
    case timeout_state::finished:
      break;
  }
  return "finished";
}

}  // namespace

std::optional<time_point> time_limit::deadline() const noexcept {
  sync::lock_guard hold(lock_);
  return deadline_;
}

timeout_state time_limit::state() const noexcept {
  sync::lock_guard hold(lock_);
  return state_;
}

void time_limit::check_unused() const {
  const timeout_state now = state();
  if (now == timeout_state::created) return;
  throw usage_error(std::string("this timeout_scope is ") + word_for(now) +
                    ": it can be entered once");
}

void time_limit::enter(fork_group& group, engine::pool& pool) noexcept {
  group_ = &group;
  pool_ = &pool;
  bool late = false;
  {
    sync::lock_guard hold(lock_);
    late = time_is_up();
    state_ = late ? timeout_state::expiring : timeout_state::active;
    at_work_ = late;
    if (!late) arm_or_abort();
  }
  if (late) expire();
}

void time_limit::move_to(std::optional<time_point> deadline) {
  bool late = false;
  {
    sync::lock_guard hold(lock_);
    if (state_ != timeout_state::active) {
      throw usage_error(std::string("this timeout_scope is ") + word_for(state_) +
                        ": only an active one can be rescheduled");
    }
    deadline_ = deadline;
    if (!disarm()) return;  // the timer's job will look at the new deadline
    late = time_is_up();
    if (late) {
      state_ = timeout_state::expiring;
      at_work_ = true;
    } else {
      arm();
    }
  }
  if (late) expire();
}

void time_limit::arm() {
  if (!deadline_) return;
  node_.on_fire = &job_;
  node_.deadline = deadline_at(*deadline_);
  node_.state = engine::timer_state::idle;
  pool_->prepare_timer(node_);
  armed_ = true;
  try {
    static_cast<void>(pool_->arm(node_, engine::pool::then::runs_on));
  } catch (...) {
    armed_ = false;
    throw;
  }
}

bool time_limit::disarm() noexcept {
  if (!armed_) return true;
  if (pool_->cancel(node_) == engine::timer_cancel::too_late) return false;
  armed_ = false;
  return true;
}

void time_limit::fired(engine::job& self) noexcept {
  time_limit& limit = *static_cast<timer_job&>(self).limit;
  bool body_ended = false;
  {
    sync::lock_guard hold(limit.lock_);
    limit.armed_ = false;
    body_ended = limit.body_ended_;
    // It may have been moved while we were on our way.
    if (!body_ended && !limit.time_is_up()) return limit.arm_or_abort();
    if (!body_ended) limit.state_ = timeout_state::expiring;
    limit.at_work_ = true;
  }
  body_ended ? limit.work_done() : limit.expire();
}

bool time_limit::time_is_up() const noexcept {
  return deadline_ && deadline_at(*deadline_) <= pool_->time().now();
}

void time_limit::arm_or_abort() noexcept {
  try {
    arm();
  } catch (const std::bad_alloc&) {
    SILK_ASSERT(false, "out of memory for a timer");
  }
}

void time_limit::expire() noexcept {
  cancel_requests requests(own_reasons::get().time_is_up, &group_->child(0));
  group_->cancel_child(0, requests);
  requests.run();
  work_done();
}

void time_limit::work_done() noexcept {
  fork_group& group = *group_;  // read before: afterwards the scope may be gone
  bool arrives = false;
  {
    sync::lock_guard hold(lock_);
    at_work_ = false;
    arrives = body_ended_;
  }
  if (arrives && group.arrive(1)) wake(*group.parent);
}

std::uint64_t time_limit::child_ended(fork_base&) noexcept {
  sync::lock_guard hold(lock_);
  body_ended_ = true;
  if (!disarm()) {  // the timer's job is on its way, and will arrive: keeps S1
    if (state_ == timeout_state::active && time_is_up()) state_ = timeout_state::expiring;
    return 0;
  }
  return at_work_ ? 0 : 1;  // keeps S1
}

bool time_limit::leave(bool stopped_body) noexcept {
  sync::lock_guard hold(lock_);
  const bool expired = state_ == timeout_state::expiring && stopped_body;
  state_ = expired ? timeout_state::expired : timeout_state::finished;
  return expired;
}

}  // namespace silk::detail
