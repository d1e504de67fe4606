// Children: gather, select, timeouts, groups, and tasks of their own.
#include "model_run.hpp"

#include <algorithm>
#include <utility>

namespace random_programs {

void model_run::spawn(int s, const statement& what) {
  const std::size_t task = as_index(what.target + 1);
  const int group = what.what == op::group_spawn ? group_around(s) : -1;
  if (group >= 0 && joins_[as_index(group)].aborting) return complete(s, ending::usage);
  const int made = make_strand(&what.blocks[0]);
  at(made).task = static_cast<int>(task);
  at(made).group = group;
  at(made).detached = what.what == op::detach;
  task_strand_[task] = made;
  if (group >= 0) joins_[as_index(group)].members.push_back(made);
  at(s).spawned = static_cast<int>(task);  // it may run before its handle is kept
}

void model_run::keep_handle(int s) {
  const std::size_t task = as_index(std::exchange(at(s).spawned, -1));
  handle_known_[task] = current(s).what != op::detach;
  complete(s, ending::value);
}

// The innermost group whose body or whose task this strand is part of.
int model_run::group_around(int s) const {
  for (;;) {
    const strand& of = at(s);
    if (of.group >= 0) return of.group;
    if (of.join < 0) return -1;
    if (joins_[static_cast<std::size_t>(of.join)].what->what == op::group) return of.join;
    s = joins_[static_cast<std::size_t>(of.join)].parent;
  }
}

void model_run::add_child(int j, const block* code) {
  const int made = make_strand(code);
  at(made).join = j;
  joins_[as_index(j)].children.push_back(made);
}

void model_run::begin_join(int s, const statement& what) {
  const int j = static_cast<int>(joins_.size());
  joins_.emplace_back();
  joins_[as_index(j)].what = &what;
  joins_[as_index(j)].parent = s;
  joins_[as_index(j)].entered_with = all_requests(s);
  for (const block& each : what.blocks) add_child(j, &each);
  for (const statement& part : what.parts) {
    add_child(j, nullptr);
    at(joins_[as_index(j)].children.back()).only = &part;
  }
  if (what.what == op::timeout || what.what == op::timeout_handle)
    timers_.push_back({now_ + what.time, -1, j});
  strand& of = at(s);
  of.at = {};
  of.at.kind = waits::join;
  of.at.join = j;
  of.state = strand_state::waiting;
  std::erase(ready_, s);
}

void model_run::cancel_children(int j) {
  const auto children = joins_[as_index(j)].children;
  if (!children.empty() && is_scope(children[0])) return pass_cancel_on(children[0]);
  tell({.strands = children, .join = j});
}

// From above.
void model_run::cancel_join(int j) {
  joins_[as_index(j)].cancelled = true;
  cancel_children(j);
  if (joins_[as_index(j)].what->what == op::group && !joins_[as_index(j)].body_runs)
    abort_group(j, false);
}

void model_run::child_ended(int s) {
  const int j = at(s).join;
  join& of = joins_[as_index(j)];
  switch (of.what->what) {
    case op::gather:
      if (at(s).end.how == ending::value) break;
      [[fallthrough]];
    case op::select:
    case op::select_any:
      if (of.first >= 0) break;
      of.first = s;
      if (!of.cancelled) cancel_children(j);
      break;
    case op::timeout:
    case op::timeout_handle:
      std::erase_if(timers_, [j](const timer& each) { return each.join == j; });
      break;
    case op::group:
      of.body_runs = false;
      if (!of.members.empty()) link_ancestors(s);
      if (at(s).end.how != ending::value || (at(s).pending && at(s).pending_from_above))
        abort_group(j, false);
      break;
    default:
      break;
  }
  finish_join(j);
}

void model_run::finish_join(int j) {
  const join& of = joins_[as_index(j)];
  const bool ended = std::ranges::all_of(
      of.children, [this](int each) { return at(each).state == strand_state::ended; });
  if (ended && of.members.empty() && !is_told(j, -1) && !at(of.parent).at.over) wake(of.parent);
}

// ---- groups ----

void model_run::abort_group(int j, bool also_body) {
  join& of = joins_[as_index(j)];
  if (std::exchange(of.aborting, true)) return;
  tells those{.strands = of.members, .join = j};
  if (also_body && of.body_runs) those.strands.insert(those.strands.begin(), of.children[0]);
  tell(std::move(those));
}

void model_run::member_ended(int s) {
  const int j = at(s).group;
  const outcome& end = at(s).end;
  if (end.how != ending::value && end.how != ending::cancelled) {
    joins_[as_index(j)].errors.push_back(end);
    abort_group(j, true);
  }
  std::erase(joins_[as_index(j)].members, s);
  finish_join(j);
}

// ---- the end of all of them ----

// Timeouts and groups, whose inside is code of the task itself.
outcome model_run::end_of_scope(int s, const join& j, bool due) {
  const strand& body = at(j.children[0]);
  const ending how = body.end.how;
  const bool unseen = due || (body.pending && body.pending_from_above);
  const bool failed = how != ending::value && how != ending::cancelled;
  if (j.what->what == op::group) {
    auto errors = j.errors;
    if (failed) errors.push_back(body.end);
    if (!errors.empty()) return {ending::group, errors};
  } else if (failed) {
    if (unseen) give_back_cancel(s);
    return body.end;
  }
  if (unseen) return ending::cancelled;
  if (how == ending::value) return ending::value;
  if (j.cancelled && all_requests(s) > j.entered_with) return ending::cancelled;
  if (j.expired) return ending::timeout;
  return j.stopped ? outcome(ending::value) : body.end;
}

outcome model_run::end_of_join(int s, bool due) {
  join& j = joins_[as_index(at(s).at.join)];
  if (is_scope(j.children[0])) return end_of_scope(s, j, due);
  const bool from_above = due || j.cancelled;
  const auto failed = [this](int child) {
    return at(child).end.how != ending::value && at(child).end.how != ending::cancelled;
  };
  if (j.what->what == op::select || j.what->what == op::select_any) {
    for (const int each : j.children) {
      if (each == j.first && !from_above) continue;
      if (failed(each)) seen_.reported.push_back(to_text(at(each).end));
      if (at(each).end.how == ending::value && at(each).only != nullptr) give_back(*at(each).only);
    }
  }
  if (from_above) return ending::cancelled;
  record& told = record_of(*j.what);
  if (j.what->what == op::settle) {
    for (const int each : j.children) told.detail.push_back(static_cast<int>(at(each).end.how));
    return ending::value;
  }
  if (j.what->what == op::gather) return j.first >= 0 ? at(j.first).end : outcome(ending::value);
  const strand& won = at(j.first);
  if (won.end.how == ending::value) {
    told.detail = {static_cast<int>(std::ranges::find(j.children, j.first) - j.children.begin())};
    if (won.only != nullptr) told.detail.push_back(use_turn(*won.only));
  }
  return won.end;
}

}  // namespace random_programs
