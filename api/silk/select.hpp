// select: the first of several different things.
#pragma once

#include "detail/fork_awaiter.hpp"
#include "detail/select_branch.hpp"
#include "detail/select_race.hpp"

#include <cstddef>
#include <exception>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace silk {

namespace detail {

template <class What>
concept is_owned_branch = any_task<What> || turn_traits<std::remove_cvref_t<What>>::is_turn;

template <class What>
using branch_of = select_branch<
    std::conditional_t<is_owned_branch<What> || any_future<What>, std::remove_cvref_t<What>, What>>;

// A base, so that the branches outlive the children.
template <class... What>
struct select_branches {
  explicit select_branches(What&&... awaited) : branches(std::forward<What>(awaited)...) {}
  std::tuple<branch_of<What>...> branches;
};

template <class... What>
using select_fork = fork_pack_awaiter<typename branch_of<What>::child_value...>;

template <class... What>
class [[nodiscard("a select must be awaited")]] select_awaiter final
    : private select_branches<What...>,
      private select_race,
      public select_fork<What...> {
 public:
  using result_type = std::variant<stored<typename branch_of<What>::value>...>;

  explicit select_awaiter(What&&... awaited)
      : select_awaiter(std::index_sequence_for<What...>(), std::forward<What>(awaited)...) {}

  result_type await_resume(std::source_location where = std::source_location::current()) {
    const bool from_above = this->leave();
    const bool goes_on = settle(std::index_sequence_for<What...>(), from_above);
    if (from_above) {
      if (!goes_on) throw_cancelled(*this->parent->context, where);
      this->parent->context->give_back_pending();
    }
    return take_won<0>();
  }

 private:
  template <std::size_t... I>
  select_awaiter(std::index_sequence<I...>, What&&... awaited)
      : select_branches<What...>(std::forward<What>(awaited)...),
        select_fork<What...>(on_failure::keep_going, std::get<I>(this->branches).child()...) {
    this->accompany(*this, 0);
  }

  // What has not won, or if the whole was cancelled has won in vain, is undone. True: that was too late
  // for what has won.
  template <std::size_t... I>
  bool settle(std::index_sequence<I...>, bool from_above) {
    bool too_late = false;
    ((too_late = settle_one<I>(from_above) || too_late), ...);
    return too_late;
  }
  template <std::size_t I>
  bool settle_one(bool from_above) {
    auto& ended = this->template slot_at<I>();
    const bool won = this->is_won_by(ended);
    if (won && !from_above) return false;
    if (ended.held == outcome::error) report_lost(ended.slot.error());
    return ended.held == outcome::value && !std::get<I>(this->branches).undo() && won;
  }

  template <std::size_t I>
  result_type take_won() {
    auto& ended = this->template slot_at<I>();
    if constexpr (I + 1 < sizeof...(What)) {
      if (!this->is_won_by(ended)) return take_won<I + 1>();
    }
    if (const std::exception_ptr error = this->error_of(ended)) std::rethrow_exception(error);
    return result_type(std::in_place_index<I>, std::get<I>(this->branches).take(ended));
  }
};

template <class What>
constexpr bool can_be_selected() {
  static_assert(
      !is_owned_branch<What> || !std::is_lvalue_reference_v<What>,
      "select owns the tasks and operations that it is given: write select(std::move(t))");
  static_assert(
      any_task<What> || any_future<What> || awaitable<What&&>,
      "select waits for what can be awaited: tasks, futures, handles, queue.get(), sleep()");
  return true;
}

}  // namespace detail

/// Waits for the first of several different things, and stops the others:
///
///   const auto first = co_await silk::select(queue.get(), stop_requested, silk::sleep(1s));
///   if (first.index() == 0) use(std::get<0>(first));
///
/// Tasks, and whatever else can be awaited, are owned; futures and handles are watched.
///
/// Starts    in order, the first one at once on this worker. One that ends without having to wait wins
///           against all that come after it; these are not started, unless another worker has.
/// Finishes  when one has ended and all that are owned have been stopped and have ended too, never
///           earlier. Gives a std::variant with a place for each (std::monostate where it is void).
/// Fails     with what the first one threw, if it failed or ended cancelled. What another one throws when
///           it is stopped goes to the failure handler.
/// Cancelled cancels all that are owned, waits for them, then throws `silk::cancelled`, whatever came
///           out. Futures and handles live on, here as when they come too late.
/// Threads   in tasks only. Costs a fork for each: no handle, no reference count.
/// Lifetime  await it in the expression that makes it: it refers to what it is given.
///
/// Nothing is taken that is not given: an item, lock or permit for which two were waiting when one of
/// them won goes back, and so does the winner's if the select is cancelled. A future keeps its outcome. A
/// put whose item somebody has taken by then has happened, though; if that is the winner's, a cancel is
/// thrown at the next await. The value of a task that was stopped too late is destroyed: hand over a
/// handle instead of a task whose value must not be lost.
template <class... What>
  requires(sizeof...(What) > 0)
auto select(What&&... awaited) {
  static_assert((detail::can_be_selected<What>() && ...));
  return detail::select_awaiter<What...>(std::forward<What>(awaited)...);
}

}  // namespace silk
