// to_thread: calls that block, on threads that may.
#pragma once

#include "detail/misuse.hpp"
#include "detail/observe_wait.hpp"
#include "detail/runtime_core.hpp"
#include "future.hpp"
#include "task.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

// The state of one call: a future that is also what a thread is to run. Two owners: the thread and the
// task that waits.
template <class T, class F, class... Args>
class blocking_call final : public future_state<T>, public blocking_work {
 public:
  template <class Function, class... Arguments>
  explicit blocking_call(runtime_core& runtime, Function&& function, Arguments&&... args)
      : future_state<T>(1),
        runtime_(runtime),
        context_(copied_bindings()),
        call_(std::in_place, std::forward<Function>(function), std::forward<Arguments>(args)...) {
    blocking_work::run = run_call;
    blocking_work::drop = drop_call;
  }

  void submit() {
    runtime_.call_begins();
    this->add_ref();  // the thread's share
    try {
      runtime_.submit(*this);
    } catch (...) {
      runtime_.call_ended();
      this->release();
      throw;
    }
  }

  // Once it is cancelled: leaves the queue and lets go of the callable, unless a thread has done so or is
  // about to. Not for the canceller, who must run no destructor of the user's. [task]
  void leave_queue() noexcept {
    if (runtime_.withdraw(*this)) end();
  }

 private:
  static void run_call(engine::job& self) noexcept {
    auto& call = static_cast<blocking_call&>(self);
    const blocking_scope here(call.runtime_);
    if (call.try_begin()) call.invoke();  // else it was cancelled before a thread took it
    call.end();
  }
  static void drop_call(engine::job& self) noexcept {
    auto& call = static_cast<blocking_call&>(self);
    if (call.try_begin()) {
      call.slot.fail(
          std::make_exception_ptr(closed_error("to_thread: the executor has dropped it")));
      call.complete(outcome::error, after_completion::runs_on);
    }
    call.end();
  }
  void end() noexcept {
    runtime_core& runtime = runtime_;
    call_.reset();
    this->release();
    runtime.call_ended();
  }

  void invoke() noexcept {
    const call_scope in(context_);
    outcome reached = outcome::value;
    try {
      if constexpr (std::is_void_v<T>) {
        apply();
        this->slot.emplace();
      } else {
        this->slot.emplace(apply());
      }
    } catch (...) {
      this->slot.fail(std::current_exception());
      reached = handling_cancelled() ? outcome::cancelled : outcome::error;
    }
    this->complete(reached, after_completion::runs_on);
  }
  decltype(auto) apply() {
    SILK_ASSERT(call_.has_value(), "to_thread: a call runs once; report this");
    return std::apply(
        [](F& function, Args&... args) -> decltype(auto) {
          return std::invoke(std::move(function), std::move(args)...);
        },
        *call_);
  }

  // The thread is no worker, so the handler is found through the runtime.
  void destroy() noexcept override {
    if (this->state() == outcome::error && !this->seen()) {
      const call_scope in(context_);
      report_failure(runtime_.serial(), {.error = this->slot.error()});
    }
    delete this;
  }

  runtime_core& runtime_;
  const bindings_ptr context_;
  std::optional<std::tuple<F, Args...>> call_;
};

// Hands the call over once a cancel can find it, so that what is cancelled first never begins.
template <class T, class Call>
class blocking_call_awaiter : public observe_awaiter<T> {
 public:
  explicit blocking_call_awaiter(core_ptr<Call> call) noexcept
      : observe_awaiter<T>(std::move(call), let_go::unless_it_gives_up) {}

  bool await_ready() const noexcept { return false; }
  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    if (!this->enter(waiting.promise())) return false;
    try {
      call().submit();
    } catch (...) {
      refused_ = std::current_exception();
      return false;
    }
    return this->watch();
  }
  T await_resume(std::source_location where = std::source_location::current()) {
    if (is_cancelled(call().state())) call().leave_queue();
    if (refused_ != nullptr) {
      this->check(where);
      std::rethrow_exception(refused_);
    }
    return observe_awaiter<T>::await_resume(where);
  }

 private:
  Call& call() noexcept { return static_cast<Call&>(this->state()); }

  std::exception_ptr refused_;
};

template <class T, class F, class... Args>
task<T> call_on_thread(F function, Args... args) {
  using call = blocking_call<T, F, Args...>;
  core_ptr<call> state(
      new call(required_runtime("to_thread"), std::move(function), std::move(args)...), {});
  co_return co_await blocking_call_awaiter<T, call>(std::move(state));
}

}  // namespace detail

/// A task that calls `function(args...)` on a thread that may block and gives its
/// result. For calls that block: files, databases, getaddrinfo.
///
/// Starts    when awaited; then waits for a free thread, first come first served. The runtime's pool
///           grows to runtime_options::blocking_threads; runtime::set_default_executor replaces it.
/// Fails     with what the call throws; std::system_error when the system refuses the first thread; what
///           the executor throws, closed_error when it drops the call.
/// Cancelled at once. A call that no thread has begun never is, and leaves the queue of the runtime's
///           pool; one that runs goes on, and its result is dropped; if it throws, the runtime's failure
///           handler is told.
/// Threads   `function` runs outside of any task: it must not use co_await or this_task. Virtual time stands
///           still until it has ended, but for block_on of the same runtime.
/// Lifetime  callable and arguments are moved or copied and live as long as the call.
template <class F, class... Args>
  requires detail::plain_function<std::decay_t<F>, std::decay_t<Args>...>
auto to_thread(F&& function, Args&&... args) {
  using T = std::decay_t<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;
  return detail::call_on_thread<T, std::decay_t<F>, std::decay_t<Args>...>(
      std::forward<F>(function), std::forward<Args>(args)...);
}

template <class F, class... Args>
  requires detail::calls_a_coroutine<std::decay_t<F>, std::decay_t<Args>...>
void to_thread(F&&, Args&&...) = delete;  // a coroutine is for workers: co_await f(), or spawn(f)

}  // namespace silk
