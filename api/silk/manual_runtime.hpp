// manual_runtime: a runtime without threads, driven by the caller turn by turn.
#pragma once

#include "detail/driver_seat.hpp"
#include "runtime.hpp"

namespace silk {

/// A runtime whose tasks run on the thread that drives it, and only while it does: in block_on,
/// run_until_stopped, run_ready, run_once and shutdown. With virtual time a program does the same each
/// time, task by task: for tests, and for a program with a loop of its own.
///
/// A turn runs what is runnable when it begins, in order, and nothing that becomes so by it.
///
/// Threads   one thread drives at a time, any; a second one gets usage_error, and so does a task. Everything
///           else may be called from any thread, as with every runtime.
/// Lifetime  the destructor drives until every task has ended.
class manual_runtime : public runtime {
 public:
  /// Fails with std::invalid_argument for more than one worker.
  explicit manual_runtime(runtime_options options = {});
  ~manual_runtime();

  /// One turn; does not wait, and virtual time stands still. False: nothing was runnable, or stop() was
  /// called.
  bool run_once();
  /// Turns until nothing is runnable or stop() is called; does not wait, and virtual time stands still.
  void run_ready();
  /// Turns until stop() is called; waits for timers and other threads in between.
  void run_until_stopped();

  /// Ends the driving that is under way when its turn is over; if none is, the next one after one turn.
  /// What was to be awaited by block_on stays pending: block_on throws usage_error, and another one
  /// may go on with it.
  ///
  /// Threads   any.
  void stop() noexcept { core().stop_driving(); }

  /// As long as it lives the calling thread is the runtime's worker: code between two turns is like a
  /// callback, so that runtime::current() and spawn() work in it.
  class driving {
   public:
    /// Fails as run_once does when somebody drives already.
    explicit driving(manual_runtime& driven) : driven_(driven), seat_(driven.core(), "driving") {}
    /// As manual_runtime::run_once.
    bool run_once() { return driven_.turn(); }
    /// As manual_runtime::run_ready.
    void run_ready() {
      while (driven_.turn()) {
      }
    }

   private:
    manual_runtime& driven_;
    detail::driver_seat seat_;
  };

 private:
  bool turn();
};

}  // namespace silk
