// runtime_core: what is behind a runtime: its pool, the list of its live tasks, its blocking pool.
//
// Life:  running -> closing -> closed
//   running   spawn is welcome
//   closing   every live task has been cancelled; what is spawned now starts cancelled (clean-up code
//             may still spawn); timers and wake-ups work as ever
//   closed    no task is alive; spawn is a usage_error; the workers are gone
//
// I8 (shutdown): a spawn that races with closing is either seen by the sweep over the registry, which
//    cancels it, or sees `closing` itself after it registered, and cancels itself. A thread that is no
//    worker announces its visit before it looks whether the runtime is open, and close() waits for such
//    visits before the workers go; a worker cannot go while it runs the job that spawns. A task that
//    waits for others must not take their being cancelled for an ordinary end: while the sweep is on
//    its way, workers cancel a task before they resume it.
//
// Edges   E:closing   the stores to life_      -> state(), and visit's look
//         E:visit     the end of a visit       -> close
//         E:emptied   a task's or call's end   -> wait_until_empty
//         E:calls     a blocking call's end    -> wait_until_empty
//         E:stop-driving  stop_driving's store -> who drives
#pragma once

#include "../executor.hpp"
#include "../failure.hpp"
#include "../sigint.hpp"
#include "../spawn_observer.hpp"
#include "debugging.hpp"
#include "engine.hpp"
#include "task_node.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace silk {
class runtime;
}

namespace silk::detail {

// The live tasks of a runtime, in one list per worker, so that spawning threads hardly meet.
class task_registry {
 public:
  explicit task_registry(std::size_t shards);

  void add(task_node& node) noexcept;     // [who spawns]
  void remove(task_node& node) noexcept;  // [task]
  std::size_t size() const noexcept;      // a count that may be out of date [any]

  // All live tasks, kept from going; new ones may appear meanwhile. [any]
  struct kept_task {
    core_ptr<future_core> core;
    task_node* node;
  };
  std::vector<kept_task> snapshot() const;

 private:
  struct alignas(sync::no_sharing) shard {
    mutable sync::spinlock lock;
    task_node* first = nullptr;
    std::size_t count = 0;
  };
  std::vector<std::unique_ptr<shard>> shards_;
};

enum class life : std::uint8_t { running, closing, closed };

enum class [[nodiscard]] admission : std::uint8_t {
  welcome,
  cancelled,  // starts cancelled, since the runtime is closing
  refused,    // is not to start at all
};

using submit_function = std::function<void(blocking_job)>;

class run_call;

inline constexpr std::uint32_t no_runtime = 0;  // no runtime's serial

class runtime_core {
 public:
  struct options {
    unsigned workers;
    engine::clock_kind clock;
    engine::threads threads;
    unsigned blocking_threads;
    bool starts_eagerly;
    silk::sigint sigint;
    failure_handler on_failure;
    spawn_observer on_spawn;
    detail::debugging::options debug;
    engine::simulator* simulated_by = nullptr;
  };
  runtime_core(runtime& face, options chosen);
  ~runtime_core();
  runtime_core(const runtime_core&) = delete;
  runtime_core& operator=(const runtime_core&) = delete;

  runtime& face() noexcept { return face_; }
  // No other runtime has or had it, unlike the address.
  std::uint32_t serial() const noexcept { return serial_; }
  engine::pool& pool() noexcept { return pool_; }
  task_registry& tasks() noexcept { return tasks_; }
  // [any]
  failure_handler on_failure() const;
  void set_on_failure(failure_handler handler);
  spawn_observer on_spawn() const;
  void set_on_spawn(spawn_observer observer);
  bool is_observed() const noexcept {
    return observed_.load(sync::memory_order_relaxed);  // relaxed: the function is behind a lock
  }
  void tell_observer(task_node& fresh) const;  // throws what the observer throws [who spawns]

  const detail::debugging& debugging() const noexcept { return debugging_; }
  void set_debug(bool on) noexcept;  // [any]

  // Keeps the workers alive while a thread that is none of them hands something over. Throws
  // usage_error when the runtime is closed. [any]
  class visit {
   public:
    explicit visit(runtime_core& runtime);
    ~visit() {
      if (guest_ != nullptr)
        guest_->visits_.fetch_sub(1, sync::memory_order_release);  // E:visit out
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

   private:
    runtime_core* guest_ = nullptr;
  };
  friend bool schedule_on_runtime(std::uint32_t serial, engine::job& item) noexcept;
  life state() const noexcept { return life_.load(sync::memory_order_acquire); }  // E:closing in

