// executor: threads of the user's, for the calls of to_thread.
#pragma once

#include "detail/engine.hpp"

#include <memory>
#include <utility>

namespace silk {

namespace detail {

// A call on its way to a thread. Exactly one of `run` and `drop` is called, once.
struct blocking_work : engine::withdrawable_job {
  entry drop = nullptr;
};

// What all copies of a blocking_job share: the right to run it.
class blocking_ticket {
 public:
  explicit blocking_ticket(blocking_work& work) noexcept : work_(&work) {}
  ~blocking_ticket() {
    if (blocking_work* const work = take()) work->drop(*work);
  }
  blocking_ticket(const blocking_ticket&) = delete;
  blocking_ticket& operator=(const blocking_ticket&) = delete;

  // nullptr for all but the first. [any]
  blocking_work* take() noexcept {
    return work_.exchange(nullptr, sync::memory_order_acq_rel);  // E:ticket in/out
  }

 private:
  sync::atomic<blocking_work*> work_;
};

}  // namespace detail

/// A call that may block, as an executor gets it: a function object that is to be called once, on a
/// thread that may block. Copies are the same call; calling it again does nothing. When the last copy
/// goes and none was called, the to_thread that waits fails with closed_error.
///
/// Threads   any.
/// Lifetime  the runtime waits for it before it ends: an executor must call or drop what it has.
class blocking_job {
 public:
  /// For the library: executors are given theirs.
  explicit blocking_job(std::shared_ptr<detail::blocking_ticket> ticket) noexcept
      : ticket_(std::move(ticket)) {}
  /// Makes the call, if no copy was called before. What the call throws goes to the task that waits.
  void operator()() const noexcept {
    if (detail::blocking_work* const work = ticket_->take()) work->run(*work);
  }

 private:
  std::shared_ptr<detail::blocking_ticket> ticket_;
};

/// A pool of threads, or whatever else runs what it is given: `e.submit(job)`, from any thread.
template <class E>
concept executor = requires(E& e, blocking_job job) { e.submit(std::move(job)); };

}  // namespace silk
