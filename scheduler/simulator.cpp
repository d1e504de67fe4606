#include "simulator.hpp"

#include "pool.hpp"
#include "worker.hpp"

#include <algorithm>
#include <utility>

namespace silk::scheduler {

namespace {

// Which simulation runs on this thread: whoever else comes to its pool is a foreign thread.
constinit thread_local simulator* this_simulator = nullptr;

}  // namespace

void simulator::attach(pool& simulated) noexcept {
  pool_ = &simulated;
  in_hand_.assign(simulated.size(), nullptr);
}

simulator* simulator::here() noexcept { return this_simulator; }

simulator::at_work::at_work(simulator& one) noexcept { this_simulator = &one; }

simulator::at_work::~at_work() { this_simulator = nullptr; }

void simulator::note_thread() noexcept {
  if (this_simulator == this) return;
  // relaxed: it is looked at when all is over, and nothing comes with it
  foreign_.store(true, sync::memory_order_relaxed);
}

bool simulator::met_foreign_threads() const noexcept {
  return foreign_.load(sync::memory_order_relaxed);  // relaxed: as above
}

std::uint64_t simulator::add_call(job& item, time_is meanwhile) {
  calls_.push_back({&item, ++last_call_, meanwhile});
  if (meanwhile == time_is::held) pool_->hold_time();
  return last_call_;
}

// ---- who goes next ----

void simulator::drive(drive_goal& goal) noexcept {
  while (!goal.reached()) {
    collect_actors();
    if (actors_.empty()) return audience_.ended(at_rest());
    if (steps_ == most_steps_) return audience_.ended(drive_end::too_long);
    ++steps_;
    step_next();
  }
}

void simulator::tell_time() noexcept {
  const std::uint64_t now = pool_->clock_.now();
  if (now != time_told_) audience_.time_moved(time_told_ = now);
}

drive_end simulator::at_rest() noexcept {
  const bool timers_wait = pool_->timers_.earliest() != no_deadline || !pool_->quiet_.empty();
  // relaxed: only this thread counts
  const bool time_held = pool_->time_holds_.load(sync::memory_order_relaxed) != 0;
  return pool_->work_visible() || (timers_wait && !time_held) ? drive_end::lost_wake
                                                              : drive_end::stuck;
}

bool simulator::can_step(std::size_t index) noexcept {
  const worker& one = pool_->at(index);
  return !one.asleep_ || one.driver_.has_token();
}

// The first one is the default: who went last, but not for ever, then in a circle of which the calls are
// one place.
void simulator::collect_actors() {
  actors_.clear();
  const std::size_t places = pool_->size() + 1;
  const std::size_t first = in_a_row_ < steps_in_a_row ? position_ : position_ + 1;
  for (std::size_t i = 0; i < places; ++i) {
    const std::size_t place = (first + i) % places;
    if (place == pool_->size()) {
      for (std::size_t call = 0; call < calls_.size(); ++call)
        actors_.push_back({actor_kind::call, call});
    } else if (can_step(place)) {
      actors_.push_back({actor_kind::worker, place});
    }
  }
  // relaxed: only this thread counts
  if (time_moves_ == time_moves::at_any_moment && !actors_.empty() &&
      pool_->time_holds_.load(sync::memory_order_relaxed) == 0 &&
      pool_->timers_.earliest() != no_deadline && pool_->quiet_.empty()) {
    actors_.push_back({actor_kind::time, 0});
  }
}

void simulator::step_next() {
  const actor next =
      actors_[decisions_.choose(decision::actor, static_cast<std::uint32_t>(actors_.size()))];
  if (next.kind == actor_kind::time) return move_time();
  const std::size_t place = next.kind == actor_kind::call ? pool_->size() : next.index;
  in_a_row_ = place == position_ ? in_a_row_ + 1 : 1;
  position_ = place;
  worker* const before = std::exchange(detail::this_worker, nullptr);
  if (next.kind == actor_kind::call) {
    make_call(next.index);
  } else {
    step(pool_->at(next.index));
  }
  detail::this_worker = before;
}

void simulator::make_call(std::size_t index) noexcept {
  const call made = calls_[index];
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(index));
  tell_time();
  audience_.called(made.number);
  made.item->run(*made.item);
  if (made.meanwhile == time_is::held) pool_->release_time();
}

