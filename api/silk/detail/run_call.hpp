// run_call: a thread in block_on. It waits for one future, drives the runtime if that has no threads, and
// meanwhile fatal exceptions of any task of the runtime arrive at it.
//
//   waiting --completed--> done      the future's outcome comes out
//      `------raise------> raised    the fatal exception comes out; the future may be pending
//
// The call may be made by a function that to_thread runs: then virtual time, which stands still for that one,
// goes on from here until the future is done.
//
// SIGINT, if it is to, cancels what is waited for, and the call goes on waiting.
//
// When both happen the fatal exception comes out: it was accepted, and nobody else will tell of it.
//
// Edges   E:run-call   the store of a bit    -> the thread that waits
#pragma once

#include "../future.hpp"
#include "../sigint.hpp"
#include "driver_seat.hpp"
#include "engine.hpp"
#include "interrupt_guard.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace silk::detail {

// Throws usage_error on a worker thread.
void check_may_block(const char* verb);

class run_call final : private waiter, private engine::drive_goal {
 public:
  // From now on fatal exceptions arrive here: before what is to be waited for is spawned.
  run_call(runtime_core& runtime, sigint interrupts);
  ~run_call();

  void interrupt() noexcept { tell(is_interrupted); }  // [any, signal handlers too]

  // Blocks; gives the value or throws what came out. Once.
  template <class T>
  T value_of(future<T> awaited) {
    core_ptr<future_state<T>> state = future_access::share(awaited);
    awaited = {};
    wait_for(*state);
    state->get();
    if constexpr (!std::is_void_v<T>) return take_value(*state);
  }

 private:
  friend class runtime_core;
  static constexpr std::uint32_t is_done = 1;
  static constexpr std::uint32_t is_raised = 2;
  static constexpr std::uint32_t is_interrupted = 4;

  void wait_for(future_core& awaited);
  void wait_for_end(future_core& awaited) noexcept;
  void raise(const std::exception_ptr& error) noexcept;  // [holder of that lock]
  void tell(std::uint32_t bit) noexcept;
  std::uint32_t told() const noexcept {
    return bits_.load(sync::memory_order_acquire);  // E:run-call in
  }
  bool reached() noexcept override;  // the drive's end
  static engine::job* completed_now(waiter& self) noexcept;

  runtime_core& runtime_;
  sync::atomic<std::uint32_t> bits_{0};
  bool has_cancelled_ = false;  // because of SIGINT
  // We are part of a call for which this runtime holds its virtual time: it goes on while we wait.
  const bool lends_time_;
  std::optional<interrupt_guard> guard_;
  std::optional<driver_seat> seat_;
  std::exception_ptr fatal_;  // guarded by the runtime's lock over its calls
};

}  // namespace silk::detail
