#include "select_race.hpp"

#include "runtime_core.hpp"

#include <memory>
#include <string>

namespace silk::detail {

namespace {

const reason_ptr& another_was_first() noexcept {
  static const auto reason = std::make_shared<const std::string>("another one was first");
  return reason;
}

}  // namespace

std::uint64_t select_race::child_ended(fork_base& ended) noexcept {
  if (over_.exchange(true, sync::memory_order_acq_rel)) return 0;  // E:race in/out
  won_ = &ended;
  fork_group& group = *ended.group;
  // relaxed: only saves telling the children twice
  if (group.children == 1 || group.cancel_requested.load(sync::memory_order_relaxed)) return 0;
  if (!group.try_hold()) return 0;
  cancel_requests requests(another_was_first(), group.parent->context);
  requests.add(group);
  requests.run();
  return 0;
}

void report_lost(const std::exception_ptr& error) noexcept { callback_failed({.error = error}); }

}  // namespace silk::detail
