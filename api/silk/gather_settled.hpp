// gather_settled: many at once, and every outcome, whatever it is.
#pragma once

#include "gather.hpp"

#include <exception>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>
#include <vector>

namespace silk {

/// How one task ended: with a value, an exception, or cancelled.
template <class T>
class settled {
 public:
  /// Ended with `value`.
  explicit settled(detail::stored<T>&& value) : value_(std::move(value)) {}
  /// Ended with `error`, which is `cancelled` or not.
  settled(std::exception_ptr error, bool was_cancelled) noexcept
      : error_(std::move(error)), cancelled_(was_cancelled) {}

  /// Whether it ended with a value.
  bool has_value() const noexcept { return value_.has_value(); }
  /// Whether it ended cancelled.
  bool is_cancelled() const noexcept { return cancelled_; }
  /// The value; throws what came out instead.
  detail::stored<T>& value() & {
    if (!value_) rethrow();
    return *value_;
  }
  /// As above.
  const detail::stored<T>& value() const& {
    if (!value_) rethrow();
    return *value_;
  }
  /// As above, to be moved out.
  detail::stored<T>&& value() && {
    if (!value_) rethrow();
    return *std::move(value_);
  }
  /// The exception, `silk::cancelled` among them; null if there is a value.
  const std::exception_ptr& exception() const noexcept { return error_; }

 private:
  [[noreturn]] void rethrow() const { std::rethrow_exception(error_); }
  std::optional<detail::stored<T>> value_;
  std::exception_ptr error_;
  bool cancelled_ = false;
};

namespace detail {

template <class T>
settled<T> settle(fork_slot<T>& ended, std::exception_ptr error) {
  if (ended.held == outcome::value) return settled<T>(std::move(ended.slot.value()));
  return settled<T>(std::move(error), is_cancelled(ended.held));
}

template <class T>
settled<T> settle(future_state<T>& state) {
  if (state.state() == outcome::value) return settled<T>(take_stored(state));
  return settled<T>(state.error(), is_cancelled(state.state()));
}

template <class... Ts>
class [[nodiscard("a gather must be awaited")]] settled_pack_awaiter
    : public fork_pack_awaiter<Ts...> {
 public:
  explicit settled_pack_awaiter(task<Ts>&&... tasks)
      : fork_pack_awaiter<Ts...>(on_failure::keep_going, std::move(tasks)...) {}
  settled_pack_awaiter(std::initializer_list<bool> watches, task<Ts>&&... tasks)
      : settled_pack_awaiter(std::move(tasks)...) {
    this->mark_watchers(watches);
  }

  std::tuple<settled<Ts>...> await_resume(
      std::source_location where = std::source_location::current()) {
    const auto end = this->come_to_end();
    if (end == fork_awaiter::group_end::cancel) throw_cancelled(*this->parent->context, where);
    return [this]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<settled<Ts>...>(
          settle(this->template slot_at<I>(), this->error_of(this->template slot_at<I>()))...);
    }(std::index_sequence_for<Ts...>());
  }
};

template <class Range>
class [[nodiscard("a gather must be awaited")]] settled_range_awaiter
    : public fork_range_awaiter<Range> {
  using T = range_task_value<Range>;

 public:
  settled_range_awaiter(std::size_t count, Range&& range)
      : fork_range_awaiter<Range>(on_failure::keep_going, count, std::forward<Range>(range)) {}

  std::vector<settled<T>> await_resume(
      std::source_location where = std::source_location::current()) {
    const auto end = this->come_to_end();
    if (end == fork_awaiter::group_end::cancel) throw_cancelled(*this->parent->context, where);
    if (const auto unread = this->range_failure()) rethrow_at(unread, where);
    std::vector<settled<T>> all;
    all.reserve(this->children);
    for (std::size_t i = 0; i < this->children; ++i) {
      auto& ended = this->template slot<T>(i);
      all.push_back(settle(ended, this->error_of(ended)));
    }
    return all;
  }
};

template <class T>
class [[nodiscard("a gather must be awaited")]] settled_future_range_awaiter : public watch_group {
 public:
  explicit settled_future_range_awaiter(std::vector<core_ptr<future_state<T>>> states)
      : watch_group(cores_of(states), watch_until::all_completed, watch_cancel::cancels_them),
        states_(std::move(states)) {}

