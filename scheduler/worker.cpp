#include "worker.hpp"

#include "assert.hpp"
#include "pool.hpp"
#include "simulator.hpp"
#include "thread.hpp"

#include <array>

namespace silk::scheduler {

worker::worker(pool& owner, std::size_t index)
    : pool_(owner), index_(index), random_state_(0x9e3779b97f4a7c15u * (index + 1)) {}

worker_stats worker::stats() const noexcept {
  return {.parks = parks_.get(), .steals = steals_.get(), .jobs = jobs_.get()};
}

std::uint64_t worker::random() noexcept {  // xorshift64 (Marsaglia 2003)
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

// ---- the loop ----

void worker::run() noexcept {
  detail::this_worker = this;
  stack_middle_ = middle_of_stack();
  frames_ = &detail::frames();
  for (;;) {
    job* next = next_local();
    if (next == nullptr) next = find_work();
    if (next == nullptr) break;
    run_one(*next);
  }
  detail::this_worker = nullptr;
}

// ---- a worker without a thread ----

// The end of a turn is a job like any, behind everything that is runnable when the turn begins.
bool worker::run_turn(job* first) noexcept {
  struct end_of_turn : job {
    bool reached = false;
  } end;
  end.run = [](job& self) noexcept { static_cast<end_of_turn&>(self).reached = true; };
  enqueue(pool_.injector_.take(~std::size_t{0}, 1));
  while (pool_.timers_.earliest() <= pool_.clock_.now()) serve_timers();
  enqueue(end);
  in_turn_ = true;
  const std::uint64_t before = jobs_.get();
  if (first != nullptr) run_one(*first);
  while (!end.reached) run_one(*next_local());
  in_turn_ = false;
  return jobs_.get() - before > 1;  // the end is one of them
}

void worker::drive() noexcept {
  job* next = nullptr;
  do {
    run_turn(next);
    if (pool_.drive_is_over()) return;
    next = next_local();
    if (next == nullptr) next = find_work();
  } while (next != nullptr);
}

// The last job armed a timer, and instead of going to sleep, which would look at the deadlines, we go
// on with another one: keeps I3.
void worker::tell_driver() noexcept {
  timer_armed_ = false;
  pool_.kick_driver(index_, pool_.timers_.next(index_));
}

void worker::ran_inside_a_job() noexcept {
  if (timer_armed_) tell_driver();
  pool_.notify();
}

job* worker::next_local() noexcept {
  if (--turns_left_ == 0) {
    if (job* item = maintain()) return item;
  }
  if (!forks_.looks_empty()) {
    if (job* item = forks_.pop()) return item;
  }
  if (first_runs_ < first_in_a_row) {
    if (job* item = queue_.take_first()) {
      ++first_runs_;
      return item;
    }
  }
  first_runs_ = 0;
  if (job* item = pop_queue()) return item;
  return queue_.take_first();
}

// Looks at everything that the fast path would starve. Jobs that run long make the looks frequent.
job* worker::maintain() noexcept {
  constexpr std::uint64_t long_since = 200'000;  // ns, docs/decisions/003-fairness.md
  // A driven worker does the same each time, however long it took.
  const std::uint64_t now = pool_.driven_ ? 0 : clock::steady_now();
  const std::uint64_t passed = now - last_look_;
  last_look_ = now;
  if (passed > long_since) {
    turns_ = 1;
  } else if (turns_ < maintenance_turns) {
    turns_ = std::min(2 * turns_, maintenance_turns);
  }
  turns_left_ = turns_;
  job* oldest = pop_queue();  // first, so that a full queue has room for one from elsewhere
  if (!forks_.looks_empty()) {
    if (job* first = queue_.take_first()) enqueue(*first);  // else forks would starve the slot
  }
  serve_timers();
  take_injected();
  relieve_stuck(now);
  return oldest != nullptr ? oldest : pop_queue();
}

// The oldest job of this worker that is no fork.
job* worker::pop_queue() noexcept {
  if (!backlog_.looks_empty() && queue_.room() > run_queue::capacity / 2) [[unlikely]] {
    job_list refill = backlog_.take(run_queue::capacity / 2);
    while (!refill.empty()) static_cast<void>(queue_.push(refill.pop_front()));  // there is room
    pool_.notify();  // whoever parked while they were in our hands saw them nowhere: keeps I1
  }
  return queue_.pop();
}

// What a worker that is stuck in a long job has queued must not wait until somebody is idle (I9). We
// watch one worker at a time; if it has taken no job for a while, some of what it has becomes ours.
void worker::relieve_stuck(std::uint64_t now) noexcept {
  constexpr std::uint64_t stuck_after = 1'000'000;  // ns, docs/decisions/003-fairness.md
  if (now - watched_since_ < stuck_after) return;
  worker& watched = pool_.at(watched_);
  if (&watched != this && watched.jobs_.get() == watched_jobs_) {
    if (job* item = steal_from(watched, true)) push(*item);
  }
  watched_ = (watched_ + 1) % pool_.size();
  watched_jobs_ = pool_.at(watched_).jobs_.get();
  watched_since_ = now;
}

// Fires what is due, in any shard, into this worker's queue; what it has no room for overflows.
void worker::serve_timers() noexcept {
  const std::uint64_t now = pool_.clock_.now();
  const std::size_t limit = std::max(queue_.room(), steal_limit);
  job_list due;
  others_serve_ = false;
  if (pool_.timers_.next(index_) <= now) pool_.timers_.serve(index_, now, limit, due);
  for (std::size_t i = 0; i < pool_.timers_.shard_count() && due.size() < limit; ++i) {
    if (pool_.due_for_others(i, pool_.timers_.next(i)) > now) continue;
    if (!pool_.timers_.try_serve(i, now, limit - due.size(), due)) others_serve_ = true;
  }
  if (due.empty()) return;
  if (pool_.simulator_ != nullptr) [[unlikely]]
    pool_.simulator_->shuffle(due);
  enqueue(due);
  pool_.notify();
}

// Moves this worker's share of the injected jobs behind its queue, so that they keep their order.
void worker::take_injected() noexcept {
  const job_list items =
      pool_.injector_.take(std::max<std::size_t>(1, queue_.room() / 2), pool_.size());
  if (items.empty()) return;
  enqueue(items);
  pool_.notify();  // whoever parked while they were in our hands saw them nowhere: keeps I1
}

// ---- searching and sleeping ----

job* worker::find_work() noexcept {
  return find_work(pool_.idle_.try_enter_search() ? counted::yes : counted::no);
}

job* worker::find_work(counted searching) noexcept {
  for (;;) {
    if (has_what_it_waits_for()) {
      if (searching == counted::yes) start_working();
      return nullptr;
    }
    if (searching == counted::yes) {
      if (job* item = search()) {
        start_working();
        return item;
      }
    }
    // E:stop in: nothing can be scheduled any more. What was scheduled after our search, but before
    // the order to stop, is seen now: keeps I8.
    if (pool_.stopping_.load(sync::memory_order_acquire) && !pool_.work_visible()) {
      if (searching == counted::yes) pool_.idle_.leave_search();
      if (awaited_ != nullptr) sleep_until_end_of(*awaited_);
      return nullptr;
    }
    if (pool_.drive_is_over()) {
      if (searching == counted::yes) pool_.idle_.leave_search();
      return nullptr;
    }
    park(searching);
    if (asleep_) return nullptr;
    pool_.await_step_of_time();
    searching = counted::yes;  // by whoever woke us
  }
}

job* worker::search() noexcept {
  for (unsigned round = 1; round <= pool_.search_rounds_; ++round) {
    if (job* item = sweep(round == pool_.search_rounds_)) return item;
    for (int i = 0; i < 32; ++i) sync::cpu_relax();
  }
  return nullptr;
}

// One look at every place where work may be. The hand-off slot of another worker comes last: its
// owner is most likely about to run it while the data is hot.
job* worker::sweep(bool take_slots) noexcept {
  take_injected();
  serve_timers();
  if (job* item = pop_queue()) return item;
  const std::size_t count = pool_.size();
  const std::size_t start = first_victim();
  for (std::size_t i = 0; i < count; ++i) {
    worker& victim = pool_.at((start + i) % count);
    if (&victim == this) continue;
    if (job* item = steal_from(victim, take_slots)) return item;
    victim.branches_.ask();
  }
  return nullptr;
}

std::size_t worker::first_victim() noexcept {
  if (pool_.simulator_ != nullptr) [[unlikely]]
    return pool_.simulator_->first_victim();
  return random() % pool_.size();
}

job* worker::steal_from(worker& victim, bool take_slots) noexcept {
  std::size_t limit = steal_limit;
  if (pool_.simulator_ != nullptr) [[unlikely]]
    limit = pool_.simulator_->share_of(victim, limit);
  std::array<job*, steal_limit> batch;
  if (const std::size_t count = victim.queue_.steal_half(batch.data(), limit)) {
    steals_.add();
    for (std::size_t i = 1; i < count; ++i) enqueue(*batch[i]);
    return batch[0];
  }
  if (job_list batched = victim.backlog_.steal_half(limit); !batched.empty()) {
    steals_.add();
    job& first = batched.pop_front();
    enqueue(batched);
    return &first;
  }
  while (!victim.forks_.looks_empty()) {
    const steal_result result = victim.forks_.steal();
    if (result.status == steal_status::empty) break;
    if (result.status == steal_status::lost_race) continue;
    steals_.add();
    return result.item;
  }
  if (!take_slots) return nullptr;
  job* item = victim.queue_.take_first();
  if (item != nullptr) steals_.add();
  return item;
}

// Leaves the searchers with a job in hand. Work may have been published while we were counted (its
// publisher then woke nobody), and if we were the driver somebody else has to watch the time.
void worker::start_working() noexcept {
  idle& idle = pool_.idle_;
  idle.leave_search();
  if (!idle.anyone_parked()) return;
  sync::heavy_fence();
  if (idle.anyone_searching()) return;
  const bool time_unwatched = !pool_.clock_.is_virtual() && idle.driver_deadline() == 0 &&
                              pool_.timers_.earliest() != no_deadline;
  if (time_unwatched || pool_.work_visible()) pool_.wake_one();  // keeps I1, I3
}

void worker::park(counted searching) noexcept {
  idle& idle = pool_.idle_;
  if (awaited_ != nullptr && !awaited_->will(branch::state::parked)) {
    if (searching == counted::no) idle.enter_search();
    return;
  }
  const bool driving = !pool_.clock_.is_virtual() && watch_time();
  idle.set_parked(index_);
  if (searching == counted::yes) idle.leave_search();
  sync::heavy_fence();
  ask_the_others();  // keeps B1
  if (may_not_sleep(driving) || pool_.idle_trim_.plan(index_)) {
    if (driving) idle.resign_driver(index_);
    return wake_myself();
  }
  if (pool_.clock_.is_virtual() && pool_.try_advance_time(index_)) return;
  parks_.add();
  sleep_until_woken(driving);
}

// Before we are seen to be parked: else who arms a timer meanwhile would find that nobody watches the time, and
// wake us. True: we are the driver.
bool worker::watch_time() noexcept {
  if (watch_until_ <= pool_.clock_.now()) watch_until_ = no_deadline;
  wake_at_ = std::min(pool_.earliest_for(index_), watch_until_);
  return pool_.idle_.try_become_driver(index_, wake_at_);
}

// An earlier timer may have been armed by who did not see what we watch. Or the driver that we left the time to has
// gone to work before it could see us.
bool worker::is_watched(std::uint64_t earliest, bool driving) const noexcept {
  const std::uint64_t watched = driving ? wake_at_ : pool_.idle_.driver_deadline();
  return watched != 0 && watched <= earliest;
}

// After the fence. Whoever publishes anything from now on sees that we are parked.
bool worker::may_not_sleep(bool driving) noexcept {
  if (has_what_it_waits_for() || pool_.work_visible() || pool_.drive_is_over()) return true;
  // relaxed: stop() wakes every parked worker after the store
  if (pool_.stopping_.load(sync::memory_order_relaxed)) return true;
  const std::uint64_t earliest = pool_.earliest_for(index_);
  if (!pool_.clock_.is_virtual() && !is_watched(earliest, driving)) return true;
  if (earliest > pool_.clock_.now()) return false;
  // Whoever is at these timers, with the lock in hand, may be waiting for this processor.
  if (others_serve_) sync::give_way();
  return true;
}

// Sleeps; as the driver no longer than to the earliest deadline (I3), and with a crowd of timers of its own no
// longer than to the first of these: docs/decisions/012-bursts.md.
void worker::sleep_until_woken(bool driving) noexcept {
  if (pool_.simulator_ != nullptr) [[unlikely]] {
    asleep_ = true;
    return;
  }
  std::uint64_t until = driving ? wake_at_ : no_deadline;
  if (!pool_.clock_.is_virtual() && pool_.timers_.is_crowded(index_))
    until = std::min(until, pool_.timers_.next(index_));
  const park_end ended = driver_.park(std::min(until, pool_.drive_deadline_));
  if (driving) pool_.idle_.resign_driver(index_);
  if (ended == park_end::due) wake_myself();
}

// Parked by its own bit only: takes the bit back, unless a waker was faster and owes us a token.
void worker::wake_myself() noexcept {
  if (pool_.idle_.claim(index_)) {
    pool_.idle_.enter_search();
  } else {
    static_cast<void>(driver_.park(no_deadline));
  }
}

void worker::unpark() noexcept { driver_.wake(); }

void worker::give_back() noexcept {
  frames_->flush();
  forks_.shrink();
}

// ---- making jobs runnable ----

void worker::push(job& item) noexcept {
  enqueue(item);
  pool_.notify();
}

void worker::push(job_list items) noexcept {
  enqueue(items);
  pool_.notify();
}

void worker::push_first(job& item) noexcept {
  push_first_instead_of_me(item);
  pool_.notify();
}

void worker::push_first_instead_of_me(job& item) noexcept {
  if (job* displaced = queue_.put_first(item)) push(*displaced);
}

void worker::enqueue(job& item) noexcept {
  if (backlog_.looks_empty() && queue_.push(item)) [[likely]]
    return;
  job_list one;
  one.push_back(item);
  backlog_.push(one);
}

void worker::enqueue(job_list items) noexcept {
  while (!items.empty() && backlog_.looks_empty() && queue_.room() > 0) {
    static_cast<void>(queue_.push(items.pop_front()));  // there is room
  }
  if (!items.empty()) backlog_.push(items);
}

}  // namespace silk::scheduler
