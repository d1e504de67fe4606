// pool: the set of workers and what they share: injector, timers, clock, idle protocol.
//
// A pool starts its threads when it is made and joins them in stop(). It runs jobs and fires timers;
// it does not know what they mean, when they are all done or whom they belong to.
//
// I8 (shutdown), the pool's part: stop() is called when no job can appear any more; a worker leaves
//    only after it found every queue empty, so no job is left behind. A foreign thread that hands over
//    a job is a guest until it has looked for a sleeper to wake: the job may be the last one, run, and
//    lead to the end of the pool before that, so stop() waits for the guests.
// I9 (one blocked worker stops nobody): everything a worker holds is stealable (forks, run queue,
//    slot) or served by others (timers); the driver's role belongs to a sleeping worker only.
//
// A pool without threads is driven: a thread of the caller's takes the seat, is the pool's one worker as long
//    as it has it, and runs turns (worker::run_turn). Nobody else drives meanwhile, and between two drives
//    what is scheduled waits. A simulated pool is one of those, with several workers that take turns
//    (simulator.hpp).
//
// Edges   E:stop       stop's store of stopping_     -> the worker that leaves
//         E:guest      a guest's leaving             -> the end of stop
//         E:seat       the seat's leaving            -> the next one who takes it
//         E:time-hold  every change of time_holds_   -> try_advance_time
#pragma once

#include "clock.hpp"
#include "idle.hpp"
#include "idle_trim.hpp"
#include "injector.hpp"
#include "sync.hpp"
#include "timers.hpp"
#include "worker.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace silk::scheduler {

class simulator;

enum class threads : std::uint8_t { own, callers };

// When a drive is over. Asked by the thread that drives: after each turn, and before it sleeps.
class drive_goal {
 public:
  virtual bool reached() noexcept = 0;

 protected:
  ~drive_goal() = default;
};

struct pool_options {
  unsigned workers = 1;  // 1 .. 4096
  clock_kind clock = clock_kind::steady;
  scheduler::threads threads = threads::own;  // callers: one worker, unless it is simulated
  simulator* simulated_by = nullptr;          // callers, virtual time
  void* embedder = nullptr;  // handed back by embedder(), for whoever finds the pool from a worker
};

class pool {
 public:
  // Throws std::invalid_argument when `workers` is out of range, std::system_error when the system
  // refuses a thread, std::bad_alloc; nothing is left running then.
  explicit pool(pool_options options);
  ~pool();
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  static constexpr unsigned max_workers = 4096;

  // ---- work ----

  // Makes a job runnable, in order of calls from one thread. [any]
  void schedule(job& item) noexcept;
  void schedule(job_list items) noexcept;
  // As schedule, but before everything else on this worker when the caller is one of ours: for a job
  // that was just handed something. [any]
  void schedule_first(job& item) noexcept;

  // ---- time ----

  clock& time() noexcept { return clock_; }

  // Arms a timer, in the shard of the calling worker if it is ours. `caller` tells whether the
  // caller goes back to the worker's loop at once (the loop then informs the driver) or runs on. After
  // `armed` the node may be gone. May throw bad_alloc. [any]
  enum class then : std::uint8_t { ends_turn, runs_on };
  void prepare_timer(timer_node& node) noexcept;  // chooses the shard; before anyone may cancel it
  arm_result arm(timer_node& node, then caller);
  timer_cancel cancel(timer_node& node) noexcept { return timers_.cancel(node); }

  // For what must come after everything else that is due at this instant: with virtual time the job
  // becomes runnable when every worker is idle, before time moves on; else at once. [any]
  void schedule_when_quiet(job& item) noexcept;

  // While held, virtual time stands still although every worker is idle: something outside the pool
  // is at work on its behalf. [any]
  void hold_time() noexcept;
  void release_time() noexcept;

  // ---- a pool without threads ----

  bool is_driven() const noexcept { return driven_; }
  // From now on the calling thread is the worker, whatever it was before. False: another one is. [any]
  [[nodiscard]] bool take_seat() noexcept;
  void leave_seat() noexcept;  // [who has the seat, outside of turns]
  // Runs what is runnable now, in order, and nothing that becomes so by it. False: there was nothing. [seat]
  bool run_turn() noexcept { return workers_[0]->run_turn(nullptr); }
  bool is_in_turn() const noexcept { return workers_[0]->is_in_turn(); }  // [seat]
  // Runs turns and sleeps in between, until the goal is reached; at the latest until `deadline` on the
  // steady clock. At least one turn. [seat]
  void drive(drive_goal& goal, std::uint64_t deadline) noexcept;
  // The goal may have been reached: ends the sleep of who drives. [any, signal handlers too]
  void look_at_goal() noexcept { notify(); }

