#include "future_core.hpp"

#include "runtime_core.hpp"

namespace silk::detail {

bool future_core::add_waiter(waiter& w) noexcept {
  sync::lock_guard hold(lock_);
  if (done() || w.stage == waiter_stage::withdrawn) return false;
  w.stage = waiter_stage::linked;
  w.previous = last_;
  w.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &w;
  last_ = &w;
  return true;
}

removal future_core::remove_waiter(waiter& w) noexcept {
  sync::lock_guard hold(lock_);
  switch (w.stage) {
    case waiter_stage::fresh:
    case waiter_stage::withdrawn:
      w.stage = waiter_stage::withdrawn;
      return removal::before_added;
    case waiter_stage::told:
      return removal::too_late;
    case waiter_stage::linked:
      break;
  }
  (w.previous != nullptr ? w.previous->next : first_) = w.next;
  (w.next != nullptr ? w.next->previous : last_) = w.previous;
  w.stage = waiter_stage::fresh;
  return removal::unlinked;
}

void future_core::complete(outcome reached, after_completion then) noexcept {
  engine::job_list woken;
  engine::pool* pool = nullptr;
  {
    sync::lock_guard hold(lock_);
    // E:future-done out: the result
    state_.store(static_cast<std::uint8_t>(reached), sync::memory_order_release);
    while (first_ != nullptr) {
      waiter& w = *first_;
      first_ = w.next;
      if (first_ != nullptr) first_->previous = nullptr;
      w.stage = waiter_stage::told;
      engine::pool* home = w.pool;
      engine::job* job = w.completed(w);  // `w` may be gone now
      if (job == nullptr) continue;
      if (pool != nullptr && home != pool) {
        pool->schedule(woken);
        woken = {};
      }
      pool = home;
      woken.push_back(*job);
    }
    last_ = nullptr;
  }
  if (woken.empty()) return;
  if (woken.size() > 1) return pool->schedule(woken);
  engine::worker* here = engine::current_worker();
  if (then == after_completion::ends_turn && here != nullptr && &here->owner() == pool) {
    here->push_first_instead_of_me(*woken.first());
  } else {
    pool->schedule_first(*woken.first());
  }
}

void report_unseen(const std::exception_ptr& error) noexcept {
  const runtime_core* here = current_runtime();
  report_failure(here != nullptr ? here->serial() : no_runtime,
                 failure{.error = error, .task_name = {}, .spawned_at = {}});
}

}  // namespace silk::detail
