#include "pool.hpp"

#include "assert.hpp"
#include "simulator.hpp"
#include "thread.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace silk::scheduler {

namespace {

unsigned checked_worker_count(unsigned workers) {
  if (workers == 0 || workers > pool::max_workers) {
    throw std::invalid_argument("workers must be 1 to " + std::to_string(pool::max_workers) +
                                ", not " + std::to_string(workers));
  }
  return workers;
}

// A searcher that spins on a small machine takes the processor from the worker it waits for.
unsigned rounds_for(unsigned workers) noexcept { return workers <= 2 ? 1 : 8; }

}  // namespace

pool::pool(pool_options options)
    : embedder_(options.embedder),
      driven_(options.threads == threads::callers),
      simulator_(options.simulated_by),
      clock_(options.clock),
      timers_(checked_worker_count(options.workers), clock_.now()),
      idle_(options.workers),
      search_rounds_(simulator_ != nullptr ? 1 : rounds_for(options.workers)),
      idle_trim_(*this,
                 driven_ || clock_.is_virtual() ? idle_trim::wanted::no : idle_trim::wanted::yes) {
  sync::prepare_fences();
  workers_.reserve(options.workers);
  for (unsigned i = 0; i < options.workers; ++i) {
    workers_.push_back(std::make_unique<worker>(*this, i));
  }
  SILK_ASSERT(!driven_ || options.workers == 1 || simulator_ != nullptr,
              "a pool without threads has one worker");
  if (simulator_ != nullptr) simulator_->attach(*this);
  if (driven_) return;
  threads_.reserve(options.workers);
  try {
    for (const auto& one : workers_) {
      threads_.push_back(start_thread("silk-" + std::to_string(one->index()), [&worker = *one] {
        begin_as_worker();
        worker.run();
      }));
    }
  } catch (...) {
    stop();
    throw;
  }
}

pool::~pool() { stop(); }

void pool::stop() noexcept {
  SILK_ASSERT(!is_worker(), "a pool cannot be stopped from one of its own workers");
  stopping_.store(true, sync::memory_order_release);  // E:stop out: everything scheduled before
  sync::heavy_fence();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (idle_.claim(i)) wake(i);
  }
  for (sync::thread& thread : threads_) thread.join();
  threads_.clear();
  idle_trim_.forget();
  if (driven_ && take_seat()) {
    // What is left; returns when nothing is.
    simulator_ != nullptr ? simulator_->run_dry() : workers_[0]->run();
    leave_seat();
  }
  while (guests_.load(sync::memory_order_acquire) != 0) sync::give_way();  // E:guest in
}

job_list pool::take_timers() noexcept {
  job_list all = std::exchange(quiet_, {});  // no lock: nobody is left who could add to it
  for (std::size_t i = 0; i < timers_.shard_count(); ++i) {
    do {  // once in any case: waits for a canceller that is still inside
      timers_.serve(i, no_deadline - 1, ~std::size_t{0}, all);
    } while (timers_.next(i) != no_deadline);
  }
  return all;
}

void pool::note_guest() const noexcept {
  if (simulator_ != nullptr) [[unlikely]]
    simulator_->note_thread();
}

worker* pool::local_worker() const noexcept {
  worker* here = current_worker();
  return here != nullptr && &here->owner() == this ? here : nullptr;
}

bool pool::is_worker() const noexcept { return local_worker() != nullptr; }

worker_stats pool::stats() const noexcept {
  worker_stats sum;
  for (const auto& one : workers_) {
    const worker_stats stats = one->stats();
    sum.parks += stats.parks;
    sum.steals += stats.steals;
    sum.jobs += stats.jobs;
  }
  return sum;
}

// ---- memory ----

bool pool::give_back() noexcept {
  if (!empty_workers(local_worker()->index())) return false;
  timers_.trim();
  trim_frames();
  return true;
}

// While all others are claimed they are kept asleep (I2), with empty deques: nobody steals, and what is theirs
// is ours. The caller counts as one that works, and whoever publishes a job meanwhile finds nobody to wake:
// those that are woken in the end look for it, which keeps I1.
bool pool::empty_workers(std::size_t caller) noexcept {
  std::size_t held = 0;
  while (held < size() && (held == caller || idle_.claim(held))) ++held;
  const bool all = held == size();
  for (std::size_t i = 0; i < size() && all; ++i) workers_[i]->give_back();
  for (std::size_t i = 0; i < held; ++i) {
    if (i != caller) wake(i);
  }
  return all;
}

// ---- a pool without threads ----

bool pool::take_seat() noexcept {
  if (seat_taken_.exchange(true, sync::memory_order_acquire)) return false;  // E:seat in
  seat_holder_was_ = std::exchange(detail::this_worker, workers_[0].get());
  return true;
}

void pool::leave_seat() noexcept {
  detail::this_worker = seat_holder_was_;
  seat_taken_.store(false, sync::memory_order_release);  // E:seat out
}

void pool::drive(drive_goal& goal, std::uint64_t deadline) noexcept {
  struct with_deadline final : drive_goal {
    with_deadline(drive_goal& inner, std::uint64_t time) noexcept : goal(inner), deadline(time) {}
    bool reached() noexcept override {
      return goal.reached() || (deadline != no_deadline && clock::steady_now() >= deadline);
    }
    drive_goal& goal;
    std::uint64_t deadline;
  } both(goal, deadline);
  goal_ = &both;
  drive_deadline_ = deadline;
  simulator_ != nullptr ? simulator_->drive(both) : workers_[0]->drive();
  goal_ = nullptr;
  drive_deadline_ = no_deadline;
}

// ---- work ----