// As a machine that is slower than the program's timers: somebody has to look, as the driver would.
void simulator::move_time() noexcept {
  pool_->clock_.advance_to(pool_->timers_.earliest());
  pool_->notify();
}

// ---- a worker's step ----

void simulator::step(worker& next) noexcept {
  detail::this_worker = &next;
  job*& held = in_hand_[next.index()];
  job* item = std::exchange(held, nullptr);
  if (item == nullptr) {
    item = take(next);
    if (item != nullptr && decisions_.choose(decision::hold, 2) != 0) {
      held = item;
      return;
    }
  }
  if (item == nullptr) return;
  tell_time();
  audience_.runs(next.index(), *item);
  next.run_one(*item);
}

job* simulator::take(worker& next) noexcept {
  const std::uint64_t steals = next.steals_.get();
  job* item = nullptr;
  if (next.asleep_) {
    static_cast<void>(next.driver_.park(no_deadline));  // takes the token that is there
    next.asleep_ = false;
    item = next.find_work(worker::counted::yes);  // by who woke it
  } else {
    disturb(next);
    item = next.next_local();
    if (item == nullptr) item = next.find_work();
  }
  if (next.steals_.get() != steals) audience_.stole(next.index(), victim_);
  return item;
}

// Brings the worker to where it would be in other circumstances: after more jobs, or longer ones.
void simulator::disturb(worker& next) noexcept {
  static constexpr int budgets[] = {worker::forks_per_turn, 1, 2, 3};
  next.fork_budget_ = next.fork_refill_ = budgets[decisions_.choose(decision::fork, 4)];
  if (!next.has_stealable_work()) return;
  if (decisions_.choose(decision::look, 2) != 0) next.turns_left_ = 1;
  if (decisions_.choose(decision::slot, 2) != 0) next.first_runs_ = worker::first_in_a_row;
}

void simulator::run_dry() noexcept {
  for (bool ran = true; ran;) {
    ran = false;
    for (std::size_t i = 0; i < pool_->size(); ++i) {
      worker& next = pool_->at(i);
      if (pool_->idle_.claim(i)) pool_->wake(i);
      if (in_hand_[i] == nullptr && !pool_->work_visible()) continue;
      worker* const before = std::exchange(detail::this_worker, nullptr);
      step(next);
      detail::this_worker = before;
      ran = true;
    }
  }
}

// ---- what a worker asks ----

std::size_t simulator::first_victim() noexcept {
  return decisions_.choose(decision::victim, static_cast<std::uint32_t>(pool_->size()));
}

std::size_t simulator::share_of(const worker& victim, std::size_t limit) noexcept {
  victim_ = victim.index();
  if (!victim.has_stealable_work()) return limit;
  return decisions_.choose(decision::share, 2) != 0 ? 1 : limit;
}

void simulator::wake_one() noexcept {
  const bool ours = this_simulator == this;  // a foreign thread must not decide
  const std::size_t first =
      ours ? decisions_.choose(decision::wake, static_cast<std::uint32_t>(pool_->size())) : 0;
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    const std::size_t sleeper = (first + i) % pool_->size();
    if (pool_->idle_.claim(sleeper)) return pool_->wake(sleeper);
  }
}

void simulator::shuffle(job_list& due) noexcept {
  std::vector<job*> jobs;
  jobs.reserve(due.size());
  while (!due.empty()) jobs.push_back(&due.pop_front());
  for (auto next = jobs.begin(); next != jobs.end(); ++next) {
    const auto chosen =
        next + decisions_.choose(decision::due, static_cast<std::uint32_t>(jobs.end() - next));
    std::rotate(next, chosen, chosen + 1);
    due.push_back(**next);
  }
}

}  // namespace silk::scheduler
