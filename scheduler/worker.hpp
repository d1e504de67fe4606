// worker: one OS thread driving one core.
//
// Life:  start -> run <-> search -> park -> search ... -> stop
//
// A turn of the loop takes one job: forked children first (newest first), then the hand-off slot (at
// most a few times in a row), then the run queue. Every few turns, and at the latest after a fraction
// of a millisecond of short jobs, the worker looks elsewhere first: overdue timers, injected work,
// then its own run queue before its forks (I6).
//
// I6 (fairness): run queue, injected work and timers are each served within maintenance_turns jobs,
//    whatever the other queues do; what waits behind a worker that is stuck in a long job is taken
//    over by busy workers, too.
//
// Who may touch what: forks_, queue_ and their thieves' sides as their headers say; driver_.wake() by the
// one waker that claimed this worker; everything else by the worker's own thread.
#pragma once

#include "backlog.hpp"
#include "branches.hpp"
#include "deque.hpp"
#include "driver.hpp"
#include "frame_pool.hpp"
#include "run_queue.hpp"
#include "sync.hpp"
#include "timers.hpp"

#include <cstddef>
#include <cstdint>

namespace silk::scheduler {

class pool;
class simulator;

struct worker_stats {
  std::uint64_t parks = 0;   // times it went to sleep
  std::uint64_t steals = 0;  // jobs or batches taken from other workers
  std::uint64_t jobs = 0;    // jobs run since start, not counting what runs inside them
};

class worker {
 public:
  worker(pool& owner, std::size_t index);

  pool& owner() const noexcept { return pool_; }
  std::size_t index() const noexcept { return index_; }
  deque& forks() noexcept { return forks_; }

  // The thread's main function. [owner]
  void run() noexcept;

  // A turn of a driven worker, as pool::run_turn; `first` is a job of it that is in hand. [owner]
  bool run_turn(job* first) noexcept;
  bool is_in_turn() const noexcept { return in_turn_; }  // [owner]

  // Makes `item` runnable behind everything in the run queue and wakes a sleeper for it. [owner]
  void push(job& item) noexcept;
  // As push, for a caller whose own place on this worker becomes free at once: nobody is woken, since
  // the number of jobs that wait does not grow. [owner]
  void push_instead_of_me(job& item) noexcept { enqueue(item); }
  // Runs `item` next. `push_first` is for a running job that hands something over; the other one for
  // a job that is about to end its turn. [owner]
  void push_first(job& item) noexcept;
  void push_first_instead_of_me(job& item) noexcept;
  // All of them, in order. [owner]
  void push(job_list items) noexcept;
  // Wakes a sleeper after forks() was pushed to. [owner]
  void notify_forked() noexcept;

  // So many forks are to run now. True once in a while: forked computations that never suspend must go through
  // the loop then, so that timers and other tasks get their turn (I6). [owner]
  bool fork_budget_spent(int forks = 1) noexcept {
    fork_budget_ -= forks;
    if (fork_budget_ > 0) [[likely]]
      return false;
    fork_budget_ = fork_refill_;
    turns_left_ = 1;
    return true;
  }

  // Whether the job that runs, and has done its own, may go on with another one as if the loop had taken that. Not
  // if the loop is to have its turn (I3, I6), or a fork_join that the job runs on top of. [owner]
  bool may_take_another() const noexcept {
    return turns_left_ > 1 && !timer_armed_ && awaited_ == nullptr && !gives_way_;
  }
  void takes_another() noexcept {
    --turns_left_;
    jobs_.add();
  }

  // A job ran another one inside of itself and goes on: what that one has made runnable or armed, as if
  // its turn were over, must not wait until ours is (I1, I3). [owner]
  void ran_inside_a_job() noexcept;

  // ---- fork_join (branches.cpp) ----

  // What its fork_joins have not begun yet. [owner]
  branches& own_branches() noexcept { return branches_; }
  const branches& own_branches() const noexcept { return branches_; }
  // The branch that is to be handed out now, if others want one and there is one: the oldest private one. [owner]
  branch* wanted_branch() noexcept;
  void hand_out(branch& oldest) noexcept;  // the one above [owner]
  // After pop() of a branch that was handed out. True: it is the caller's again; false: it has ended, or
  // was taken, and is to be waited for. Either way end_of(it) is due. [owner]
  [[nodiscard]] bool take_back(branch& popped) noexcept;
  // Runs other jobs on top of the caller's stack, or sleeps, until `taken` has ended. [owner]
  void wait_for(branch& taken) noexcept;
  void end_of(branch& joined) noexcept;  // [owner]
  // A fork_join that goes on and on lets others have a turn, on top of its stack. Once in a while; see
  // branches::must_look. [owner]
  bool is_to_give_way() const noexcept { return branches_.budget_ == 0; }
  void give_way() noexcept;

  // A timer was armed in this worker's shard by a job that ends its turn now; the loop makes sure that
  // the driver knows (I3). [owner]
  void timer_armed() noexcept { timer_armed_ = true; }

