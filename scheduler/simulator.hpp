// simulator: drives a pool of several workers on one thread, one job at a time, as `decisions` say.
//
//   drive:  choose an actor -> step it -> is the goal reached? -> choose ...
//
// An actor is a worker that has not gone to sleep or was woken, or a call from outside. A worker's step is
// its own code: take a job and run it; or search; or go to sleep, which ends the step in place of the
// futex. So what is simulated is the order of jobs; within a step nothing else happens, every lock that
// is taken is let go, and nobody waits for another thread.
//
// S1: a pool that is at rest has nothing to do: no actor implies no visible job and, unless somebody holds
//     time, no armed timer. Else a wake was lost, and the drive says so.
//
// Everything here belongs to the thread that has the pool's seat, but for note_foreign_thread().
#pragma once

#include "decisions.hpp"
#include "job.hpp"
#include "sync.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace silk::scheduler {

class drive_goal;
class pool;
class worker;

// Why a simulated drive ended.
enum class [[nodiscard]] drive_end : std::uint8_t {
  reached,
  stuck,      // nothing can ever run again
  lost_wake,  // something could run, and nobody will: S1 is broken
  too_long,   // more steps than allowed
};

class simulator {
 public:
  // Who hears what happens, in order.
  class audience {
   public:
    virtual void runs(std::size_t worker, job& item) noexcept = 0;  // is about to
    virtual void stole(std::size_t worker, std::size_t victim) noexcept = 0;
    virtual void called(std::uint64_t number) noexcept = 0;  // a call from outside begins
    virtual void time_moved(std::uint64_t now) noexcept = 0;
    virtual void ended(drive_end how) noexcept = 0;  // a drive that did not reach its goal

   protected:
    ~audience() = default;
  };

  // When virtual time goes on: as in any pool, or also while something can run.
  enum class time_moves : std::uint8_t { when_idle, at_any_moment };

  simulator(decisions& by, audience& told, std::uint64_t most_steps, time_moves time) noexcept
      : decisions_(by), audience_(told), most_steps_(most_steps), time_moves_(time) {}
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  // A call that no worker makes: `item` runs once, between two steps; until then time may be held. Calls are
  // numbered from 1.
  enum class time_is : std::uint8_t { free, held };
  std::uint64_t add_call(job& item, time_is meanwhile);
  bool has_calls() const noexcept { return !calls_.empty(); }

  std::uint64_t steps() const noexcept { return steps_; }
  void allow(std::uint64_t more_steps) noexcept { most_steps_ = steps_ + more_steps; }

  decisions& choices() noexcept { return decisions_; }

  // The one that is at work on this thread; nullptr if none is.
  static simulator* here() noexcept;
  class at_work {
   public:
    explicit at_work(simulator& one) noexcept;
    ~at_work();
    at_work(const at_work&) = delete;
    at_work& operator=(const at_work&) = delete;
  };

  // A thread that is not ours has handed something to the pool. [any]
  void note_thread() noexcept;
  bool met_foreign_threads() const noexcept;

  // Whether others come first where a task is about to await something. [a worker's step]
  bool interrupts_await() noexcept { return decisions_.choose(decision::await, 2) != 0; }

  // ---- for the pool and its workers ----

  void attach(pool& simulated) noexcept;
  void drive(drive_goal& goal) noexcept;
  void run_dry() noexcept;  // whatever is runnable: the pool stops
  std::size_t first_victim() noexcept;
  std::size_t share_of(const worker& victim, std::size_t limit) noexcept;
  void wake_one() noexcept;
  void shuffle(job_list& due) noexcept;

 private:
  struct call {
    job* item;
    std::uint64_t number;
    time_is meanwhile;
  };
  enum class actor_kind : std::uint8_t { worker, call, time };
  struct actor {
    actor_kind kind;
    std::size_t index;
  };

  bool can_step(std::size_t index) noexcept;
  void collect_actors();
  void step_next();
  void step(worker& next) noexcept;
  job* take(worker& next) noexcept;
  void disturb(worker& next) noexcept;
  void make_call(std::size_t index) noexcept;
  void move_time() noexcept;
  void tell_time() noexcept;
  drive_end at_rest() noexcept;

  static constexpr unsigned steps_in_a_row = 64;  // of one actor, unless decided otherwise

  decisions& decisions_;
  audience& audience_;
  std::uint64_t steps_ = 0;
  std::uint64_t most_steps_;
  const time_moves time_moves_;
  pool* pool_ = nullptr;
  std::vector<actor> actors_;  // of the next step
  std::vector<job*> in_hand_;  // of each worker: taken, and not run yet
  std::vector<call> calls_;    // to be made, in order of arrival
  std::uint64_t last_call_ = 0;
  std::size_t position_ = 0;  // who went last: a worker; the number of workers: a call
  unsigned in_a_row_ = 0;
  std::size_t victim_ = 0;  // of the last look at another worker's queues
  std::uint64_t time_told_ = 0;
  sync::atomic<bool> foreign_{false};
};

}  // namespace silk::scheduler
