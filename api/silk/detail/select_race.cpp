#include "select_race.hpp"

#include "own_reasons.hpp"
#include "runtime_core.hpp"

namespace silk::detail {

std::uint64_t select_race::child_ended(fork_base& ended) noexcept {
  if (over_.exchange(true, sync::memory_order_acq_rel)) return 0;  // E:race in/out
  won_ = &ended;
  fork_group& group = *ended.group;
  // relaxed: only saves telling the children twice
  if (group.children == 1 || group.is(fork_group::cancel_requested)) return 0;
  if (!group.try_hold()) return 0;
  cancel_requests requests(own_reasons::get().another_was_first, group.parent->context);
  requests.add(group);
  requests.run();
  return 0;
}

void report_lost(const std::exception_ptr& error) noexcept { callback_failed({.error = error}); }

}  // namespace silk::detail
