// runtime: workers, clock and live tasks; what asyncio calls an event loop.
#pragma once

#include "callback_handle.hpp"
#include "debug.hpp"
#include "detail/callback.hpp"
#include "detail/run_call.hpp"
#include "detail/runtime_core.hpp"
#include "executor.hpp"
#include "failure.hpp"
#include "sigint.hpp"
#include "spawn.hpp"
#include "spawn_observer.hpp"
#include "task_ref.hpp"
#include "time.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace silk {

namespace detail {
struct run_access;
}

/// Which clock the tasks of a runtime live by.
enum class time_source : std::uint8_t {
  steady,        ///< the machine's
  virtual_time,  ///< starts at zero, stands still while anything runs, then jumps to the next timer;
                 ///< also while nobody waits for the tasks, as between two calls of block_on
};

/// How a runtime is made, and what it does of its own accord.
struct runtime_options {
  /// Number of worker threads, 1 to 4096; 0 means as many as this process may use: the smallest of
  /// its CPU affinity and the CPU quota of its cgroup and of every ancestor.
  unsigned workers = 0;
  /// The clock that its tasks live by.
  time_source time = time_source::steady;
  /// At most this many threads for to_thread, at least 1; they start on demand.
  unsigned blocking_threads = 64;
  /// When tasks run first whose spawn_options do not say: soon or eager.
  silk::start start = start::soon;
  /// What Ctrl-C does; one run or block_on of a process may have it cancel at a time.
  silk::sigint sigint = sigint::left_alone;
  /// Told of failures that nobody retrieved; empty: print_failure.
  silk::failure_handler on_failure = {};
  /// Told of each task that is spawned.
  silk::spawn_observer on_spawn = {};
  /// Whether the runtime is in debug mode at first.
  debug_mode debug = debug_mode::as_the_process_says;
  /// In debug mode, what keeps a worker for this long or longer is reported.
  duration slow_callback = std::chrono::milliseconds(100);
  /// Told of such steps; empty: print_slow_step.
  slow_step_handler on_slow_step = {};
  /// What measures them; null: the machine's steady clock, also when the runtime's time is virtual.
  silk::step_clock step_clock = nullptr;
};

/// What the workers of a runtime have done since it was made, all of them together.
struct runtime_metrics {
  /// How often a worker took up a task or callback: started it, or went on with it after a wait.
  /// Children of gather that are entered right after one another, and what is awaited, do not count.
  std::uint64_t jobs = 0;
  /// How often a worker took work that another one had queued: a job, or up to 64 at once.
  std::uint64_t steals = 0;
  /// How often a worker went to sleep, since there was nothing to do.
  std::uint64_t parks = 0;
};

/// Runs tasks on a fixed set of worker threads. `r.spawn(...)` is as silk::spawn, from any thread.
///
/// Threads   every member may be called from any thread, except where it says otherwise.
/// Lifetime  the destructor shuts down: it cancels what is alive and waits for it. Handles may outlive
///           the runtime.
class runtime : private detail::spawner<runtime> {
 public:
  /// Starts the workers. Fails with std::invalid_argument for an option out of range, and
  /// std::system_error when the system refuses a thread.
  explicit runtime(runtime_options options = {});
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  // As silk::spawn, from any thread.
  using detail::spawner<runtime>::spawn;

  /// Runs a task, a callable that gives one, or an awaitable, and blocks this thread until it has ended;
  /// gives its value or throws what came out. Other tasks run meanwhile, and go on afterwards. A fatal
  /// exception of any of them comes out at once, and the task goes on.
  ///
  /// Fails  usage_error on a worker of any runtime: it would block the tasks there; co_await instead;
  ///        and when another call of the process has SIGINT cancel its task.
  template <class What>
    requires(detail::makes_a_task<What> && !detail::any_future<What>)
  detail::spawned_value<What> block_on(
      What&& what, std::source_location where = std::source_location::current()) {
    detail::check_may_block("block_on");
    detail::run_call call(*core_, core_->sigint());
    return call.value_of<detail::spawned_value<What>>(spawn(std::forward<What>(what), where));
  }
  /// As above for `function(args...)`, which must give a task.
  template <class F, class First, class... Rest>
    requires detail::makes_a_task<F, First, Rest...>
  auto block_on(F&& function, First&& first, Rest&&... rest) {
    return block_on(detail::make_task(std::forward<F>(function), std::forward<First>(first),
                                      std::forward<Rest>(rest)...),
                    detail::unknown_place);
  }
  template <class Task>
    requires detail::task_left_behind<Task>
  void block_on(Task&&) = delete;  // a task runs once: block_on(std::move(task))
  template <class F, class... Args>
    requires detail::wants_references<F, Args...>
  void block_on(F&&, Args&&...) = delete;  // it gets copies: take T, not T&, or pass std::ref(x)
  template <class F, class... Args>
    requires detail::gives_no_task<F, Args...>
  void block_on(F&&, Args&&...) = delete;  // it gives no task: call it as it is

  /// Blocks this thread until a future or handle is done, also when this runtime is closed.
  template <class T>
  T block_on(future<T> awaited) {
    detail::check_may_block("block_on");
    return detail::run_call(*core_, sigint::left_alone).value_of(std::move(awaited));
  }