void pool::schedule(job& item) noexcept {
  if (worker* here = local_worker()) return here->push(item);
  const guest outside(*this);
  injector_.push(item);
  notify();
}

void pool::schedule(job_list items) noexcept {
  if (items.empty()) return;
  if (worker* here = local_worker()) return here->push(items);
  const guest outside(*this);
  injector_.push(items);
  notify();
}

void pool::schedule_first(job& item) noexcept {
  if (worker* here = local_worker()) return here->push_first(item);
  const guest outside(*this);
  injector_.push(item);
  notify();
}

void pool::wake_one() noexcept {
  if (simulator_ != nullptr) [[unlikely]]
    return simulator_->wake_one();
  if (const auto claimed = idle_.claim_any(idle_.driver())) wake(*claimed);
}

void pool::wake(std::size_t claimed) noexcept {
  idle_.enter_search();  // I2: counted before it runs
  workers_[claimed]->unpark();
}

bool pool::work_visible() const noexcept {
  if (!injector_.looks_empty()) return true;
  for (const auto& one : workers_) {
    if (one->has_stealable_work()) return true;
  }
  return false;
}

// ---- time ----

void pool::prepare_timer(timer_node& node) noexcept {
  worker* here = local_worker();
  node.shard = static_cast<std::uint16_t>(here != nullptr ? here->index() : 0);
}

arm_result pool::arm(timer_node& node, then caller) {
  const std::size_t shard = node.shard;
  const std::uint64_t deadline = node.deadline;
  const arm_result result = timers_.arm(node, shard);
  if (result == arm_result::cancelled_before) return result;
  if (caller == then::ends_turn) {
    if (worker* here = local_worker()) {
      here->timer_armed();
      return result;
    }
  }
  kick_driver(shard, deadline);
  return result;
}

std::uint64_t pool::due_for_others(std::size_t shard, std::uint64_t deadline) const noexcept {
  constexpr std::uint64_t patience = 50'000;  // ns, docs/decisions/012-bursts.md
  if (clock_.is_virtual() || idle_.is_parked(shard)) return deadline;
  return std::min(deadline, no_deadline - patience) + patience;
}

// What that worker must not sleep past. It sees the others' timers late, or they see theirs: whoever goes
// to sleep looks at all of its own, and at the role of the driver, after it has set its bit.
std::uint64_t pool::earliest_for(std::size_t worker) const noexcept {
  std::uint64_t earliest = timers_.next(worker);
  for (std::size_t i = 0; i < timers_.shard_count(); ++i) {
    if (i != worker) earliest = std::min(earliest, due_for_others(i, timers_.next(i)));
  }
  return earliest;
}

// Wakes the driver if it would sleep past `deadline`. If the claim fails it is awake already and will
// look at the deadlines itself before it sleeps or pass the role on before it works. Is there no driver,
// because the last one found nothing to watch when it went to work, then any sleeper takes the role.
// In virtual time nobody sleeps to a deadline: the last worker that goes to sleep moves the time, and if
// all sleep already somebody has to look again.
void pool::kick_driver(std::size_t shard, std::uint64_t deadline) noexcept {
  if (clock_.is_virtual()) {
    if (!is_worker()) notify();
    return;
  }
  sync::light_fence();  // pairs with park's and start_working's heavy fence: keeps I3
  const std::uint64_t watched = idle_.driver_deadline();
  if (watched == 0) return notify();
  const std::uint64_t due = due_for_others(shard, deadline);
  if (due >= watched) return;
  const std::size_t driver = idle_.driver();
  if (driver == idle::nobody || !idle_.claim(driver)) return;
  workers_[driver]->watch_until(due);
  wake(driver);
}

void pool::schedule_when_quiet(job& item) noexcept {
  if (!clock_.is_virtual()) return schedule(item);
  {
    sync::lock_guard hold(idle_.time_lock());
    quiet_.push_back(item);
  }
  if (!is_worker()) wake_one();  // else the caller's own way to sleep finds it
}

void pool::hold_time() noexcept {
  time_holds_.fetch_add(1, sync::memory_order_seq_cst);  // E:time-hold out
}

void pool::release_time() noexcept {
  const auto holds = time_holds_.fetch_sub(1, sync::memory_order_seq_cst);  // E:time-hold out
  if (holds == 1 && clock_.is_virtual()) wake_one();  // somebody must look whether time can go on
}

// Virtual time moves when every worker is parked, nothing is runnable and nobody outside holds it. What
// counts as parked here does not run before we are done, even if it is woken meanwhile: await_step_of_time.
// The caller's bit is set; on success it has been taken back and the caller counts as a searcher.
bool pool::try_advance_time(std::size_t worker) noexcept {
  sync::lock_guard hold(idle_.time_lock());
  if (!idle_.everyone_parked() || idle_.anyone_searching()) return false;
  if (time_holds_.load(sync::memory_order_seq_cst) != 0) return false;  // E:time-hold in
  if (work_visible()) return false;
  // Not before: somebody may have armed an earlier one and parked since.
  const std::uint64_t earliest = timers_.earliest();
  if (earliest == no_deadline && quiet_.empty()) return false;
  if (!idle_.claim(worker)) return false;
  idle_.enter_search();
  if (quiet_.empty()) {
    clock_.advance_to(earliest);
  } else {
    workers_[worker]->enqueue(std::exchange(quiet_, {}));
  }
  return true;
}

// After each sleep, so that virtual time stands still while anybody runs.
void pool::await_step_of_time() noexcept {
  if (!clock_.is_virtual()) return;
  const sync::lock_guard until_made(idle_.time_lock());
}

}  // namespace silk::scheduler
