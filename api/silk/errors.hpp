// What comes out of an await that did not give a value.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace silk {

namespace detail {
struct trace_access;
struct trace_step;
}  // namespace detail

/// The third outcome beside value and exception: the task was asked to stop and did.
///
/// Not a std::exception, so that `catch (const std::exception&)` cannot swallow it by accident. A task
/// may catch it to clean up, and should rethrow it.
class cancelled final {
 public:
  cancelled() = default;
  /// `reason` is what was given to cancel().
  explicit cancelled(std::string reason)
      : reason_(std::make_shared<const std::string>(std::move(reason))) {}
  /// Shares `reason` instead of copying it; null means no reason.
  explicit cancelled(std::shared_ptr<const std::string> reason) noexcept
      : reason_(std::move(reason)) {}

  /// What was given to cancel(); empty when nothing was. Words of the library's own when a timeout, a
  /// task_group or the end of a runtime asked. Valid as long as this object.
  const std::string& reason() const noexcept;

  /// In debug mode the awaits through which it has come: first the one that was interrupted, last the
  /// outermost; at most 256. Else empty.
  std::vector<std::source_location> trace() const;

 private:
  friend detail::trace_access;
  std::shared_ptr<const std::string> reason_;
  std::shared_ptr<const detail::trace_step> trace_;
};

/// Base of exceptions that are to end the program, or whoever runs a runtime, not just one task. What
/// SystemExit and KeyboardInterrupt are to asyncio.
///
/// Thrown by a task or a callback it comes out of every run and block_on of the runtime that is under
/// way, whoever awaits the task; it stays the task's exception, too. If none is under way it is a
/// failure as any other. Not a std::exception, so that `catch (const std::exception&)` cannot swallow it
/// by accident.
class fatal {
 public:
  virtual ~fatal() = default;
  /// What happened, in words.
  virtual const char* what() const noexcept = 0;

 protected:
  fatal() = default;
  fatal(const fatal&) = default;
  fatal& operator=(const fatal&) = default;
};

/// Ctrl-C (SIGINT) has cancelled the task that was run, and it ended so. See sigint::cancels_main.
class interrupted final : public fatal {
 public:
  /// "interrupted by SIGINT".
  const char* what() const noexcept override { return "interrupted by SIGINT"; }
};

namespace detail {
bool is_fatal(const std::exception_ptr& error) noexcept;
}

/// The time given to with_timeout or with_deadline was up and the work has been stopped.
class timeout_error : public std::runtime_error {
 public:
  /// `cause` is what cause() gives.
  explicit timeout_error(std::exception_ptr cause = nullptr)
      : std::runtime_error("the time is up"), cause_(std::move(cause)) {}

  /// The `cancelled` with which the work ended when it was stopped; null when it was never started.
  const std::exception_ptr& cause() const noexcept { return cause_; }

 private:
  std::exception_ptr cause_;
};

/// The library was used against its contract; the text says what to do instead.
class usage_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The promise of a future was destroyed before it was given a value.
class broken_promise : public std::runtime_error {
 public:
  broken_promise() : std::runtime_error("the promise was dropped before it was given a value") {}
};

/// A barrier was reset or aborted while the task waited at it, or had been aborted before.
class broken_barrier : public std::runtime_error {
 public:
  broken_barrier() : std::runtime_error("the barrier was reset or aborted") {}
};

/// What was used has been closed: a queue, a broadcast or a watch; or the executor of to_thread has dropped
/// the call. For a runtime that is closed it is usage_error.
class closed_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// put_nowait() found no room in the queue.
class queue_full : public std::runtime_error {
 public:
  queue_full() : std::runtime_error("the queue is full") {}
};

/// get_nowait() found nothing in the queue.
class queue_empty : public std::runtime_error {
 public:
  queue_empty() : std::runtime_error("the queue is empty") {}
};

/// A receiver of a broadcast was too slow: values that it has not seen were overwritten.
class lagged_error : public std::runtime_error {
 public:
  /// The receiver has missed `missed` values.
  explicit lagged_error(std::uint64_t missed)
      : std::runtime_error("the receiver was too slow: " + std::to_string(missed) +
                           " values were overwritten"),
        missed_(missed) {}

  /// How many values it has missed.
  std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::uint64_t missed_;
};

/// Several failures at once, as a task_group reports them; in the order in which they happened.
class exception_group : public std::runtime_error {
 public:
  /// `message` is followed by how many `exceptions` there are.
  exception_group(const std::string& message, std::vector<std::exception_ptr> exceptions);

  /// What came out. Valid as long as this object or a copy of it.
  const std::vector<std::exception_ptr>& exceptions() const noexcept { return *exceptions_; }

 private:
  std::shared_ptr<const std::vector<std::exception_ptr>>
      exceptions_;  // shared: copying must not throw
};

}  // namespace silk
