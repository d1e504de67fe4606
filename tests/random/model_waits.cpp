// Waits, and what a cancel does to them: docs/cancellation.md, "Each wait".
#include "model_run.hpp"

#include <algorithm>
#include <utility>

namespace random_programs {

bool model_run::enter_wait(int s, waits kind) {
  strand& of = at(s);
  if (of.pending) {
    of.pending = false;
    complete(s, ending::cancelled);
    return false;
  }
  of.at = {};
  of.at.kind = kind;
  of.state = strand_state::waiting;
  std::erase(ready_, s);
  link_ancestors(s);
  return !at(s).at.over;  // else a cancel came down
}

// Somebody below really suspends: now a cancel that was pending above is told.
void model_run::link_ancestors(int s) {
  for (int j = at(s).join; j >= 0;) {
    join& above = joins_[static_cast<std::size_t>(j)];
    if (above.linked) return;
    above.linked = true;
    const int parent = above.parent;
    if (std::exchange(at(parent).pending, false)) cancel_join(j);
    j = at(parent).join;
  }
}

// The same at the end of children that have not suspended.
void model_run::bring_pending_down(int s) {
  for (int above = scope_above(s); above >= 0; above = scope_above(above))
    if (at(above).pending) return link_ancestors(s);
}

void model_run::wake(int s) {
  at(s).at.over = true;
  at(s).state = strand_state::ready;
  if (std::ranges::find(ready_, s) == ready_.end()) ready_.push_back(s);
}

void model_run::resume(int s) {
  strand& of = at(s);
  if (of.at.kind == waits::join && !joins_[as_index(of.at.join)].linked) bring_pending_down(s);
  const bool due = std::exchange(of.pending, false);
  const waiting ended = std::exchange(of.at, {});
  const statement& what = current(s);
  switch (ended.kind) {
    case waits::join: {
      of.at = ended;
      outcome end = end_of_join(s, due);
      at(s).at = {};
      return complete(s, std::move(end));
    }
    case waits::handle:
      if (due) return complete(s, ending::cancelled);
      return complete(s, at(task_strand_[as_index(ended.targets[0])]).end);
    case waits::handles: {
      of.at = ended;
      outcome end = end_of_handles(s, what, due);
      at(s).at = {};
      return complete(s, std::move(end));
    }
    default:
      break;
  }
  if (ended.cancelled) return complete(s, ending::cancelled);
  if (due) {
    of.at = ended;
    const bool undone = give_back(what);
    at(s).at = {};
    if (undone) return complete(s, ending::cancelled);
    give_back_cancel(s);
  }
  after_turn(s, what);
}

// ---- cancel ----

bool model_run::cancel(int s) {
  strand& of = at(s);
  if (of.state == strand_state::ended) return false;
  ++of.requests;
  receive(s, false);
  return true;
}

// Also after its end: the scope then looks at what is pending.
void model_run::pass_cancel_on(int s) { receive(s, true); }

void model_run::receive(int s, bool from_above) {
  strand& of = at(s);
  const bool waits_for_children = of.at.kind == waits::join && joins_[as_index(of.at.join)].linked;
  if (of.state != strand_state::waiting || of.at.over ||
      (of.at.kind == waits::join && !waits_for_children)) {
    of.pending_from_above = (of.pending && of.pending_from_above) || from_above;
    of.pending = true;
    return;
  }
  path_.push_back(s);
  cancel_wait(s);
  path_.pop_back();
}

void model_run::give_back_cancel(int s) {
  at(s).pending = true;
  at(s).pending_from_above = is_scope(s) && joins_[as_index(at(s).join)].cancelled;
}

void model_run::cancel_wait(int s) {
  strand& of = at(s);
  switch (of.at.kind) {
    case waits::handle: {
      const int target = task_strand_[as_index(of.at.targets[0])];
      if (!cancel(target)) at(s).pending = true;
      return;
    }
    case waits::handles: {
      if (current(s).what != op::gather_handles) return interrupt(s);
      of.at.cancelled = true;
      return tell_targets(s);
    }
    case waits::join:
      return cancel_join(of.at.join);
    default:
      return interrupt(s);
  }
}

void model_run::tell(tells those) {
  if (allowed_.cancels == telling::one_by_one && those.strands.size() > 1) {
    tells_.push_back(std::move(those));
    return;
  }
  for (const int each : those.strands) cancel(each);
}

void model_run::tell_targets(int s) {
  tells those;
  those.waiter = s;
  for (const int each : at(s).at.targets) those.strands.push_back(task_strand_[as_index(each)]);
  tell(std::move(those));
}

void model_run::tell_next(int index) {
  tells& those = tells_[as_index(index)];
  const int next = those.strands.front();
  those.strands.erase(those.strands.begin());
  const auto [left, join, waiter] = those;
  if (left.empty()) tells_.erase(tells_.begin() + index);
  cancel(next);
  if (!left.empty()) return;
  if (join >= 0) finish_join(join);
  if (waiter >= 0) look_at_handles(waiter);
}

bool model_run::is_told(int join, int waiter) const {
  return std::ranges::any_of(tells_, [=](const tells& each) {
    return (join >= 0 && each.join == join) || (waiter >= 0 && each.waiter == waiter);
  });
}

void model_run::interrupt(int s) {
  std::erase_if(timers_, [s](const timer& each) { return each.strand == s; });
  std::erase(calls_, s);
  leave_line(s, current(s));
  at(s).at.cancelled = true;
  wake(s);
}

// The inside of a timeout or a group is no task of its own.
bool model_run::is_scope(int s) const {
  if (at(s).join < 0) return false;
  const op of = joins_[static_cast<std::size_t>(at(s).join)].what->what;
  return of == op::timeout || of == op::timeout_handle || of == op::group;
}

int model_run::scope_above(int s) const {
  return is_scope(s) ? joins_[as_index(at(s).join)].parent : -1;
}

int model_run::all_requests(int s) const {
  int sum = 0;
  for (int each = s; each >= 0; each = scope_above(each)) sum += at(each).requests;
  return sum;
}

// The outermost request first; when none remain, what is pending anywhere in the task is withdrawn.
int model_run::uncancel(int s) {
  int counted = -1;
  for (int each = s; each >= 0; each = scope_above(each))
    if (at(each).requests > 0) counted = each;
  if (counted < 0) return 0;
  --at(counted).requests;
  const int remaining = all_requests(s);
  for (int each = s; each >= 0 && remaining == 0; each = scope_above(each))
    at(each).pending = false;
  return remaining;
}

// ---- handles ----

void model_run::begin_handle(int s, int task) {
  if (!handle_known_[as_index(task)]) return complete(s, ending::usage);  // it refers to nothing
  const int target = task_strand_[as_index(task)];
  if (at(target).state == strand_state::ended) return complete(s, at(target).end);
  const bool was_pending = std::exchange(at(s).pending, false);
  if (was_pending) cancel(target);
  strand& of = at(s);
  of.at = {};
  of.at.kind = waits::handle;
  of.at.targets = {task};
  of.state = strand_state::waiting;
  std::erase(ready_, s);
  link_ancestors(s);
}

// Whether enough of them are done.
bool model_run::is_over(int s) const {
  const statement& what = current(s);
  int done = 0, failed = 0, cancelled = 0;
  for (const int each : at(s).at.targets) {
    const strand& target = at(task_strand_[as_index(each)]);
    if (target.state != strand_state::ended) continue;
    ++done;
    cancelled += target.end.how == ending::cancelled;
    failed += target.end.how != ending::cancelled && target.end.how != ending::value;
  }
  if (done == static_cast<int>(at(s).at.targets.size())) return true;
  if (what.what == op::gather_handles) return failed + cancelled > 0;
  if (what.what == op::shield) return done > 0;
  if (what.until == wait_until::first_completed) return done > 0;
  return what.until == wait_until::first_exception && failed > 0;
}

void model_run::begin_handles(int s, const statement& what) {
  const bool was_pending = at(s).pending;
  waiting fresh;
  fresh.kind = waits::handles;
  fresh.targets = what.targets;
  if (what.what == op::shield) fresh.targets = {what.target};
  for (int& each : fresh.targets) ++each;
  for (const int each : fresh.targets)
    if (!handle_known_[as_index(each)]) return complete(s, ending::usage);
  at(s).at = fresh;
  const bool over = is_over(s);
  at(s).pending = false;
  if (what.what == op::shield && over) {  // no suspension
    at(s).pending = was_pending;
    outcome end = end_of_handles(s, what, false);
    at(s).at = {};
    return complete(s, std::move(end));
  }
  if (was_pending && what.what != op::gather_handles) {
    at(s).at = {};
    return complete(s, ending::cancelled);
  }
  if (was_pending) {
    at(s).at.cancelled = true;
    tell_targets(s);
  }
  at(s).state = strand_state::waiting;
  std::erase(ready_, s);
  if (what.what == op::wait && what.time != 0) timers_.push_back({now_ + what.time, s, -1});
  link_ancestors(s);
  look_at_handles(s);
}

void model_run::look_at_handles(int s) {
  strand& of = at(s);
  if (of.state != strand_state::waiting || of.at.over) return;
  if (of.at.kind == waits::handle &&
      at(task_strand_[as_index(of.at.targets[0])]).state == strand_state::ended)
    return wake(s);
  if (of.at.kind != waits::handles || !is_over(s) || is_told(-1, s)) return;
  std::erase_if(timers_, [s](const timer& each) { return each.strand == s; });
  wake(s);
}

outcome model_run::end_of_handles(int s, const statement& what, bool due) {
  if (due || at(s).at.cancelled) return ending::cancelled;
  std::vector<int> done;
  for (const int each : at(s).at.targets) {
    const strand& target = at(task_strand_[as_index(each)]);
    if (target.state != strand_state::ended) continue;
    done.push_back(each - 1);
    if (what.what != op::wait && target.end.how != ending::value) return target.end;
  }
  if (what.what == op::wait) record_of(what).detail = done;
  return ending::value;
}

}  // namespace random_programs