  // Ends the sleep of a worker that the caller has claimed (I2). [waker]
  void unpark() noexcept;
  // It is woken since it would have slept past `deadline`, and sleeps no longer than to that next time, even
  // if it finds nothing to be due then: else each timeout that is set and cancelled would wake it. [waker]
  void watch_until(std::uint64_t deadline) noexcept { watch_until_ = deadline; }

  // What it keeps for itself goes to the depot and the system. [who keeps all workers but itself asleep]
  void give_back() noexcept;

  // What a thief or a sleeper may find here. [any]
  bool has_stealable_work() const noexcept {
    return !forks_.looks_empty() || !queue_.looks_empty() || !backlog_.looks_empty();
  }

  // Counters are kept by the owner and may be read by anyone at any time. [any]
  worker_stats stats() const noexcept;

 private:
  friend class branch;
  friend class pool;
  friend class simulator;

  static constexpr unsigned maintenance_turns = 61;
  static constexpr unsigned first_in_a_row = 3;
  static constexpr std::size_t steal_limit = 64;
  static constexpr int forks_per_turn = 8192;  // some 200 us; docs/decisions/003-fairness.md

  void run_one(job& item) noexcept;
  void drive() noexcept;
  job* next_local() noexcept;
  job* maintain() noexcept;
  job* pop_queue() noexcept;
  // Whether the caller is counted among the searchers.
  enum class counted : bool { no, yes };
  job* find_work() noexcept;
  job* find_work(counted searching) noexcept;
  job* search() noexcept;
  job* sweep(bool take_slots) noexcept;
  job* steal_from(worker& victim, bool take_slots) noexcept;
  std::size_t first_victim() noexcept;
  void take_injected() noexcept;
  void serve_timers() noexcept;
  void relieve_stuck(std::uint64_t now) noexcept;
  void start_working() noexcept;
  void tell_driver() noexcept;
  void park(counted searching) noexcept;
  bool watch_time() noexcept;
  bool is_watched(std::uint64_t earliest, bool driving) const noexcept;
  bool may_not_sleep(bool driving) noexcept;
  void sleep_until_woken(bool driving) noexcept;
  void wake_myself() noexcept;
  bool has_what_it_waits_for() const noexcept {
    return awaited_ != nullptr && awaited_->has_ended();
  }
  bool has_room_on_stack() const noexcept;
  job* help(branch& taken) noexcept;
  void wait_without_room(branch& taken) noexcept;
  void sleep_until_end_of(branch& taken) noexcept;
  void waits_no_more(branch::state wait) noexcept;
  void ask_the_others() noexcept;
  void enqueue(job& item) noexcept;
  void enqueue(job_list items) noexcept;
  std::uint64_t random() noexcept;

  struct counter {
    // relaxed: one writer; readers want a recent value, nothing more
    void add() noexcept {
      value.store(value.load(sync::memory_order_relaxed) + 1,
                  sync::memory_order_relaxed);  // relaxed
    }
    std::uint64_t get() const noexcept {
      return value.load(sync::memory_order_relaxed);
    }  // relaxed
    sync::atomic<std::uint64_t> value{0};
  };

  pool& pool_;
  std::size_t index_;
  unsigned turns_left_ = maintenance_turns;
  unsigned turns_ = maintenance_turns;  // between looks elsewhere; shrinks when jobs are long
  unsigned first_runs_ = 0;
  int fork_budget_ = forks_per_turn;
  int fork_refill_ = forks_per_turn;
  bool timer_armed_ = false;
  bool in_turn_ = false;
  bool gives_way_ = false;     // runs jobs on top of a fork_join that goes on
  bool others_serve_ = false;  // timers that were due when we last looked, in another's shard
  bool asleep_ = false;        // simulated: it is parked, with no thread of its own to sleep
  std::uint64_t watch_until_ = no_deadline;  // who wakes us hands it to us
  std::uint64_t wake_at_ = no_deadline;      // what we watched as the driver
  std::uint64_t last_look_ = 0;
  std::size_t watched_ = 0;  // the worker whose jobs_ was watched_jobs_ at watched_since_
  std::uint64_t watched_jobs_ = 0;
  std::uint64_t watched_since_ = 0;
  std::uint64_t random_state_;
  branch* awaited_ = nullptr;        // by the innermost fork_join that waits
  std::uintptr_t stack_middle_ = 0;  // of its thread; jobs run inside of others above it only
  std::uint64_t last_give_way_ = 0;
  counter parks_;
  counter steals_;
  counter jobs_;
  deque forks_;
  run_queue queue_;
  backlog backlog_;
  frame_cache* frames_ = nullptr;  // of its thread
  driver driver_;
  branches branches_;
};

namespace detail {
inline constinit thread_local worker* this_worker = nullptr;
}

// The worker that runs the calling thread, or nullptr on any other thread. A task may continue on
// another worker after every suspension, so the result must not be kept across a co_await. [any]
SILK_TLS_ACCESSOR inline worker* current_worker() noexcept { return detail::this_worker; }

}  // namespace silk::scheduler
