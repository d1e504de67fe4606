// generator<T>: a coroutine that gives one value after the other, and may await in between.
#pragma once

#include "detail/awaitable.hpp"
#include "detail/promise.hpp"
#include "errors.hpp"

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace silk {

template <class T>
class generator;

namespace detail {

template <class T>
class generator_promise;

// One run of the body, to its next co_yield or its end: a call, like the await of a task.
template <class T>
class generator_step : public native_awaiter, private call_base {
 public:
  bool await_ready() const {
    source_.check_not_running();
    return source_.coroutine_ == nullptr;
  }

  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    generator_promise<T>& body = source_.coroutine_.promise();
    this->parent = &waiting.promise();
    body.receiver = this;
    body.context = this->parent->context;
    body.running = true;
    return body.handle();
  }

 protected:
  enum class purpose : std::uint8_t { next, close };

  generator_step(generator<T>& source, purpose why) noexcept : source_(source), why_(why) {}

  generator<T>& source_;
  std::optional<T> item_;
  std::exception_ptr error_;  // what has left the body; before, what was thrown to close it

 private:
  friend generator_promise<T>;
  const purpose why_;
};

template <class T>
class generator_promise final : public promise_base {
 public:
  generator_promise() noexcept { receiver = nullptr; }

  bool running = false;  // a step is under way

  generator<T> get_return_object() noexcept {
    return generator<T>(std::coroutine_handle<generator_promise>::from_promise(*this));
  }
  std::suspend_always initial_suspend() const noexcept { return {}; }

  // Hands the item over, and the consumer goes on.
  class yield_awaiter {
   public:
    explicit yield_awaiter(generator_promise& self) noexcept : self_(self) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
      self_.running = false;
      return self_.step().parent->handle();
    }
    void await_resume() const {
      if (self_.closing()) self_.throw_at_yield();
    }

   private:
    generator_promise& self_;
  };
  yield_awaiter yield_value(T value) {
    if (closing()) throw usage_error("a generator that is being closed must not co_yield");
    step().item_.emplace(std::move(value));
    return yield_awaiter(*this);
  }

  // The frame is gone before the consumer goes on, as that of a task is.
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<generator_promise> self) const noexcept {
      generator_step<T>& last = self.promise().step();
      last.source_.coroutine_ = nullptr;
      self.destroy();
      return last.parent->handle();
    }
    void await_resume() const noexcept {}
  };
  final_awaiter final_suspend() const noexcept { return {}; }
  void return_void() noexcept { step().error_ = nullptr; }
  void unhandled_exception() noexcept {
    std::exception_ptr error = std::current_exception();
    // What was thrown to close the body may leave it: that is what it was thrown for.
    step().error_ = error == step().error_ ? nullptr : std::move(error);
  }

  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& awaitable) {
    return adapt_awaitable(std::forward<Awaitable>(awaitable), *this);
  }

 private:
  generator_step<T>& step() noexcept { return static_cast<generator_step<T>&>(*receiver); }
  [[noreturn]] void throw_at_yield() {
    step().error_ = std::make_exception_ptr(cancelled("the generator is being closed"));
    std::rethrow_exception(step().error_);
  }
  bool closing() noexcept { return step().why_ == generator_step<T>::purpose::close; }
};

template <class T>
class [[nodiscard]] generator_next final : public generator_step<T> {
 public:
  explicit generator_next(generator<T>& source) noexcept
      : generator_step<T>(source, generator_next::purpose::next) {}
  std::optional<T> await_resume(std::source_location where = std::source_location::current()) {
    if (this->error_ != nullptr) rethrow_at(this->error_, where);
    return std::move(this->item_);
  }
};

template <class T>
class [[nodiscard]] generator_close final : public generator_step<T> {
 public:
  explicit generator_close(generator<T>& source) noexcept
      : generator_step<T>(source, generator_close::purpose::close) {}
  bool await_ready() {
    if (generator_step<T>::await_ready()) return true;
    if (this->source_.has_begun()) return false;
    this->source_.reset();  // no co_yield to throw at
    return true;
  }
  void await_resume(std::source_location where = std::source_location::current()) {
    if (this->error_ != nullptr) rethrow_at(this->error_, where);
  }
};

}  // namespace detail

/// A lazy coroutine that gives any number of values with `co_yield`, and may `co_await` whatever a task
/// may. What asyncio calls an asynchronous generator.
///
///   silk::generator<int> ticks() {
///     for (int n = 0;; ++n) {
///       co_await silk::sleep(1s);
///       co_yield n;
///     }
///   }
///
/// Starts    at the first next(); the body runs as part of the task that awaits it, up to its next
///           co_yield, and stands still until the next next().
/// Fails     an exception that leaves the body is rethrown by next(), which gives nothing afterwards.
/// Cancelled `silk::cancelled` is thrown where the body waits, and leaves through next() unless it is
///           caught.
/// Threads   belongs to one task at a time: a usage_error if next() or close() is awaited during
///           another. The body runs on the worker of the task that awaits it.
/// Lifetime  move-only, but not while a step is under way. Destroying a generator half-way destroys
///           the locals of its body; if these need to await something to clean up, await close()
///           before. A task that is cancelled, at shutdown too, destroys the generators it holds.
///           A lock, timeout_scope or the like that the body holds across a co_yield belongs to the
///           task that awaited the step before.
///
/// T is an object type that can be moved, or std::reference_wrapper<U> for a reference.
template <class T>
class [[nodiscard("a generator does nothing until next() is awaited")]] generator {
  static_assert(!std::is_void_v<T> && detail::is_task_value<T>,
                "generator<T>: T must be a plain object type; "
                "use std::reference_wrapper<U> or U* for references");

 public:
  /// The type of the values.
  using value_type = T;
  /// What the compiler asks of a coroutine.
  using promise_type = detail::generator_promise<T>;

  generator(generator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  generator& operator=(generator&& other) noexcept {
    if (this != &other) {
      reset();
      coroutine_ = std::exchange(other.coroutine_, nullptr);
    }
    return *this;
  }
  ~generator() { reset(); }

  /// `co_await g.next()`: the next value, as a std::optional that is empty once the body has ended, or
  /// when the generator was moved from.
  ///
  ///   for (;;) {
  ///     auto item = co_await g.next();
  ///     if (!item) break;
  ///     use(*item);
  ///   }
  detail::generator_next<T> next() noexcept { return detail::generator_next<T>(*this); }

  /// `co_await g.close()`: ends the body where it stands, and waits for that. `silk::cancelled` is
  /// thrown at its co_yield; it may catch that, await what its clean-up needs, and
  /// return or rethrow it. A body that has not begun never does. Nothing happens after the end.
  ///
  /// Fails     with what leaves the body otherwise; usage_error if it gives one more value.
  detail::generator_close<T> close() noexcept { return detail::generator_close<T>(*this); }

 private:
  friend promise_type;
  friend detail::generator_step<T>;
  friend detail::generator_close<T>;

  explicit generator(std::coroutine_handle<promise_type> coroutine) noexcept
      : coroutine_(coroutine) {}

  bool has_begun() const noexcept { return coroutine_.promise().receiver != nullptr; }
  void check_not_running() const {
    if (coroutine_ != nullptr && coroutine_.promise().running) {
      throw usage_error("this generator is at work: await one next() or close() after the other");
    }
  }
  void reset() noexcept {
    if (coroutine_ == nullptr) return;
    SILK_ASSERT(!coroutine_.promise().running, "a generator was destroyed or moved during next()");
    std::exchange(coroutine_, nullptr).destroy();
  }

  std::coroutine_handle<promise_type> coroutine_;
};

}  // namespace silk
