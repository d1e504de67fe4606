// What a task may await, and how awaitables that know nothing of silk are made safe.
//
// silk's own awaiters derive from native_awaiter: they know the task that waits and resume it through
// its pool. Any other awaitable may resume its coroutine on whatever thread it likes; it is given a
// small coroutine instead, which posts the task back to its own workers.
#pragma once

#include "fork_group.hpp"
#include "promise.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk::detail {

struct native_awaiter {
  native_awaiter() = default;
  native_awaiter(const native_awaiter&) = delete;
  native_awaiter& operator=(const native_awaiter&) = delete;

  // What any other coroutine finds; each awaiter brings it beside its own.
  template <class Promise>
    requires(!std::derived_from<Promise, promise_base>)
  void await_suspend(std::coroutine_handle<Promise>) = delete;  // only a silk::task can await this
};

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (has_member_co_await<A>) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (has_free_co_await<A>) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    return static_cast<A&&>(awaitable);
  }
}

template <class A>
using awaiter_type = decltype(awaiter_of(std::declval<A>()));

template <class A>
concept awaitable = requires(std::remove_reference_t<awaiter_type<A>>& awaiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_resume();
};

// What awaiting it as an rvalue gives, as a value that can be kept.
template <class A>
using awaited_value = std::decay_t<
    decltype(std::declval<std::remove_reference_t<awaiter_type<A>>&>().await_resume())>;

template <class A>
concept native_awaitable =
    awaitable<A> && std::derived_from<std::remove_reference_t<awaiter_type<A>>, native_awaiter>;

// May be called back: not a coroutine, whose body would never run. Whoever lands here meant spawn.
template <class F, class... Args>
concept plain_function = std::invocable<F, Args...> && !requires {
  typename std::decay_t<std::invoke_result_t<F, Args...>>::promise_type;
};

// GCC copies an awaiter that await_transform returns by reference, and ours do not move. It gets this
// instead, which costs a pointer in the frame.
template <class Awaiter>
class awaiter_ref {
 public:
  explicit awaiter_ref(Awaiter& awaiter) noexcept : awaiter_(awaiter) {}
  bool await_ready() const noexcept(noexcept(std::declval<Awaiter&>().await_ready())) {
    return awaiter_.await_ready();
  }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> waiting) const noexcept {
    return awaiter_.await_suspend(waiting);
  }
  decltype(auto) await_resume(std::source_location where = std::source_location::current()) const {
    if constexpr (requires { awaiter_.await_resume(where); }) {
      return awaiter_.await_resume(where);
    } else {
      return awaiter_.await_resume();
    }
  }

 private:
  Awaiter& awaiter_;
};

// The coroutine that a foreign awaitable is given: sends `waiting` home, then is gone.
struct way_home {
  struct promise_type {
    way_home get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  static way_home of(promise_base& waiting) {
    wake(waiting);
    co_return;
  }
  std::coroutine_handle<promise_type> coroutine;
};

template <class A>
class foreign_awaiter {
 public:
  foreign_awaiter(A&& foreign, promise_base& waiting)
      : awaiter_(awaiter_of(std::forward<A>(foreign))), waiting_(waiting) {}
  foreign_awaiter(const foreign_awaiter&) = delete;
  foreign_awaiter& operator=(const foreign_awaiter&) = delete;

  bool await_ready() { return awaiter_.await_ready(); }

  auto await_suspend(std::coroutine_handle<>) {
    const std::coroutine_handle<> home = way_home::of(waiting_).coroutine;
    using answer = decltype(awaiter_.await_suspend(home));
    link_ancestors(*waiting_.context);  // else a cancel of a task above would never be heard of
    try {
      if constexpr (std::is_same_v<answer, bool>) {
        const bool suspended = awaiter_.await_suspend(home);
        if (!suspended) home.destroy();
        return suspended;
      } else {
        return awaiter_.await_suspend(home);
      }
    } catch (...) {
      home.destroy();
      throw;
    }
  }

  decltype(auto) await_resume(std::source_location where = std::source_location::current()) {
    // A cancel cannot interrupt a foreign wait; it is thrown when the wait is over.
    if (waiting_.context->take_pending()) throw_cancelled(*waiting_.context, where);
    return awaiter_.await_resume();
  }

 private:
  awaiter_type<A&&> awaiter_;
  promise_base& waiting_;
};

template <class A>
concept has_lock = requires(A& a) {
  a.lock();
  a.unlock();
};
template <class A>
concept gives_awaitable = std::invocable<A> && awaitable<std::invoke_result_t<A>>;

// Says what to write instead, if A cannot be awaited.
template <class A>
consteval void check_awaitable() {
  using T = std::remove_cvref_t<A>;
  if constexpr (awaitable<A>) {
  } else if constexpr (awaitable<T>) {
    static_assert(awaitable<A>, "what is a variable is awaited once: co_await std::move(it)");
  } else if constexpr (has_lock<T>) {
    static_assert(awaitable<A>,
                  "a lock is not awaited itself: const auto hold = co_await mutex.scoped(), "
                  "where mutex is a silk::mutex; no std::mutex may be held across a co_await");
  } else if constexpr (gives_awaitable<T&>) {
    static_assert(awaitable<A>, "a function is not awaited, but what it gives: co_await f()");
  } else {
    static_assert(awaitable<A>,
                  "co_await in a silk::task needs something awaitable: a task, a future, a handle, "
                  "sleep(), gather(), or a type with operator co_await or "
                  "await_ready/await_suspend/await_resume");
  }
}

template <class A>
decltype(auto) adapt_awaitable(A&& thing, promise_base& promise) {
  check_awaitable<A&&>();
  if constexpr (std::derived_from<std::remove_cvref_t<A>, native_awaiter>) {
#if defined(__clang__)
    return (thing);
#else
    return awaiter_ref(thing);
#endif
  } else if constexpr (native_awaitable<A&&>) {
    return awaiter_of(std::forward<A>(thing));
  } else {
    return foreign_awaiter<A>(std::forward<A>(thing), promise);
  }
}

}  // namespace silk::detail
