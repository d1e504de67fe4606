// await_access: who may look into every kind of wait (await_chain.cpp, wait_teller.cpp,
// cancel_requests.cpp).
#pragma once

#include "future_core.hpp"
#include "task_context.hpp"

#include <cstddef>
#include <vector>

namespace silk::detail {

struct await_chain;
class wait_home;

struct await_access {
  // The coroutine that a wait suspends; nullptr if it is none of those that are known.
  static promise_base* waiting(wait& w) noexcept;
  static promise_base* waiting(waiter& w) noexcept;
  static std::vector<await_chain> waiting_for(future_core& awaited);

  // Whether a cancel that finds a task in `w` goes to others, who end the wait. [who holds it]
  static bool passes_cancel_on(const wait& w) noexcept;

  // What a wait is for; null or empty if it is for something else. [who holds it]
  static bool is_sleep(const wait& w) noexcept;
  static wait_home* home(wait& w) noexcept;
  static std::vector<future_core*> futures(wait& w);  // those that are not done
};

// Keeps a context in its wait while it is looked at.
class held_wait {
 public:
  explicit held_wait(task_context& context) noexcept
      : context_(context), wait_(context.hold_wait()) {}
  ~held_wait() {
    if (wait_ != nullptr) context_.release_wait(*wait_);
  }
  held_wait(const held_wait&) = delete;
  held_wait& operator=(const held_wait&) = delete;

  wait* get() const noexcept { return wait_; }

 private:
  task_context& context_;
  wait* wait_;
};

}  // namespace silk::detail
