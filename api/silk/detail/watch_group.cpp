#include "watch_group.hpp"

#include "task_node.hpp"

#include <new>

namespace silk::detail {

watch_group::watch_group(std::vector<future_core*> futures, watch_until until,
                         watch_cancel on_cancel)
    : wait(watch_group::on_cancel),
      futures_(std::move(futures)),
      members_(std::make_unique<member[]>(futures_.size())),
      until_(until),
      cancel_policy_(on_cancel),
      outstanding_(futures_.size()) {
  for (std::size_t i = 0; i < futures_.size(); ++i) {
    members_[i].group = this;
    members_[i].core = futures_[i];
  }
}

watch_group::~watch_group() = default;

bool watch_group::suspend(promise_base& waiting) noexcept {
  waiting_ = &waiting;
  pool_ = &engine::current_worker()->owner();
  waiting.make_resumable();
  bool cancel_was_pending = false;
  while (!begin_wait(*waiting.context, *this)) {
    cancel_was_pending = true;
    bits_.fetch_or(cancelled, sync::memory_order_relaxed);  // relaxed: nobody else is here yet
    if (cancel_policy_ == watch_cancel::leaves_them) return false;
  }
  register_all();
  if (cancel_was_pending) {  // it goes where one that comes now would go
    task_context& context = *waiting.context;
    cancel_requests requests = cancel_requests::of_pending(context.reason(), context);
    static_cast<void>(tell_members(requests));
    requests.run();
  }
  const bool armed = looks_once() ? queue_look() : timeout_ != duration::max() && arm_timer();
  if (futures_.empty()) static_cast<void>(trigger());
  return end_registration(armed);
}

// True: the task is suspended, and may be running again already. False: it goes on at once.
bool watch_group::end_registration(bool timer_armed) noexcept {
  std::uint32_t bits = bits_.load(sync::memory_order_acquire);  // E:watch in
  while ((bits & triggered) == 0 || bits >= hold) {
    if (bits_.compare_exchange_weak(bits, bits | ready,
                                    sync::memory_order_acq_rel,     // E:watch in/out
                                    sync::memory_order_acquire)) {  // E:watch in
      return true;
    }
  }
  // Nobody wakes us, since nobody saw `ready`. But the timer must not outlive us.
  if (!timer_armed || timer_is_out_of_the_way()) return false;
  return (bits_.fetch_or(ready, sync::memory_order_acq_rel) & timer_ran) == 0;  // E:watch in/out
}

void watch_group::register_all() noexcept {
  for (; registered_ < futures_.size(); ++registered_) {
    member& m = members_[registered_];
    m.pool = pool_;
    // Done already: counts now; nobody else can wake us before `ready`.
    if (!m.core->add_waiter(m) && counts(m.core->state())) static_cast<void>(trigger());
  }
}

// In place of a timer: a timer that is due is served within a bound, but not at the next turn.
bool watch_group::queue_look() noexcept {
  if ((bits_.load(sync::memory_order_acquire) & triggered) != 0) return false;  // E:watch in
  timeout_job_.group = this;
  timeout_job_.run = timer_fired;
  engine::current_worker()->push_instead_of_me(timeout_job_);
  return true;
}

bool watch_group::arm_timer() noexcept {
  timeout_job_.group = this;
  timeout_job_.run = timer_fired;
  timer_.on_fire = &timeout_job_;
  timer_.deadline = deadline_after(pool_->time(), timeout_);
  pool_->prepare_timer(timer_);
  try {
    return pool_->arm(timer_, engine::pool::then::ends_turn) == engine::arm_result::armed;
  } catch (const std::bad_alloc&) {
    SILK_ASSERT(false, "out of memory for a timer");
  }
}

// Whether an outcome of this kind ends the wait. Called once for each future.
bool watch_group::counts(outcome reached) noexcept {
  // acq_rel: the last one sees what the others saw. E:watch in/out
  const bool last = outstanding_.fetch_sub(1, sync::memory_order_acq_rel) == 1;
  switch (until_) {
    case watch_until::first_completed:
      return true;
    case watch_until::first_exception:
      return last || reached == outcome::error;
    case watch_until::first_failure:
      return last || reached != outcome::value;
    case watch_until::all_completed:
      break;
  }
  return last;
}

// Returns the job to make runnable, if it is the caller's to do so.
engine::job* watch_group::trigger() noexcept {
  const auto before = bits_.fetch_or(triggered, sync::memory_order_acq_rel);  // E:watch in/out
  if ((before & triggered) != 0 || (before & ready) == 0 || before >= hold) return nullptr;
  return timer_is_out_of_the_way() ? waiting_ : nullptr;
}

// False: the timer's job is on its way, and will wake the task.
bool watch_group::timer_is_out_of_the_way() noexcept {
  if (looks_once()) return timeout_job_.group == nullptr;  // what is in a queue stays there
  if (timer_.on_fire == nullptr) return true;
  return pool_->cancel(timer_) != engine::timer_cancel::too_late;
}

engine::job* watch_group::member_completed(waiter& self) noexcept {
  member& m = static_cast<member&>(self);
  return m.group->counts(m.core->state()) ? m.group->trigger() : nullptr;
}

void watch_group::timer_fired(engine::job& self) noexcept {
  watch_group& group = *static_cast<timeout_job&>(self).group;
  const auto before =
      group.bits_.fetch_or(triggered | timer_ran, sync::memory_order_acq_rel);  // E:watch in/out
  if ((before & ready) == 0) return;
  // Behind what became due at the same instant, so that it still counts as in time. But who only looks
  // must not wait for others to come to rest: it may be what they are waiting for.
  if (group.looks_once()) {
    group.pool_->schedule_first(*group.waiting_);
  } else {
    group.pool_->schedule_when_quiet(*group.waiting_);
  }
}

cancel_answer watch_group::on_cancel(wait& self, cancel_requests& requests) noexcept {
  auto& group = static_cast<watch_group&>(self);
  if (group.cancel_policy_ == watch_cancel::cancels_them) return group.tell_members(requests);
  const auto before =
      group.bits_.fetch_or(triggered | cancelled, sync::memory_order_acq_rel);  // E:watch in/out
  if ((before & triggered) != 0) return {cancel_status::finished};
  if ((before & ready) == 0) return {cancel_status::early};
  // If the timer's job is on its way it wakes the task.
  if (!group.timer_is_out_of_the_way()) return {cancel_status::early};
  return {cancel_status::claimed, group.waiting_};
}

cancel_answer watch_group::tell_members(cancel_requests& requests) noexcept {
  const std::uint32_t told = requests.only_looks() ? 0 : cancelled;
  std::uint32_t bits = bits_.load(sync::memory_order_acquire);  // E:watch in
  do {
    if ((bits & triggered) != 0 && bits < hold) return {cancel_status::finished};
  } while (!bits_.compare_exchange_weak(bits, (bits | told) + hold,
                                        sync::memory_order_acq_rel,  // E:watch in/out
                                        sync::memory_order_acquire));  // E:watch in
  requests.add_members(*this);
  return {cancel_status::forwarded};
}

void watch_group::drop_hold() noexcept {
  promise_base* const waiting = waiting_;
  engine::pool& home = *pool_;
  const auto after = bits_.fetch_sub(hold, sync::memory_order_acq_rel) - hold;  // E:watch in/out
  if (after < hold && (after & triggered) != 0 && (after & ready) != 0) home.schedule(*waiting);
}

void watch_group::finish(std::source_location where) {
  for (std::size_t i = 0; i < registered_; ++i) members_[i].core->remove_waiter(members_[i]);
  task_context& context = *waiting_->context;
  const bool due = context.leave_wait();
  if (!was_cancelled() && !due) return;
  static_cast<void>(context.take_pending());
  throw_cancelled(context, where);
}

}  // namespace silk::detail
