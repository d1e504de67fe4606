// gather: many at once, all results together.
#pragma once

#include "detail/fork_awaiter.hpp"
#include "detail/observe_wait.hpp"
#include "detail/watch_group.hpp"
#include "future.hpp"
#include "task.hpp"

#include <exception>
#include <initializer_list>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace silk {

namespace detail {

template <class... Ts>
class [[nodiscard("a gather must be awaited")]] gather_pack_awaiter
    : public fork_pack_awaiter<Ts...> {
 public:
  explicit gather_pack_awaiter(task<Ts>&&... tasks)
      : fork_pack_awaiter<Ts...>(on_failure::cancel_siblings, std::move(tasks)...) {}
  gather_pack_awaiter(std::initializer_list<bool> watches, task<Ts>&&... tasks)
      : gather_pack_awaiter(std::move(tasks)...) {
    this->mark_watchers(watches);
  }

  auto await_resume(std::source_location where = std::source_location::current()) {
    const auto end = this->come_to_end();
    if (end != fork_awaiter::group_end::values) [[unlikely]]
      this->throw_end(end, where);
    if constexpr (!(std::is_void_v<Ts> && ...)) {
      return [this]<std::size_t... I>(std::index_sequence<I...>) {
        return std::tuple<stored<Ts>...>(std::move(this->template slot_at<I>().slot.value())...);
      }(std::index_sequence_for<Ts...>());
    }
  }
};

template <class Range>
class [[nodiscard("a gather must be awaited")]] gather_range_awaiter
    : public fork_range_awaiter<Range> {
  using T = range_task_value<Range>;

 public:
  gather_range_awaiter(std::size_t count, Range&& range)
      : fork_range_awaiter<Range>(on_failure::cancel_siblings, count, std::forward<Range>(range)) {}

  auto await_resume(std::source_location where = std::source_location::current()) {
    const auto end = this->come_to_end();
    if (end != fork_awaiter::group_end::values) [[unlikely]]
      this->throw_end(end, where);
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(this->children);
      for (std::size_t i = 0; i < this->children; ++i) {
        values.push_back(std::move(this->template slot<T>(i).slot.value()));
      }
      return values;
    }
  }
};

template <class T>
stored<T> take_stored(future_state<T>& state) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return take_value(state);
  }
}

// The first failure among futures that are done, if there is one.
void rethrow_failure(std::span<future_core* const> futures, std::source_location where);

template <class T>
std::vector<future_core*> cores_of(const std::vector<core_ptr<future_state<T>>>& states) {
  std::vector<future_core*> cores;
  cores.reserve(states.size());
  for (const auto& state : states) cores.push_back(state.get());
  return cores;
}

// Futures and handles live on their own: they are watched.
template <class... Ts>
class [[nodiscard("a gather must be awaited")]] gather_futures_awaiter : public watch_group {
 public:
  explicit gather_futures_awaiter(core_ptr<future_state<Ts>>... states)
      : watch_group({states.get()...}, watch_until::first_failure, watch_cancel::cancels_them),
        states_(std::move(states)...) {}

  auto await_resume(std::source_location where = std::source_location::current()) {
    finish(where);
    rethrow_failure(futures(), where);
    if constexpr (!(std::is_void_v<Ts> && ...)) {
      return std::apply(
          [](auto&... state) { return std::tuple<stored<Ts>...>(take_stored(*state)...); },
          states_);
    }
  }

 private:
  std::tuple<core_ptr<future_state<Ts>>...> states_;
};

template <class T>
class [[nodiscard("a gather must be awaited")]] gather_future_range_awaiter : public watch_group {
 public:
  explicit gather_future_range_awaiter(std::vector<core_ptr<future_state<T>>> states)
      : watch_group(cores_of(states), watch_until::first_failure, watch_cancel::cancels_them),
        states_(std::move(states)) {}

  auto await_resume(std::source_location where = std::source_location::current()) {
    finish(where);
    rethrow_failure(futures(), where);
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(states_.size());
      for (const auto& state : states_) values.push_back(take_stored(*state));
      return values;
    }
  }

 private:
  std::vector<core_ptr<future_state<T>>> states_;
};

// A handle among tasks: awaited by a small task. When a sibling fails that task gives up, and the
// handle's task lives on; when the whole gather is cancelled the cancel is passed on.
template <class T>
task<T> watch(future<T> watched) {
  co_return co_await observe_awaiter<T>(future_access::share(std::as_const(watched)),
                                        let_go::when_a_sibling_failed);
}

template <class T>
concept range_of_gathered = std::ranges::range<T> && (any_task<std::ranges::range_value_t<T>> ||
                                                      any_future<std::ranges::range_value_t<T>>);