  std::vector<settled<T>> await_resume(
      std::source_location where = std::source_location::current()) {
    finish(where);
    std::vector<settled<T>> all;
    all.reserve(states_.size());
    for (const auto& state : states_) all.push_back(settle(*state));
    return all;
  }

 private:
  std::vector<core_ptr<future_state<T>>> states_;
};

template <class... Ts>
class [[nodiscard("a gather must be awaited")]] settled_futures_awaiter : public watch_group {
 public:
  explicit settled_futures_awaiter(core_ptr<future_state<Ts>>... states)
      : watch_group({states.get()...}, watch_until::all_completed, watch_cancel::cancels_them),
        states_(std::move(states)...) {}

  std::tuple<settled<Ts>...> await_resume(
      std::source_location where = std::source_location::current()) {
    finish(where);
    return std::apply([](auto&... state) { return std::tuple<settled<Ts>...>(settle(*state)...); },
                      states_);
  }

 private:
  std::tuple<core_ptr<future_state<Ts>>...> states_;
};

}  // namespace detail

/// As gather, but keeps every outcome and cancels nobody. What asyncio calls
/// gather(return_exceptions=True).
///
/// Finishes  when every child has ended: std::tuple of settled<T>, or std::vector for a range.
/// Fails     never because of a child.
/// Cancelled cancels all children, waits for them, then throws `silk::cancelled`.
template <class... Ts>
detail::settled_pack_awaiter<Ts...> gather_settled(task<Ts>... children) {
  return detail::settled_pack_awaiter<Ts...>(std::move(children)...);
}
/// As above for a range of tasks that it may take.
template <detail::task_range Range>
auto gather_settled(Range&& range) {
  static_assert(detail::gives_up_its_tasks<Range>,
                "gather_settled owns the tasks it runs: write gather_settled(std::move(tasks))");
  return detail::with_count(
      std::forward<Range>(range), []<class All>(std::size_t count, All&& all) {
        return detail::settled_range_awaiter<All>(count, std::forward<All>(all));
      });
}
/// As above for tasks and futures that already live on their own.
template <detail::any_future... Futures>
  requires(sizeof...(Futures) > 0)
auto gather_settled(Futures... futures) {
  return detail::settled_futures_awaiter<detail::future_value<Futures>...>(
      detail::future_access::share<detail::future_value<Futures>>(futures)...);
}
/// As above for a range of handles or futures.
template <std::ranges::input_range Range>
  requires detail::any_future<std::ranges::range_value_t<Range>>
auto gather_settled(Range&& range) {
  using T = detail::future_value<std::ranges::range_value_t<Range>>;
  std::vector<detail::core_ptr<detail::future_state<T>>> states;
  for (auto&& one : range) states.push_back(detail::future_access::share<T>(one));
  return detail::settled_future_range_awaiter<T>(std::move(states));
}

/// Tasks and handles mixed: the tasks are owned, the handles are watched.
template <class... Mixed>
  requires((detail::any_task<Mixed> || detail::any_future<Mixed>) && ...) &&
          (detail::any_task<Mixed> || ...) && (detail::any_future<Mixed> || ...)
auto gather_settled(Mixed... children) {
  return detail::fork_mixed<detail::settled_pack_awaiter>(std::move(children)...);
}

/// As above with whatever else can be awaited among them, or alone, as in gather.
template <class... Mixed>
  requires detail::mixed_with_others<Mixed...>
auto gather_settled(Mixed&&... children) {
  return detail::fork_mixed<detail::settled_pack_awaiter>(std::forward<Mixed>(children)...);
}

template <class... Others>
  requires((detail::not_gathered<Others> || ...) && !detail::mixed_with_others<Others...>)
void gather_settled(Others&&...) = delete;  // it takes what gather takes

}  // namespace silk
