// as_completed: the outcomes of many, one after the other, as they come.
#pragma once

#include "detail/completion_core.hpp"
#include "detail/fork_awaiter.hpp"
#include "detail/unique_handles.hpp"
#include "ensure_future.hpp"
#include "future.hpp"
#include "time.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace silk {

/// Options of as_completed(). Trivially destructible, so that it may be written inside a co_await
/// expression.
struct as_completed_options {
  duration timeout =
      duration::max();  ///< at most this long, from the call on; max() means for ever
};

template <class Handle>
class completions;

namespace detail {

struct completion_access;

template <class Handle>
struct completion_state final : completion_core {
  completion_state(runtime_core& runtime, std::vector<Handle> given)
      : completion_core(runtime, cores_of_handles(given)), handles(std::move(given)) {}

  std::vector<Handle> handles;  // each is moved out by who is given its index
};

template <class Handle>
class next_completion_verb : public completion_verb {
 public:
  explicit next_completion_verb(completion_state<Handle>& state) noexcept
      : completion_verb(state, completion_claim(state)), state_(&state) {}
  std::optional<Handle> result() {
    if (!this->has_claim()) return std::nullopt;
    return std::move(state_->handles[this->use_claim()]);
  }

 private:
  completion_state<Handle>* state_;
};

template <class Handle>
class completion_slot_verb : public completion_verb {
  using value = typename Handle::value_type;

 public:
  completion_slot_verb(completion_state<Handle>& state, completion_claim& claim) noexcept
      : completion_verb(state, &claim), state_(&state) {}
  value result() {
    if (!this->has_claim()) throw usage_error("as_completed: this slot was awaited before");
    const core_ptr<future_state<value>> done = take(state_->handles[this->use_claim()]);
    done->get();
    if constexpr (!std::is_void_v<value>) return take_value(*done);
  }

 private:
  static core_ptr<future_state<value>> take(Handle& from) {
    const future<value> taken = std::move(from);
    return future_access::share(taken);
  }
  completion_state<Handle>* state_;
};

}  // namespace detail

/// A place for one outcome, given out by iterating over completions before it is known whose it will be.
///
/// `co_await slot` gives the value, moved out if nobody else refers to it, else copied; it rethrows
/// failures. Slots are filled in the order in which they are awaited. Each can be awaited once; a slot
/// whose await was cancelled can be awaited again.
///
/// Fails     timeout_error when the time is up.
/// Cancelled at once; nothing is lost: the outcome goes to the next slot or next().
/// Threads   to be awaited in tasks of the runtime in which as_completed was called.
/// Lifetime  move-only, but not while it is awaited; independent of what it came from. One that was not
///           awaited is given out again.
template <class Handle>
class completion_slot {
 public:
  /// The type of the result, or void.
  using value_type = typename Handle::value_type;

  completion_slot(completion_slot&&) noexcept = default;
  completion_slot& operator=(completion_slot&& other) noexcept {
    completion_slot gone(std::move(other));
    std::swap(state_, gone.state_);
    std::swap(claim_, gone.claim_);
    return *this;
  }

  /// Waits for the next outcome.
  auto operator co_await() {
    if (state_ == nullptr) throw usage_error("as_completed: this slot was moved from");
    using verb = detail::completion_slot_verb<Handle>;
    return detail::turn_operation<verb>(verb(*state_, claim_)).operator co_await();
  }

 private:
  friend completions<Handle>;
  explicit completion_slot(std::shared_ptr<detail::completion_state<Handle>> state) noexcept
      : state_(std::move(state)), claim_(*state_) {}
  bool is_over() const noexcept { return state_ == nullptr || !claim_; }

  std::shared_ptr<detail::completion_state<Handle>> state_;
  detail::completion_claim claim_;
};

/// What as_completed gives. May be used in either way, or in both, in turns, by any number of tasks:
///
///   for (;;) {                                 for (auto slot : completed) {
///     auto done = co_await completed.next();     use(co_await std::move(slot));
///     if (!done) break;                        }
///     use(done->result());
///   }
///
/// Iterating anew goes on where the last time ended.
///
/// Threads   in tasks of the runtime in which as_completed was called.
/// Lifetime  move-only. When it and all its slots are gone nothing waits any more; the tasks run on.
template <class Handle>
class [[nodiscard("as_completed gives what is to be iterated over")]] completions {
 public:
  /// A join_handle<T>, or future<T> if not all are handles.
  using handle_type = Handle;
  class iterator;

  /// The next one that is done: the very handle that was given to as_completed, or that of the task that
  /// it spawned. Empty when all have been given out.
  ///
  /// Finishes  at once, without suspending, if one is done or none is left.
  /// Fails     timeout_error when the time is up, once for each that was not done by then.
  /// Cancelled at once; nothing is lost, and the tasks run on.
  auto next() {
    using verb = detail::next_completion_verb<Handle>;
    return detail::turn_operation<verb>(verb(state()));
  }

  /// One slot for each that has not been given out.
  iterator begin() { return iterator(checked()); }
  /// There is no slot left.
  std::default_sentinel_t end() const noexcept { return {}; }

  /// How many have not been given out, as a handle or as a slot.
  std::size_t remaining() const noexcept { return state_ != nullptr ? state_->unclaimed() : 0; }

