#include "model.hpp"

#include "model_run.hpp"

#include <algorithm>
#include <utility>

namespace random_programs {

model_end run_model(const program& what, freedom allowed, const result& expected, decider& by) {
  return model_run(what, allowed, expected, by).run();
}

model_run::model_run(const program& what, freedom allowed, const result& expected, decider& by)
    : program_(what), allowed_(allowed), expected_(expected), by_(by) {
  seen_.statements.resize(as_index(what.statements + 1));
  seen_.tasks.resize(as_index(what.tasks + 1));
  task_strand_.assign(as_index(what.tasks + 1), -1);
  handle_known_.assign(as_index(what.tasks + 1), false);
  mutex_.free = 1;
  for (int i = 0; i < semaphores; ++i) permits_[i].free = permits_of(i);
  for (int i = 0; i < queues; ++i) queues_[i].capacity = as_index(capacity_of(i));
}

model_end model_run::run() {
  task_strand_[0] = make_strand(&program_.body);
  at(0).task = 0;
  while (!all_ended() && !differs_) {
    const auto options = possible();
    const bool asks = options.size() > 1;
    perform(options[asks ? by_.choose(static_cast<unsigned>(options.size())) : 0]);
  }
  for (const auto& q : queues_) seen_.left.push_back(static_cast<int>(q.items.size()));
  for (const auto& p : permits_) seen_.left.push_back(p.free);
  seen_.left.push_back(mutex_.free);
  std::ranges::sort(seen_.reported);
  const bool agrees = !differs_ && seen_ == expected_;
  return {std::move(seen_), agrees, now_};
}

// What is told of a statement stays.
void model_run::compare(const record& told) {
  const record& other =
      expected_.statements[as_index(static_cast<int>(&told - seen_.statements.data()))];
  if (told.ended >= 0 ? told != other : told.begun != other.begun) differs_ = true;
}

// Whatever the run did by now has happened here, too.
void model_run::compare_all() {
  const auto missing = [this](long here, long there) {
    return here < 0 && there >= 0 && there <= now_;
  };
  for (std::size_t i = 0; i < seen_.statements.size(); ++i) {
    const record &here = seen_.statements[i], &there = expected_.statements[i];
    if (missing(here.begun, there.begun) || missing(here.ended, there.ended)) differs_ = true;
  }
}

// ---- what comes next ----

bool model_run::all_ended() const {
  return notices_.empty() && std::ranges::all_of(strands_, [](const strand& each) {
           return each.state == strand_state::ended;
         });
}

// What the strand does next is nobody else's business.
bool model_run::goes_on_alone() const {
  if (last_ < 0 || at(last_).state != strand_state::ready) return false;
  const strand& s = at(last_);
  if (s.at.kind != waits::no || s.spawned >= 0 || s.frames.empty()) return false;
  const frame& top = s.frames.back();
  if (top.next == top.code->size()) {
    return top.owner != nullptr && (top.owner->what == op::call || top.owner->what == op::attempt);
  }
  const op what = (*top.code)[top.next].what;
  if (what == op::call || what == op::attempt) return true;
  return what == op::sleep && s.join < 0;
}

// A pause would make a difference.
bool model_run::may_pause(int s) const {
  const strand& of = at(s);
  return of.state == strand_state::ready && of.at.kind == waits::no && of.spawned < 0 &&
         of.join >= 0 && !joins_[static_cast<std::size_t>(of.join)].linked;
}

std::vector<model_run::action> model_run::possible() const {
  std::vector<action> all;
  if (goes_on_alone()) {
    all.push_back({action::step, last_});
    if (allowed_.pauses == await_pauses::some && may_pause(last_))
      all.push_back({action::pause, last_});
    return all;
  }
  const auto runs = [&](int s) {
    return at(s).state == strand_state::ready || at(s).state == strand_state::fresh;
  };
  if (last_ >= 0 && runs(last_)) all.push_back({action::step, last_});
  for (const int s : ready_)
    if (s != last_) all.push_back({action::step, s});
  if (allowed_.pauses == await_pauses::some) {
    for (const int s : ready_)
      if (may_pause(s)) all.push_back({action::pause, s});
  }
  for (std::size_t i = 0; i < tells_.size(); ++i)
    all.push_back({action::tell, static_cast<int>(i)});
  for (std::size_t i = 0; i < notices_.size(); ++i)
    all.push_back({action::notice, static_cast<int>(i)});
  for (std::size_t i = 0; i < calls_.size(); ++i)
    all.push_back({action::call, static_cast<int>(i)});
  for (std::size_t i = 0; i < timers_.size(); ++i)
    if (timers_[i].when == now_) all.push_back({action::fire, static_cast<int>(i)});
  if (harness_at_ == now_) all.push_back({action::harness, 0});
  if (all.empty()) all.push_back({action::pass_time, 0});
  for (std::size_t i = 0; i < outside_.size(); ++i)
    all.push_back({action::outside, static_cast<int>(i)});
  return all;
}

long model_run::next_time() const {
  long next = harness_at_;
  for (const timer& each : timers_) next = std::min(next, each.when);
  return next;
}

void model_run::perform(action what) {
  const auto take = [](auto& from, int index) {
    const auto taken = from[as_index(index)];
    from.erase(from.begin() + index);
    return taken;
  };
  switch (what.kind) {
    case action::step:
      return step(what.index);
    case action::pause:
      return link_ancestors(what.index);
    case action::fire: {
      const timer fired = take(timers_, what.index);
      if (fired.join < 0) return wake(fired.strand);
      joins_[as_index(fired.join)].expired = true;
      cancel(joins_[as_index(fired.join)].children[0]);
      return;
    }
    case action::tell:
      return tell_next(what.index);
    case action::notice:
      return member_ended(take(notices_, what.index));
    case action::call:
      return wake(take(calls_, what.index));
    case action::outside:
      cancel(task_strand_[as_index(take(outside_, what.index))]);
      return;
    case action::harness:
      return harness_turn();
    case action::pass_time:
      compare_all();
      now_ = next_time();
  }
}

// Cancels the next task that has not ended.
void model_run::harness_turn() {
  const int all = static_cast<int>(task_strand_.size());
  for (int looked = 0; looked < all; ++looked) {
    const int s = task_strand_[as_index(harness_next_)];
    harness_next_ = (harness_next_ + 1) % all;
    if (s < 0 || at(s).state == strand_state::ended) continue;
    cancel(s);
    break;
  }
  harness_at_ += between;
}

// ---- strands and their frames ----

int model_run::make_strand(const block* code) {
  const int made = static_cast<int>(strands_.size());
  strands_.emplace_back();
  at(made).code = code;
  ready_.push_back(made);
  return made;
}

const statement& model_run::current(int s) const {
  const strand& of = at(s);
  if (of.only != nullptr) return *of.only;
  return (*of.frames.back().code)[of.frames.back().next];
}

void model_run::step(int s) {
  last_ = s;
  strand& of = at(s);
  if (of.state == strand_state::fresh) {
    std::erase(ready_, s);
    if (of.pending && !is_scope(s)) return end_strand(s, ending::cancelled);
    of.state = strand_state::ready;
    ready_.insert(ready_.begin(), s);
    if (of.only != nullptr) return begin_part(s, *of.only);
    of.frames.emplace_back(of.code);
    return;
  }
  if (of.at.kind != waits::no) return resume(s);
  if (of.spawned >= 0) return keep_handle(s);
  frame& top = of.frames.back();
  if (top.next == top.code->size()) return leave_frame(s);
  const statement& next = (*top.code)[top.next];
  record_of(next).begun = now_;
  compare(record_of(next));
  begin(s, next);
}

// The end of a block.
void model_run::leave_frame(int s) {
  const frame left = at(s).frames.back();
  at(s).frames.pop_back();
  if (left.owner == nullptr) return end_strand(s, ending::value);
  if (left.owner->what == op::lock || left.owner->what == op::permit) release(line_of(*left.owner));
  if (left.cleans_up && left.owner->catches.rethrows) return complete(s, left.caught);
  complete(s, ending::value);
}

// The statement that is under way has ended; what it throws goes up to whoever catches it.
void model_run::complete(int s, outcome end) {
  strand& of = at(s);
  for (;;) {
    if (of.only != nullptr) return end_strand(s, std::move(end));
    frame& top = of.frames.back();
    const statement& ended = (*top.code)[top.next];
    record& told = record_of(ended);
    told.end = end;
    told.ended = now_;
    compare(told);
    if (end.how == ending::value) {
      ++top.next;
      return;
    }
    const frame left = top;
    of.frames.pop_back();
    if (left.owner == nullptr) return end_strand(s, std::move(end));
    if (left.owner->what == op::lock || left.owner->what == op::permit)
      release(line_of(*left.owner));
    if (left.owner->what != op::attempt || left.cleans_up) continue;
    const attempt_flags& flags = left.owner->catches;
    const bool was_cancelled = end.how == ending::cancelled;
    if (!(was_cancelled ? flags.cancels : flags.errors)) continue;
    if (was_cancelled && flags.uncancels) uncancel(s);
    frame& clean_up = of.frames.emplace_back(&left.owner->blocks[1], left.owner);
    clean_up.cleans_up = true;
    clean_up.caught = std::move(end);
    return;
  }
}

void model_run::end_strand(int s, outcome end) {
  strand& of = at(s);
  of.state = strand_state::ended;
  of.frames.clear();
  std::erase(ready_, s);
  of.end = std::move(end);
  if (of.join >= 0) return child_ended(s);
  end_task(s);
}

void model_run::end_task(int s) {
  strand& of = at(s);
  if (of.pending && of.end.how == ending::value) of.end = ending::cancelled;
  if (!of.detached) {
    seen_.tasks[as_index(of.task)] = of.end;
    if (of.end != expected_.tasks[as_index(of.task)]) differs_ = true;
  } else if (of.end.how != ending::value && of.end.how != ending::cancelled) {
    seen_.reported.push_back(to_text(of.end));  // nobody can retrieve it
  }
  for (std::size_t i = 0; i < strands_.size(); ++i) look_at_handles(static_cast<int>(i));
  if (of.group >= 0) notices_.push_back(s);
}

void model_run::begin(int s, const statement& what) {
  switch (what.what) {
    case op::sleep:
      if (enter_wait(s, waits::turn)) timers_.push_back({now_ + what.time, s, -1});
      return;
    case op::yield:
      at(s).at.kind = waits::turn;
      at(s).state = strand_state::waiting;
      link_ancestors(s);
      return wake(s);
    case op::fail:
      return complete(s, {ending::error, what.number});
    case op::call:
    case op::attempt:
      return static_cast<void>(at(s).frames.emplace_back(&what.blocks[0], &what));
    case op::uncancel:
      record_of(what).detail = {uncancel(s)};
      return complete(s, ending::value);
    case op::spawn:
    case op::detach:
    case op::group_spawn:
      return spawn(s, what);
    case op::cancel:
    case op::cancel_outside: {
      const std::size_t task = as_index(what.target + 1);
      record_of(what).detail = {-1};
      if (handle_known_[task]) {
        if (what.what == op::cancel) {
          record_of(what).detail = {cancel(task_strand_[task]) ? 1 : 0};
        } else {
          record_of(what).detail = {1};
          outside_.push_back(static_cast<int>(task));
        }
      }
      return complete(s, ending::value);
    }
    case op::await:
      return begin_handle(s, what.target + 1);
    case op::gather_handles:
    case op::wait:
    case op::shield:
      return begin_handles(s, what);
    case op::group_cancel: {
      join& group = joins_[as_index(group_around(s))];
      group.stopped = true;
      abort_group(group_around(s), true);
      return complete(s, ending::value);
    }
    case op::gather:
    case op::settle:
    case op::timeout:
    case op::timeout_handle:
    case op::group:
    case op::select:
    case op::select_any:
      return begin_join(s, what);
    default:
      return begin_turn(s, what);
  }
}

}  // namespace random_programs
