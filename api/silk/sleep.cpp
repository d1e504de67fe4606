#include "sleep.hpp"

#include "detail/task_node.hpp"

#include <new>

namespace silk::detail {

bool sleep_awaiter::suspend(promise_base& waiting) noexcept {
  engine::worker& here = *engine::current_worker();
  timer_.on_fire = &waiting.make_resumable();
  if ((timer_.deadline & from_now) != 0) {
    const duration d(static_cast<duration::rep>(timer_.deadline & ~from_now));
    if (d == duration::zero()) {
      link_ancestors(*waiting.context);
      here.push_instead_of_me(waiting);
      return true;
    }
    timer_.deadline = deadline_after(here.owner().time(), d);
  }
  here.owner().prepare_timer(timer_);
  if (!begin_wait(*waiting.context, *this)) {
    timer_.state = engine::timer_state::cancelled;
    return false;
  }
  try {
    return here.owner().arm(timer_, engine::pool::then::ends_turn) == engine::arm_result::armed;
  } catch (const std::bad_alloc&) {
    return false;  // await_resume finds the timer idle
  }
}

sleep_awaiter::sleep_end sleep_awaiter::come_to_end() noexcept {
  if (timer_.deadline == from_now)
    return context().take_pending() ? sleep_end::cancel : sleep_end::in_time;
  const bool due = context().leave_wait();
  if (!due && timer_.state == engine::timer_state::fired) [[likely]]
    return sleep_end::in_time;
  if (timer_.state == engine::timer_state::cancelled) {
    static_cast<void>(
        context().take_pending());  // a second cancel meanwhile: one delivery for both
    return sleep_end::cancel;
  }
  return due ? sleep_end::cancel : sleep_end::no_memory;
}

void sleep_awaiter::throw_end(sleep_end end, std::source_location where) {
  if (end == sleep_end::no_memory) throw std::bad_alloc();
  throw_cancelled(context(), where);
}

cancel_answer sleep_awaiter::cancel_timer(wait& self, cancel_requests&) noexcept {
  auto& here = static_cast<sleep_awaiter&>(self);
  engine::pool& pool = here.context().root().pool();
  switch (pool.cancel(here.timer_)) {
    case engine::timer_cancel::before_armed:
      return {cancel_status::early};
    case engine::timer_cancel::removed:
      return {cancel_status::claimed, here.timer_.on_fire};
    case engine::timer_cancel::too_late:
      break;
  }
  return {cancel_status::finished};
}

}  // namespace silk::detail