  /// Calls `function` soon on a worker, in a copy of the caller's context. Calls posted by one thread
  /// start in order. An exception that it throws reaches the failure handler. usage_error when the
  /// runtime is closed.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle post(F&& function, std::source_location where = std::source_location::current()) {
    return start({}, no_deadline, std::forward<F>(function), where);
  }
  /// As above, with a name or a context of its own.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle post(callback_options options, F&& function,
                       std::source_location where = std::source_location::current()) {
    return start(options, no_deadline, std::forward<F>(function), where);
  }
  template <class F>
    requires detail::calls_a_coroutine<std::decay_t<F>&>
  void post(F&&) = delete;  // the coroutine that it gives would never run: spawn(f)

  /// Calls `function` once, `d` from now on this runtime's clock; never early. Otherwise as post.
  template <class Rep, class Period, class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle call_after(std::chrono::duration<Rep, Period> d, F&& function,
                             std::source_location where = std::source_location::current()) {
    return start({}, deadline_in(detail::to_duration(d)), std::forward<F>(function), where);
  }
  /// As above, with a name or a context of its own.
  template <class Rep, class Period, class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle call_after(callback_options options, std::chrono::duration<Rep, Period> d,
                             F&& function,
                             std::source_location where = std::source_location::current()) {
    return start(options, deadline_in(detail::to_duration(d)), std::forward<F>(function), where);
  }
  /// As call_after, at `deadline` on this runtime's clock.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle call_at(time_point deadline, F&& function,
                          std::source_location where = std::source_location::current()) {
    return start({}, detail::deadline_at(deadline), std::forward<F>(function), where);
  }
  /// As above, with a name or a context of its own.
  template <class F>
    requires detail::plain_function<std::decay_t<F>&>
  callback_handle call_at(callback_options options, time_point deadline, F&& function,
                          std::source_location where = std::source_location::current()) {
    return start(options, detail::deadline_at(deadline), std::forward<F>(function), where);
  }

  /// The time on this runtime's clock.
  time_point now() const noexcept;
  /// How many workers there are.
  unsigned workers() const noexcept;
  /// Tasks that have been spawned and have not ended. May be out of date.
  std::size_t live_tasks() const noexcept;
  /// What the workers have done so far. Counted all the time, at no cost to speak of; may be out of date.
  runtime_metrics metrics() const noexcept;

  /// Who is told of failures from now on; empty: print_failure.
  void set_failure_handler(silk::failure_handler handler) {
    core_->set_on_failure(std::move(handler));
  }
  /// The handler that was set last, or given as an option; empty when there is none.
  silk::failure_handler failure_handler() const { return core_->on_failure(); }

  /// Who is told of each task that is spawned from now on; empty: nobody.
  void set_spawn_observer(silk::spawn_observer observer) {
    core_->set_on_spawn(std::move(observer));
  }
  /// The observer that was set last, or given as an option; empty when there is none.
  silk::spawn_observer spawn_observer() const { return core_->on_spawn(); }

  /// Whether the runtime is in debug mode.
  bool debug() const noexcept { return core_->debugging().on(); }
  /// Switches debug mode on or off, for what happens from now on.
  void set_debug(debug_mode mode) noexcept { core_->set_debug(detail::is_on(mode)); }

  /// `executor` runs the calls of to_thread from now on; null: the runtime's own threads, as at first. The
  /// runtime keeps it until it is replaced.
  template <executor E>
  void set_default_executor(std::shared_ptr<E> executor) {
    if (executor == nullptr) return core_->set_executor({});
    core_->set_executor(
        [to = std::move(executor)](blocking_job job) { to->submit(std::move(job)); });
  }

  /// When tasks run first whose spawn_options do not say: soon or eager, as runtime_options::start said.
  silk::start default_start() const noexcept {
    return core_->starts_eagerly() ? silk::start::eager : silk::start::soon;
  }

  /// As silk::all_tasks, from any thread.
  std::vector<task_ref> all_tasks() const { return detail::tasks_of(*core_); }

  /// Cancels every live task; returns at once. Tasks that are spawned from now on, by clean-up code or
  /// by other threads, start cancelled: their bodies never run. Callbacks are taken until shutdown() is
  /// about to end.
  void close() noexcept;

  /// close(), then waits until every task and every call of to_thread has ended and the workers are
  /// gone. Callbacks whose time has not come are dropped. False: some were still alive when `grace` was
  /// over; they run on, and shutdown may be called again. usage_error on a worker.
  bool shutdown(duration grace = duration::max());

  /// The runtime of the calling task; usage_error outside of one.
  static runtime& current();

 protected:
  runtime(runtime_options options, detail::engine::threads threads,
          detail::engine::simulator* simulated_by = nullptr);
  detail::runtime_core& core() noexcept { return *core_; }

 private:
  friend detail::spawner<runtime>;
  friend detail::run_access;
  template <class T>
  join_handle<T> spawn_task(spawn_options options, task<T>&& body, std::source_location where) {
    return detail::spawn_access::spawn(*core_, options, std::move(body), where);
  }

  static constexpr std::uint64_t no_deadline = detail::engine::no_deadline;

  template <class F>
  callback_handle start(callback_options options, std::uint64_t deadline, F&& function,
                        std::source_location where) {
    return start(detail::make_callback(options.name, std::forward<F>(function), where,
                                       detail::context_for(options.context)),
                 deadline);
  }
  callback_handle start(detail::core_ptr<detail::callback> call, std::uint64_t deadline);
  std::uint64_t deadline_in(duration d) const noexcept;

  std::unique_ptr<detail::runtime_core> core_;
};

}  // namespace silk
