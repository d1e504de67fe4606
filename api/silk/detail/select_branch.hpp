// What select makes of each thing that it waits for: a child of its fork, and what to do with what the
// child leaves when it has won, and when it has not.
//
//   take(slot)   the child ended with a value and has won: gives the value of the branch, or throws
//   undo()       it ended with a value, and nobody gets that. False: it cannot be undone
//
// Branches live in the awaiter, and what they refer to in the expression that awaits it.
#pragma once

#include "../future.hpp"
#include "../task.hpp"
#include "awaitable.hpp"
#include "fork_awaiter.hpp"
#include "observe_wait.hpp"
#include "wait_list.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <type_traits>
#include <utility>

namespace silk::detail {

template <class T>
struct turn_traits {
  static constexpr bool is_turn = false;
};
template <class Verb>
struct turn_traits<turn_operation<Verb>> {
  static constexpr bool is_turn = true;
  using verb = Verb;
};

// A task: owned.
template <class What>
class select_branch {
  static_assert(any_task<What>);

 public:
  using child_value = task_value<What>;
  using value = child_value;

  explicit select_branch(What&& body) noexcept : body_(std::move(body)) {}
  task<value> child() { return std::move(body_); }
  stored<value> take(fork_slot<value>& ended) { return std::move(ended.slot.value()); }
  bool undo() noexcept { return true; }

 private:
  task<value> body_;
};

// Waits until a future is done, and looks no further.
class done_awaiter : public observe_wait {
 public:
  explicit done_awaiter(future_core& core) noexcept : observe_wait(core, let_go::when_cancelled) {}
  void await_resume(std::source_location where = std::source_location::current()) { check(where); }
};

// A future or handle: watched. The outcome stays where it is unless it has won.
template <class What>
  requires any_future<What>
class select_branch<What> {
 public:
  using child_value = void;
  using value = future_value<What>;

  explicit select_branch(const future<value>& watched) : state_(future_access::share(watched)) {}
  explicit select_branch(future<value>&& watched)
      : select_branch(static_cast<const future<value>&>(future<value>(std::move(watched)))) {}
  task<> child() { return watch(*state_); }
  stored<value> take(fork_slot<void>&) {
    state_->get();
    if constexpr (std::is_void_v<value>) {
      return {};
    } else {
      return take_value(*state_);
    }
  }
  bool undo() noexcept { return true; }

 private:
  static task<> watch(future_core& watched) { co_await done_awaiter(watched); }

  core_ptr<future_state<value>> state_;
};

// A turn at a lock, a queue and the like. The child ends with the turn granted and not yet used, so that
// it can still be passed on.
template <class What>
  requires turn_traits<What>::is_turn
class select_branch<What> {
  using awaiter = typename What::awaiter;

 public:
  using child_value = void;
  using value = awaited_value<What>;

  explicit select_branch(What&& operation) : awaiter_(std::move(operation).operator co_await()) {}
  task<> child() { return wait(awaiter_); }
  stored<value> take(fork_slot<void>&) {
    if constexpr (std::is_void_v<value>) {
      awaiter_.use_turn();
      return {};
    } else {
      return awaiter_.use_turn();
    }
  }
  bool undo() { return awaiter_.undo_turn(); }

 private:
  static task<> wait(awaiter& turn) { co_await typename What::turn_awaiter(turn); }

  awaiter awaiter_;
};

// Anything else.
template <class What>
  requires(!any_task<What> && !any_future<What> && !turn_traits<What>::is_turn)
class select_branch<What> {
 public:
  using value = awaited_value<What>;
  using child_value = value;

  explicit select_branch(What&& awaited) noexcept : awaited_(awaited) {}
  task<value> child() { return child_that_awaits<What>(awaited_); }
  stored<value> take(fork_slot<value>& ended) { return std::move(ended.slot.value()); }
  bool undo() noexcept { return true; }

 private:
  What& awaited_;
};

}  // namespace silk::detail
