// The coroutine side of a task: its promise, and what happens when it ends.
//
// A coroutine's frame is freed before anybody can see that it has ended (its parameters may hold
// locks, references, memory), so its outcome does not live in the frame: the promise points at a
// receiver. One coroutine, one receiver:
//
//   call   `co_await child()`      the awaiter in the parent's frame
//   fork   `co_await gather(...)`  a slot of the gather, which is in the parent's frame
//   root   `spawn(...)`            the shared state behind the join_handle
//
// The promise is also the job that resumes the coroutine: a task that waits needs no other node.
#pragma once

#include "engine.hpp"
#include "result.hpp"
#include "running.hpp"
#include "task_context.hpp"

#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk {
template <class T>
class task;
}

namespace silk::detail {

struct promise_base : engine::job {
  // What is not set here is set at the start.
  promise_base() noexcept : job(set_later::run) {}

  static void* operator new(std::size_t bytes) { return engine::allocate_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    engine::deallocate_frame(frame, bytes);
  }

  detail::receiver* receiver;
  union {
    task_context* context;            // from the start on
    std::source_location defined_at;  // of a task, before: for debug mode
  };

  std::coroutine_handle<promise_base> handle() noexcept {
    return std::coroutine_handle<promise_base>::from_promise(*this);
  }
  // The next time a worker takes this job, the coroutine goes on. [task, before it is published]
  engine::job& make_resumable() noexcept {
    run = resume_job;
    return *this;
  }
  static void resume_job(engine::job& self) noexcept { static_cast<promise_base&>(self).enter(); }
  // Runs the coroutine until it suspends or ends. [the job]
  void enter() noexcept {
    set_running(context);
    handle().resume();
    set_running(nullptr);
  }
};

struct call_base : receiver {
  call_base() noexcept : receiver(receiver_kind::call) {}
  promise_base* parent = nullptr;
};

template <class T>
struct call_receiver : call_base {
  ~call_receiver() { slot.destroy(held); }
  detail::result<T> slot;
};

// A child of a fork_group; the group outlives it.
struct fork_base : task_context {
  fork_base() noexcept : task_context(receiver_kind::fork) {}
  fork_group* group = nullptr;
  promise_base* coroutine = nullptr;  // may be gone once the child has been entered
};

template <class T>
struct fork_slot : fork_base {
  ~fork_slot() { slot.destroy(held); }
  detail::result<T> slot;
};

// The context of a spawned task; the rest of its state is the task_node's business.
struct root_context : task_context {
  explicit root_context(task_node& owner) noexcept
      : task_context(receiver_kind::root), node(&owner) {}
  task_node* node;
};

// A task that has not been started goes, and in debug mode that is told. [who owns the task]
[[gnu::cold]] void drop_unstarted(promise_base& dropped) noexcept;
[[noreturn, gnu::cold]] void task_is_gone();  // throws the usage_error

template <class T>
result<T>& root_result(root_context& root) noexcept;  // task_node.hpp

// Tell the receiver that the coroutine has ended and is gone; return who goes on. [task]
std::coroutine_handle<> fork_finished(fork_base& child) noexcept;  // fork_group.hpp
std::coroutine_handle<> root_finished(root_context& root) noexcept;

struct final_awaiter {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    receiver& to = *self.promise().receiver;
    self.destroy();  // `this` is gone, too
    switch (to.kind) {
      case receiver_kind::call:
        return static_cast<call_base&>(to).parent->handle();
      case receiver_kind::fork:
        return fork_finished(static_cast<fork_base&>(to));
      case receiver_kind::root:
        break;
    }
    return root_finished(static_cast<root_context&>(to));
  }
  void await_resume() const noexcept {}
};

template <class Awaitable>
decltype(auto) adapt_awaitable(Awaitable&& awaitable, promise_base& promise);  // awaitable.hpp

template <class T>
class task_promise_base : public promise_base {
 public:
  task<T> get_return_object(std::source_location where = std::source_location::current()) noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }

  [[gnu::cold]] void unhandled_exception() noexcept {
    slot().fail(std::current_exception());
    receiver->held = handling_cancelled() ? outcome::cancelled : outcome::error;
  }

  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& awaitable) {
    return adapt_awaitable(std::forward<Awaitable>(awaitable), *this);
  }
  template <class Value>
  void yield_value(Value&&) = delete;  // what uses co_yield must return silk::generator<T>

 protected:
  detail::result<T>& slot() noexcept {
    switch (receiver->kind) {
      case receiver_kind::call:
        return static_cast<call_receiver<T>*>(receiver)->slot;
      case receiver_kind::fork:
        return static_cast<fork_slot<T>*>(receiver)->slot;
      case receiver_kind::root:
        break;
    }
    return root_result<T>(*static_cast<root_context*>(receiver));
  }
};

template <class T>
class task_promise : public task_promise_base<T> {
 public:
  template <class Value = T>  // the default is for co_return {...}
    requires std::is_constructible_v<T, Value>
  void return_value(Value&& value) {
    this->slot().emplace(std::forward<Value>(value));
    this->receiver->held = outcome::value;
  }
};

template <>
class task_promise<void> : public task_promise_base<void> {
 public:
  void return_void() noexcept {
    slot().emplace();
    receiver->held = outcome::value;
  }
};

}  // namespace silk::detail