  // The threads in block_on. leave gives what was raised at the call; again: nothing. [no worker]
  void enter(run_call& call);
  std::exception_ptr leave(run_call& call) noexcept;
  // Ends every run call with a fatal exception, and takes it. True also if it has come out of the last
  // ones. False: there is no such call, so it is a failure as any, and the caller's. [any]
  [[nodiscard]] bool raise(std::exception_ptr& fatal) noexcept;

  // A task joins; if the runtime is closing it is cancelled at once, or refused: threads that spawn on
  // and on would keep a closing runtime open. [who spawns]
  admission admit(task_node& node) noexcept;
  bool starts_eagerly() const noexcept { return starts_eagerly_; }
  silk::sigint sigint() const noexcept { return sigint_; }
  void dismiss(task_node& node) noexcept;  // [task]

  // Who runs blocking calls; empty: a pool of our own. [any]
  void set_executor(submit_function submit);
  // Hands a blocking call over. If it throws, the call is the caller's again. [task]
  void submit(blocking_work& call);
  // True: it was in our own pool's queue, is the caller's again and will never run. [who keeps it alive]
  [[nodiscard]] bool withdraw(blocking_work& call) noexcept;

  // A blocking call: as long as it is on its way virtual time stands still and nothing is empty.
  void call_begins() noexcept;  // [task]
  void
  call_ended() noexcept;  // [the call's thread, or who could not submit it or has withdrawn it]

  // A runtime without threads: who waits for it has to drive it, as long as it is not closed. [any]
  bool drives() const noexcept { return pool_.is_driven() && state() != life::closed; }
  // A request to stop driving is kept until a drive has ended because of it, or one turn. [any]
  void stop_driving() noexcept {
    to_stop_.store(true, sync::memory_order_release);  // E:stop-driving out
    pool_.look_at_goal();
  }
  bool is_to_stop() const noexcept {
    return to_stop_.load(sync::memory_order_acquire);  // E:stop-driving in
  }
  [[nodiscard]] bool take_stop() noexcept {
    return to_stop_.exchange(false, sync::memory_order_acquire);  // E:stop-driving in
  }

  void begin_closing() noexcept;  // cancels everybody [any]
  // Waits until no task is alive and no blocking call on its way; false when the deadline (steady clock,
  // ns) came first.
  bool wait_until_empty(std::uint64_t deadline) noexcept;  // [no worker]
  void close() noexcept;                                   // everything, and waits [no worker]

 private:
  engine::blocking_pool& blocking();  // made on first use
  void watch_jobs() noexcept;         // if there is a reason to [holder of handler_lock_]
  static void run_watched(engine::job& item) noexcept;  // [a worker]
  bool is_empty() const noexcept;
  bool drive_until_empty(std::uint64_t deadline) noexcept;
  void tell_that_one_ended() noexcept;

  runtime& face_;
  const std::uint32_t serial_;
  mutable sync::mutex handler_lock_;
  failure_handler on_failure_;  // guarded by handler_lock_
  spawn_observer on_spawn_;     // guarded by handler_lock_
  submit_function submit_;      // guarded by handler_lock_
  sync::atomic<life> life_{life::running};
  sync::atomic<std::uint32_t> visits_{0};
  sync::atomic<std::uint32_t> emptied_{0};  // bumped when a task or call ends while we are closing
  sync::atomic<std::uint32_t> calls_{0};    // blocking calls on their way
  sync::mutex run_calls_lock_;
  std::vector<run_call*> run_calls_;  // guarded by run_calls_lock_, as the next
  std::exception_ptr raised_;         // the last one: those that await its task fail with it, too
  task_registry tasks_;
  sync::mutex close_lock_;
  sync::mutex blocking_lock_;
  std::unique_ptr<engine::blocking_pool> blocking_;
  unsigned blocking_threads_;
  bool starts_eagerly_;
  silk::sigint sigint_;
  sync::atomic<bool> observed_;
  sync::atomic<bool> to_stop_{false};
  detail::debugging debugging_;
  engine::pool pool_;
};

// The runtime whose worker this thread is, or nullptr. [any]
runtime_core* current_runtime() noexcept;
// As above, but a usage_error that names `verb` when there is none.
runtime_core& required_runtime(const char* verb);

// Makes `item` runnable on the runtime with that number. False: it has ended. [any]
[[nodiscard]] bool schedule_on_runtime(std::uint32_t serial, engine::job& item) noexcept;

// Tells the runtime's handler; prints when there is none, or when that runtime is gone.
void report_failure(std::uint32_t runtime_serial, const failure& what) noexcept;
// What came out of a function that the calling worker's runtime has called. [worker]
void callback_failed(failure what) noexcept;

}  // namespace silk::detail
