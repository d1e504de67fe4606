// to_std_future, from_std_future: outcomes to and from code that knows std::future only.
#pragma once

#include "future.hpp"
#include "promise.hpp"
#include "spawn.hpp"
#include "to_thread.hpp"

#include <chrono>
#include <exception>
#include <future>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

// Calls give(), which makes the value, and tells the promise what comes of it.
template <class T, class Promise, class Give>
void fulfil(Promise& promise, Give give) {
  try {
    if constexpr (std::is_void_v<T>) {
      give();
      promise.set_value();
    } else {
      promise.set_value(give());
    }
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
}

template <class T>
void pass_outcome(std::promise<T>& to, const future<T>& done) {
  fulfil<T>(to, [&]() -> T {
    done.result();
    if constexpr (!std::is_void_v<T>) return take_value(future_access::state(done));
  });
}

}  // namespace detail

/// The outcome of `awaited` for a thread that silk does not know: `to_std_future(handle).get()` there.
///
/// Finishes  the std::future is ready soon after `awaited` is done; at once if it is done already.
/// Fails     its get() throws what came out, `silk::cancelled` among them; std::future_error
///           (broken_promise) if the runtime that was to hand it on ended before. The call itself fails
///           with usage_error outside of tasks and callbacks, unless `awaited` is a handle or done.
/// Cancelled not with it: cancel `awaited` itself.
/// Threads   any. Do not call get() or wait() on a worker: it would stand still. Costs a callback and the
///           std::future's own state.
/// Lifetime  independent of `awaited`. The value is copied, or moved if it cannot be copied (then nobody
///           else may take it).
template <class T>
std::future<T> to_std_future(future<T> awaited) {
  std::promise<T> promise;
  std::future<T> result = promise.get_future();
  if (awaited.done()) {
    detail::pass_outcome(promise, awaited);
  } else {
    awaited.add_done_callback([to = std::move(promise)](const future<T>& done) mutable {
      detail::pass_outcome(to, done);
    });
  }
  return result;
}
/// The same of a task.
template <class T>
std::future<T> to_std_future(join_handle<T> awaited) {
  return to_std_future(static_cast<future<T>&&>(awaited));
}

/// The outcome of a std::future, to be awaited: `co_await from_std_future(std::move(f))`.
///
/// Finishes  at once if `awaited` is ready. Else a thread for calls that block waits for it, as in
///           to_thread, and does so until it is ready: one thread for each std::future that is waited for
///           (at most runtime_options::blocking_threads; further ones queue). A deferred one runs there.
///           Virtual time stands still meanwhile.
/// Fails     with what `awaited` throws. The call itself with usage_error outside of tasks and callbacks,
///           or if `awaited` refers to nothing.
/// Cancelled at once; the thread waits on, for nobody, and the end of the runtime waits for it. Nobody can
///           cancel a std::future.
/// Threads   tasks and callbacks only.
/// Lifetime  owns `awaited`.
template <class T>
future<T> from_std_future(std::future<T> awaited,
                          std::source_location where = std::source_location::current()) {
  static_assert(detail::is_task_value<T>, "from_std_future: T must be void or a plain object type");
  static_cast<void>(detail::required_runtime("from_std_future"));
  if (!awaited.valid()) throw usage_error("from_std_future: this std::future refers to nothing");
  if (awaited.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return spawn(to_thread([from = std::move(awaited)]() mutable { return from.get(); }), where);
  }
  promise<T> promise;
  detail::fulfil<T>(promise, [&] { return awaited.get(); });
  return promise.get_future();
}

}  // namespace silk
