// simulate: runs a program on one thread, in an order that a seed decides.
#pragma once

#include "call_frame.hpp"
#include "failure.hpp"
#include "task.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace silk {

namespace detail {
class simulation;
class sim_trace;
}  // namespace detail

/// To test programs: every order of events that a seed can choose, again and again the same.
namespace testing {

/// What is simulated: a function that gives the task to run. It is called once for each run.
using program = std::function<task<>()>;

/// When virtual time goes on.
enum class sim_time : std::uint8_t {
  when_idle,      ///< as in every runtime with virtual time: when nothing can run
  at_any_moment,  ///< also while something can: as on a machine that is too slow for its timers
};

/// How a program is simulated.
struct sim_options {
  /// Draws every decision, unless `schedule` says what they are.
  std::uint64_t seed = 0;
  /// The decisions of an earlier run, as sim_result::schedule() told them: "a7:1,w2:3", or "-" for none that
  /// is not the default. Empty: the seed decides.
  std::string schedule = {};
  /// Logical workers, 1 to 4096.
  unsigned workers = 4;
  /// When time goes on.
  sim_time time = sim_time::when_idle;
  /// A run that takes more steps than this is endless. A step is a job, a search, or a call from outside.
  std::uint64_t most_steps = 1'000'000;
  /// Told of failures that nobody retrieved; empty: such a failure fails the run.
  failure_handler on_failure = {};
  /// Called when the run is over and its runtime is gone, to look at what is left; check() and exceptions
  /// in it fail the run. Not called when the run is stuck or endless.
  std::function<void()> at_end = {};
};

/// How a simulated run ended.
enum class sim_end : std::uint8_t {
  finished,  ///< the program's task gave its value, and nothing was found
  failed,    ///< a check failed, an exception came out, or a failure was not retrieved
  stuck,  ///< nothing can ever run again, and tasks are left: a deadlock, or a forgotten notification
  endless,  ///< it took more steps than allowed
};

/// A task that was left when nothing could run any more.
struct stuck_task {
  std::string name;                 ///< the given one, or `task-` and how many were spawned before
  std::string waits_for;            ///< in words: a task, a mutex, a queue, a future
  std::source_location spawned_at;  ///< line 0 when that is not known
  std::vector<call_frame> frames;  ///< as call_graph::frames: innermost first, if they are recorded
  std::string description() const;  ///< all of it, for people
};

/// What became of a simulated run. One that is default-made tells of no run at all.
class sim_result {
 public:
  /// How it ended.
  sim_end end = sim_end::finished;
  /// What was wrong, for people; empty if nothing was.
  std::string message;
  /// What was thrown, if that was it.
  std::exception_ptr error;
  /// When stuck or endless: the tasks that were left.
  std::vector<stuck_task> stuck;
  /// How many steps it took.
  std::uint64_t steps = 0;

  /// Whether nothing was wrong.
  bool ok() const noexcept { return end == sim_end::finished; }
  /// All decisions that were not the default, to be given to sim_options::schedule; "-" if there are none.
  std::string schedule() const;
  /// How many they are.
  std::size_t departures() const noexcept;
  /// What happened, in order, a line each: which worker ran which task, thefts, calls from outside, time.
  /// Two runs of the same program with the same seed and options have the same trace.
  std::string trace() const;
  /// A number made of the trace.
  std::uint64_t fingerprint() const noexcept;

 private:
  friend detail::simulation;
  std::shared_ptr<const detail::sim_trace> trace_;
};

/// Runs `what` to its end, and then whatever is left as silk::run does. All of it on this thread, which takes
/// the part of one worker after the other.
///
/// Other tasks may come wherever one suspends; in sources that are compiled with SILK_CALL_GRAPH
/// (call_graph.hpp) at every co_await, also of what is ready.
///
/// Its tasks are named `main`, and `task-2`, `task-3`, ... in the order in which they were spawned, unless
/// they have names.
///
/// Fails     usage_error on a worker, inside of a simulation, and when another thread took part: use
///           outside() in its place; std::invalid_argument for options out of range. What comes out of the
///           program is told by the result.
/// Threads   any; several may simulate at the same time.
/// Lifetime  the tasks of a run that is stuck or endless stay as they are, and are never destroyed: they may
///           refer to each other's locals.
sim_result simulate(const program& what, sim_options options = {},
                    std::source_location where = std::source_location::current());

/// In a simulated program: `function` is called once, from outside of the runtime as another thread would,
/// at a moment that the seed chooses: between two steps of workers, before or after the next timers, at the
/// latest when the program has ended. Several may be called in any order.
///
/// Fails     usage_error outside of a simulation. What `function` throws fails the run.
/// Lifetime  `function` is kept until it has been called.
void outside(std::function<void()> function);

/// A number below `options` that the seed chooses; shrinking prefers 0. Outside of a simulation: 0.
///
/// Fails     std::invalid_argument when `options` is 0.
std::uint32_t choose(std::uint32_t options);

/// What check() throws.
struct check_failed : std::logic_error {
  using logic_error::logic_error;
};

/// Throws check_failed unless `holds`. A simulated run has failed then, even if the exception is caught.
void check(bool holds, std::string_view what = "a check failed",
           std::source_location where = std::source_location::current());

/// Whether the calling code is part of a simulated program.
bool is_simulated() noexcept;

}  // namespace testing

}  // namespace silk
