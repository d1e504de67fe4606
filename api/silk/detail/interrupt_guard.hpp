// interrupt_guard: while it lives, the first SIGINT of the process is told to one run call.
//
//   installed --SIGINT--> told, and what was there before is back: the next one does what it always did
//
// The handler may run on any thread at any time, so it only sets a bit, wakes the thread that waits, and
// puts the old action back: no locks, no memory. The guard does not go before a handler that is at work.
//
// Edges   E:sigint   the handler's leaving   -> the end of the guard
#pragma once

namespace silk::detail {

class run_call;

class interrupt_guard {
 public:
  // usage_error when another run call of the process has one.
  explicit interrupt_guard(run_call& told);
  ~interrupt_guard();
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
};

}  // namespace silk::detail
