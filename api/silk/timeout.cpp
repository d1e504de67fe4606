#include "timeout.hpp"

#include "detail/own_reasons.hpp"

#include <new>

namespace silk::detail {

void timeout_timer::arm(engine::pool& pool, fork_group& group, std::uint64_t deadline) noexcept {
  pool_ = &pool;
  group_ = &group;
  job_.timer = this;
  job_.run = fired;
  node_.on_fire = &job_;
  node_.deadline = deadline;
  pool.prepare_timer(node_);
  try {
    static_cast<void>(pool.arm(node_, engine::pool::then::runs_on));
  } catch (const std::bad_alloc&) {
    SILK_ASSERT(false, "out of memory for a timer");
  }
}

std::uint64_t timeout_timer::child_ended(fork_base&) noexcept {
  return pool_->cancel(node_) == engine::timer_cancel::too_late ? 0 : 1;
}

void timeout_timer::fired(engine::job& self) noexcept {
  timeout_timer& timer = *static_cast<fired_job&>(self).timer;
  fork_group& group = *timer.group_;
  timer.expired_ = true;
  cancel_requests requests(own_reasons::get().time_is_up, &group.child(0));
  group.cancel_child(0, requests);
  requests.run();
  if (group.arrive(1)) wake(*group.parent);
}

}  // namespace silk::detail
