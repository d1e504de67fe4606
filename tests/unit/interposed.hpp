// Something that happens while a task is on its way into a wait, and while it is on its way out again
// because it need not wait: interleavings that are hard to meet by chance.
#pragma once

#include <silk/silk.hpp>

#include <coroutine>
#include <functional>
#include <utility>

namespace silk_tests {

// `co_await interposed(q.get(), before, after)`: awaits q.get(), and calls `before` when that has found
// nothing and is about to line up, `after` when it has decided whether to wait. One worker only: the task
// must not go on meanwhile.
template <class Operation>
class interposed : public silk::detail::native_awaiter {
 public:
  using awaiter = typename Operation::awaiter;
  interposed(Operation awaited, std::function<void()> before, std::function<void()> after)
      : inner_(std::move(awaited).operator co_await()),
        before_(std::move(before)),
        after_(std::move(after)) {}

  bool await_ready() { return inner_.await_ready(); }
  template <std::derived_from<silk::detail::promise_base> Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) {
    if (before_) before_();
    const bool waits = inner_.await_suspend(waiting);
    if (after_) after_();
    return waits;
  }
  decltype(auto) await_resume() { return inner_.await_resume(); }

 private:
  awaiter inner_;
  std::function<void()> before_, after_;
};

}  // namespace silk_tests