template <class T>
concept not_gathered = !any_task<T> && !any_future<T> && !range_of_gathered<T>;
// Anything else that can be awaited, such as sleep(): awaited by a small task.
template <class T>
concept other_awaitable = not_gathered<T> && awaitable<T&&>;
template <class... Ts>
concept mixed_with_others = (other_awaitable<Ts> || ...) &&
                            ((any_task<Ts> || any_future<Ts> || other_awaitable<Ts>) && ...);

template <class T>
task<T> as_child(task<T> child) {
  return child;
}
template <any_future F>
task<future_value<F>> as_child(F watched) {
  return watch<future_value<F>>(std::move(watched));
}
template <other_awaitable Other>
task<awaited_value<Other>> as_child(Other&& awaited) {
  return child_that_awaits<Other>(awaited);
}

template <template <class...> class Awaiter, class... Mixed>
auto fork_mixed(Mixed&&... children) {
  return Awaiter<task_value<decltype(as_child(std::forward<Mixed>(children)))>...>(
      {any_future<std::remove_cvref_t<Mixed>>...}, as_child(std::forward<Mixed>(children))...);
}

}  // namespace detail

/// Runs lazy tasks at the same time and gives all their results, in the order of the arguments.
///
/// Starts    in order, the first one at once on this worker; other workers take later ones.
/// Finishes  when every child has ended, never earlier: children may use the caller's locals. Gives
///           std::tuple of the values (std::monostate for a void child), void when all are void.
/// Fails     with the first failure in time: the others are cancelled and waited for, then it is
///           rethrown. Later failures are dropped. A child that ends cancelled counts as a failure.
/// Cancelled cancels all children, waits for them, then throws `silk::cancelled`, whatever came out.
/// Threads   in tasks only. Costs a fork for each child: no handle, no reference count.
/// Lifetime  owns the tasks. Await it in the expression that makes it.
template <class... Ts>
detail::gather_pack_awaiter<Ts...> gather(task<Ts>... children) {
  return detail::gather_pack_awaiter<Ts...>(std::move(children)...);
}

/// As above for a range of tasks: an rvalue container, or a view that makes a fresh task for each
/// element. Gives std::vector of the values, void for task<void>.
///
/// A view whose length is known is read as its tasks are started, in order, by one thread at a time, no
/// more than 4096 ahead. If reading it throws, so does gather, with the tasks that were made cancelled.
/// Should the gather end early, the rest of the view is not read.
///
/// Lifetime  refers to an lvalue; keeps a view that is an rvalue.
template <detail::task_range Range>
auto gather(Range&& range) {
  static_assert(detail::gives_up_its_tasks<Range>,
                "gather owns the tasks it runs: write gather(std::move(tasks))");
  return detail::with_count(
      std::forward<Range>(range), []<class All>(std::size_t count, All&& all) {
        return detail::gather_range_awaiter<All>(count, std::forward<All>(all));
      });
}

/// Waits for tasks and futures that already live on their own, and gives all their results.
///
/// Finishes  when all are done.
/// Fails     at once with the first failure; the others run on.
/// Cancelled cancels all of them; throws `silk::cancelled` when the first one has failed or ended
///           cancelled, else when all are done.
template <detail::any_future... Futures>
  requires(sizeof...(Futures) > 0)
auto gather(Futures... futures) {
  return detail::gather_futures_awaiter<detail::future_value<Futures>...>(
      detail::future_access::share<detail::future_value<Futures>>(futures)...);
}

/// As above for a range of handles or futures.
template <std::ranges::input_range Range>
  requires detail::any_future<std::ranges::range_value_t<Range>>
auto gather(Range&& range) {
  using T = detail::future_value<std::ranges::range_value_t<Range>>;
  std::vector<detail::core_ptr<detail::future_state<T>>> states;
  for (auto&& one : range) states.push_back(detail::future_access::share<T>(one));
  return detail::gather_future_range_awaiter<T>(std::move(states));
}

/// Tasks and handles mixed: the tasks are owned, the handles are watched.
template <class... Mixed>
  requires((detail::any_task<Mixed> || detail::any_future<Mixed>) && ...) &&
          (detail::any_task<Mixed> || ...) && (detail::any_future<Mixed> || ...)
auto gather(Mixed... children) {
  return detail::fork_mixed<detail::gather_pack_awaiter>(std::move(children)...);
}

/// As above with whatever else can be awaited among them, or alone: `sleep()`, `with_timeout()`,
/// `queue.get()`. It is owned, as a task is.
///
/// Lifetime  refers to what is neither task nor handle: await it in the expression that makes it.
template <class... Mixed>
  requires detail::mixed_with_others<Mixed...>
auto gather(Mixed&&... children) {
  return detail::fork_mixed<detail::gather_pack_awaiter>(std::forward<Mixed>(children)...);
}

template <class... Others>
  requires((detail::not_gathered<Others> || ...) && !detail::mixed_with_others<Others...>)
void gather(Others&&...) = delete;  // it takes awaitables, or one range of tasks or handles

}  // namespace silk