 private:
  using state_type = detail::completion_state<Handle>;
  friend detail::completion_access;
  explicit completions(std::shared_ptr<state_type> state) noexcept : state_(std::move(state)) {}

  const std::shared_ptr<state_type>& checked() const {
    if (state_ == nullptr) throw usage_error("as_completed: this was moved from");
    return state_;
  }
  state_type& state() const { return *checked(); }

  std::shared_ptr<state_type> state_;
};

/// An input iterator over slots. Holds one, which goes back when it was not taken.
template <class Handle>
class completions<Handle>::iterator {
 public:
  /// What it holds.
  using value_type = completion_slot<Handle>;
  /// Nobody counts.
  using difference_type = std::ptrdiff_t;

  /// Hands out the slot. Once.
  value_type&& operator*() const noexcept { return std::move(slot_); }
  /// Takes the next slot.
  iterator& operator++() {
    slot_ = value_type(state_);
    return *this;
  }
  /// The same.
  void operator++(int) { ++*this; }
  /// There was no slot left.
  bool operator==(std::default_sentinel_t) const noexcept { return slot_.is_over(); }

 private:
  friend completions;
  explicit iterator(std::shared_ptr<detail::completion_state<Handle>> state)
      : state_(std::move(state)), slot_(state_) {}

  std::shared_ptr<detail::completion_state<Handle>> state_;
  mutable value_type slot_;
};

namespace detail {

struct completion_access {
  template <class Handle>
  static completions<Handle> make(runtime_core& runtime, std::vector<Handle> handles,
                                  as_completed_options options) {
    using state = completion_state<Handle>;
    const auto owner = std::make_shared<state>(runtime, without_duplicates(std::move(handles)));
    std::shared_ptr<state> consumers(owner.get(), [owner](state* left) { left->abandon(); });
    owner->start(runtime, options.timeout, owner);
    return completions<Handle>(std::move(consumers));
  }
};

// What all of the parts are: handles of one kind, or else futures.
template <class First, class... Rest>
struct common_handle {
  static_assert((std::is_same_v<typename First::value_type, typename Rest::value_type> && ...),
                "as_completed gives one outcome after the other, so all must be of one type; "
                "for different types use wait() or select()");
  using type = std::conditional_t<(std::is_same_v<First, Rest> && ...), First,
                                  future<typename First::value_type>>;
};
template <class Part>
using ensured = decltype(ensure_future(std::declval<Part>()));

template <class Part>
concept can_be_ensured = any_future<Part> || makes_a_task<Part>;

}  // namespace detail

/// Gives the outcomes of `handles` in the order in which they come. A handle that is listed twice counts
/// once.
///
/// Fails     usage_error when the caller is not a task or callback.
/// Threads   tasks and callbacks only. Cancels nobody. Costs an allocation for all handles together, and
///           a timer if there is a timeout, which is taken back when the last one is done.
/// Lifetime  keeps the handles until they are given out.
template <std::ranges::input_range Range>
  requires detail::any_future<std::ranges::range_value_t<Range>>
auto as_completed(Range&& handles, as_completed_options options = {}) {
  using Handle = std::ranges::range_value_t<Range>;
  detail::runtime_core& runtime = detail::required_runtime("as_completed");
  std::vector<Handle> all;
  if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(handles));
  for (auto&& one : handles) all.push_back(std::forward<decltype(one)>(one));
  return detail::completion_access::make(runtime, std::move(all), options);
}

/// As above for a range of tasks, which are spawned: an rvalue container, or a view that makes a fresh
/// task for each element.
template <detail::task_range Range>
auto as_completed(Range&& tasks, as_completed_options options = {},
                  std::source_location where = std::source_location::current()) {
  static_assert(detail::gives_up_its_tasks<Range>,
                "as_completed spawns the tasks: write as_completed(std::move(tasks))");
  detail::runtime_core& runtime = detail::required_runtime("as_completed");
  std::vector<join_handle<detail::range_task_value<Range>>> all;
  if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(tasks));
  for (auto&& one : tasks) all.push_back(spawn(std::move(one), where));
  return detail::completion_access::make(runtime, std::move(all), options);
}

/// As above for futures, handles, and what ensure_future would spawn, all with values of one type. Unless
/// all are handles, next() gives a future.
template <class... Parts>
  requires(sizeof...(Parts) > 0) && (detail::can_be_ensured<Parts> && ...)
auto as_completed(as_completed_options options, Parts&&... parts) {
  using Handle = typename detail::common_handle<detail::ensured<Parts>...>::type;
  detail::runtime_core& runtime = detail::required_runtime("as_completed");
  std::vector<Handle> all;
  all.reserve(sizeof...(Parts));
  (all.push_back(ensure_future(std::forward<Parts>(parts))), ...);
  return detail::completion_access::make(runtime, std::move(all), options);
}
/// The same, without a timeout.
template <class... Parts>
  requires(sizeof...(Parts) > 0) && (detail::can_be_ensured<Parts> && ...)
auto as_completed(Parts&&... parts) {
  return as_completed(as_completed_options(), std::forward<Parts>(parts)...);
}

}  // namespace silk
