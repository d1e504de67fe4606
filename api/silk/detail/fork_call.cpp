#include "fork_call.hpp"

#include "../errors.hpp"
#include "bindings.hpp"
#include "fork_group.hpp"
#include "parallel_loop.hpp"
#include "task_context.hpp"

#include <memory>
#include <string>

namespace silk::detail {

setting setting_change::of_branch(const engine::worker& here, std::uint32_t place) noexcept {
  const setting_change* inside = nullptr;  // the outermost that is younger than the branch
  for (const setting_change* at = changing(); at != nullptr; at = at->outer_) {
    if (at->worker_ != &here) continue;
    if (at->older_branches_ <= place) break;
    inside = at;
  }
  return inside != nullptr ? inside->before_ : current_setting();
}

bool setting_change::is_outermost(const engine::worker& here, std::uint32_t place) noexcept {
  for (const setting_change* at = changing(); at != nullptr; at = at->outer_) {
    if (at->worker_ == &here) return at->what_ == of::code && at->older_branches_ == place;
  }
  return place == 0;
}

void fork_needs_a_worker(const char* verb) {
  throw usage_error(std::string(verb) +
                    " needs the workers of a runtime: call it in a task, such as one that is given "
                    "to runtime::block_on");
}

void hand_out_wanted() {
  engine::worker& here = *engine::current_worker();
  const std::uint32_t place = here.own_branches().oldest_private();
  auto* const wanted = static_cast<fork_branch*>(here.wanted_branch());
  if (wanted == nullptr) return;
  const setting where = setting_change::of_branch(here, place);
  if (where.call != nullptr) where.call->own();  // else several would make it
  std::construct_at(&wanted->out, where);
  here.hand_out(*wanted);
}

void look_around() {
  engine::worker& here = *engine::current_worker();
  throw_if_cancelled();
  if (here.is_to_give_way()) {
    const interlude inside;
    here.give_way();
  }
  hand_out_wanted();
}

void look_around_at_fork(std::uint32_t place) {
  engine::branches& mine = engine::current_worker()->own_branches();
  // Deep in forks there is enough for others: these are called where they are joined. Nobody has seen
  // them, and pop() finds nothing amiss then.
  if (mine.is_full()) static_cast<void>(mine.pop(place));
  look_around();
}

bool loop_is_to_split() {
  look_around();
  engine::worker& here = *engine::current_worker();
  const engine::branches& mine = here.own_branches();
  return mine.is_asked() && !mine.has_private() && here.forks().looks_empty();
}

void throw_if_cancelled() {
  const task_context* const task = running();
  // Not taken here: the outermost fork_join does that, so that it is thrown to the task once (C3).
  if (task != nullptr && task->cancel_pending_in_task()) throw cancelled(task->reason());
}

void fork_branch::shared::note_failure() noexcept {
  if (failed.exchange(true, sync::memory_order_acq_rel)) return;  // E:branch-failed in/out
  first = std::current_exception();
}

bool take_back(fork_branch& popped) {
  engine::worker& here = *engine::current_worker();
  if (here.take_back(popped)) return true;
  const interlude inside;
  here.wait_for(popped);
  return false;
}

void join_ended(fork_branch& joined) noexcept {
  std::destroy_at(&joined.out);
  engine::current_worker()->end_of(joined);
}

bool is_branch_failed(const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const branch_failed&) {
    return true;
  } catch (...) {
    return false;
  }
}

void throw_first(std::exception_ptr first, std::uint32_t place) {
  task_context* const task = running();
  if (task != nullptr && setting_change::is_outermost(*engine::current_worker(), place)) {
    bring_pending_down(*task);
    reason_ptr reason = task->reason();
    if (task->take_pending()) throw cancelled(std::move(reason));
  }
  std::rethrow_exception(std::move(first));
}

}  // namespace silk::detail