  // ---- life ----

  // From now on workers give each job to `through`, which calls its run(); null: they run it. [any]
  void run_jobs_through(job::entry through) noexcept {
    // relaxed: whoever runs because of what the caller does next sees it through a queue
    through_.store(through, sync::memory_order_relaxed);
  }

  // Lets the workers finish what is queued and joins them. Idempotent. [any thread but a worker]
  void stop() noexcept;

  // The jobs of all timers that are still armed, and before them those that wait for a quiet moment that
  // did not come. [after stop]
  job_list take_timers() noexcept;

  void* embedder() const noexcept { return embedder_; }
  std::size_t size() const noexcept { return workers_.size(); }
  worker& at(std::size_t index) noexcept { return *workers_[index]; }
  bool is_worker() const noexcept;  // of this pool [any]
  worker_stats stats() const noexcept;

  // Memory that nobody uses goes back to the system: what is free in the caches of the workers' frames and in the
  // depot, the rings of their deques, the reserves of the timers. Wakes all workers. False: another one is
  // not asleep, and nothing was done. [worker, in a job]
  bool give_back() noexcept;

 private:
  friend class idle_trim;
  friend class worker;
  friend class simulator;

  class guest {
   public:
    explicit guest(pool& host) noexcept : host_(host) {
      host.note_guest();
      host_.guests_.fetch_add(1, sync::memory_order_relaxed);  // relaxed: the job brings it along
    }
    ~guest() { host_.guests_.fetch_sub(1, sync::memory_order_release); }  // E:guest out
    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;

   private:
    pool& host_;
  };

  void note_guest() const noexcept;  // a simulated pool has none from other threads [any]
  worker* local_worker() const noexcept;
  bool empty_workers(std::size_t caller) noexcept;
  // After work was published: wakes a sleeper if there is one and nobody searches. [any]
  void notify() noexcept {
    sync::light_fence();  // pairs with park's and start_working's heavy fence: keeps I1
    if (idle_.anyone_parked() && !idle_.anyone_searching()) [[unlikely]]
      rarely<&pool::wake_one>(this);
  }
  void wake_one() noexcept;
  void wake(std::size_t claimed) noexcept;
  // When a timer of `shard` is due for who is not its owner: one that is awake looks after it itself,
  // unless it is stuck in a job. [any, after a fence]
  std::uint64_t due_for_others(std::size_t shard, std::uint64_t deadline) const noexcept;
  std::uint64_t earliest_for(std::size_t worker) const noexcept;
  void kick_driver(std::size_t shard, std::uint64_t deadline) noexcept;
  bool work_visible() const noexcept;
  bool try_advance_time(std::size_t worker) noexcept;
  void await_step_of_time() noexcept;

  // [seat]
  bool drive_is_over() const noexcept { return goal_ != nullptr && goal_->reached(); }

  void* embedder_;
  const bool driven_;
  simulator* const simulator_;
  clock clock_;
  timers timers_;
  injector injector_;
  idle idle_;
  unsigned search_rounds_;
  sync::atomic<bool> stopping_{false};
  sync::atomic<job::entry> through_{nullptr};
  sync::atomic<std::uint64_t> time_holds_{0};
  job_list quiet_;  // guarded by idle_.time_lock()
  sync::atomic<bool> seat_taken_{false};
  worker* seat_holder_was_ = nullptr;           // [seat]
  drive_goal* goal_ = nullptr;                  // [seat]
  std::uint64_t drive_deadline_ = no_deadline;  // [seat]
  alignas(sync::no_sharing) sync::atomic<std::uint64_t> guests_{0};
  idle_trim idle_trim_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<sync::thread> threads_;
};

inline void worker::notify_forked() noexcept { pool_.notify(); }

inline void worker::run_one(job& item) noexcept {
  if (timer_armed_) tell_driver();
  jobs_.add();
  // relaxed: see run_jobs_through
  if (const job::entry through = pool_.through_.load(sync::memory_order_relaxed)) [[unlikely]]
    return through(item);
  item.run(item);
}

}  // namespace silk::scheduler
