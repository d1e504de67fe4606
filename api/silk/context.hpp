// context: a set of values of context variables, as an object.
#pragma once

#include "detail/awaitable.hpp"
#include "detail/bindings.hpp"

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace silk {

template <class T>
class context_var;

namespace detail {
struct context_access;
}

/// Values of context variables: what tasks and callbacks run in. Copies refer to the same values, and
/// a change made by one is seen by all; copy() makes values of its own.
///
/// A task runs in a copy of what its creator saw, unless it was given a context: spawn({.context = c},
/// ...). Several tasks may run in one at the same time: each access by itself is atomic.
///
/// Threads   every member may be called from any thread.
/// Lifetime  a context keeps its values; the tasks that run in it keep the context.
class context {
 public:
  /// One in which nothing is set.
  context() : bindings_(std::make_shared<detail::bindings>()) {}

  /// What is set now, apart from this one. Takes constant time.
  context copy() const { return context(std::make_shared<detail::bindings>(bindings_->now())); }

  /// The value that is set in here, else the variable's initial one.
  template <class T>
  T get(const context_var<T>& variable) const {
    return variable.value_in(bindings_.get());
  }
  template <class T>
  void set(const context_var<T>& variable, std::type_identity_t<T> value) const {
    variable.exchange_in(*bindings_, std::move(value));
  }

  /// Calls a plain function in this context, here and now, and gives what it gives. Within, set_here
  /// changes this context.
  template <class F, class... Args>
    requires detail::plain_function<F, Args...>
  decltype(auto) run(F&& function, Args&&... args) const {
    const detail::call_scope in(bindings_);
    return std::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }

  friend bool operator==(const context&, const context&) noexcept = default;

 private:
  friend detail::context_access;
  explicit context(detail::bindings_ptr of) noexcept : bindings_(std::move(of)) {}
  detail::bindings_ptr bindings_;
};

/// A context that is not kept: for a parameter or an option that is read at once. Trivially destructible,
/// so that it may be written inside a co_await expression.
class context_ref {
 public:
  context_ref() noexcept = default;
  context_ref(const context& of) noexcept : of_(&of) {}

 private:
  friend detail::context_access;
  const context* of_ = nullptr;
};

/// A copy of the context that the calling code runs in, be it a task, a callback or a thread.
context copy_context();

namespace detail {
struct context_access {
  static context make(bindings_ptr of) noexcept { return context(std::move(of)); }
  // Null: no context was given.
  static bindings_ptr share(context_ref of) noexcept {
    return of.of_ != nullptr ? of.of_->bindings_ : nullptr;
  }
};

// The one that was given, else a copy of what the calling code sees.
inline bindings_ptr context_for(context_ref given) {
  bindings_ptr shared = context_access::share(given);
  return shared != nullptr ? shared : copied_bindings();
}
}  // namespace detail

}  // namespace silk
