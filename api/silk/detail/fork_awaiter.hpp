// The awaiters behind gather and gather_settled when they own lazy tasks: slots in the parent's frame
// (a fixed number of children) or in one allocation (a range of them).
#pragma once

#include "../task.hpp"
#include "awaitable.hpp"
#include "fork_feeder.hpp"
#include "fork_group.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <source_location>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace silk::detail {

class fork_awaiter : public native_awaiter, protected fork_group {
 public:
  bool await_ready() const noexcept { return children == 0; }

  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    return start(waiting.promise());
  }

 protected:
  fork_awaiter(std::byte* first_slot, std::size_t slot_size, std::uint32_t members,
               on_failure failure_policy) noexcept
      : fork_group(first_slot, slot_size, members, failure_policy) {}

  template <class T>
  void fill(std::byte* place, task<T>&& child) {
    promise_base& coroutine = task_access::release(std::move(child));
    bind(*::new (place) fork_slot<T>, coroutine);
  }

  void mark_watchers(std::initializer_list<bool> watches) noexcept {
    std::size_t i = 0;
    for (const bool is_one : watches) {
      if (is_one) child(i).role = fork_role::watcher;
      ++i;
    }
  }

  template <class T>
  fork_slot<T>& slot(std::size_t i) noexcept {
    return static_cast<fork_slot<T>&>(child(i));
  }
  template <class T>
  void destroy_slot(std::size_t i) noexcept {
    if (is(unstarted)) child(i).coroutine->handle().destroy();
    std::destroy_at(&slot<T>(i));
  }

  // What the group as a whole came to. Once. [task]
  enum class group_end : std::uint8_t { values, failure, cancel };
  group_end come_to_end() noexcept {
    if (is_ordinary() && !parent->context->may_be_cancelled()) [[likely]]
      return group_end::values;
    return come_to_other_end();
  }
  [[gnu::noinline]] group_end come_to_other_end() noexcept {
    if (is(unstarted)) return group_end::values;  // there was nothing to wait for
    if (leave()) return group_end::cancel;
    return is(failed) ? group_end::failure : group_end::values;  // relaxed: after the join
  }

  template <class T>
  static std::exception_ptr error_of(fork_slot<T>& ended) {
    if (ended.held == outcome::value) return nullptr;
    if (ended.held == outcome::skipped) return std::make_exception_ptr(cancelled(ended.reason()));
    return ended.slot.error();
  }
};

template <class... Ts>
class fork_pack_awaiter : public fork_awaiter {
 public:
  [[gnu::always_inline]] fork_pack_awaiter(on_failure failure_policy, task<Ts>&&... tasks)
      : fork_awaiter(storage_, slot_stride, sizeof...(Ts), failure_policy) {
    (task_access::check(tasks), ...);  // before any is taken, so that nothing is left behind
    [[maybe_unused]] std::byte* place = storage_;
    (fill(std::exchange(place, place + slot_stride), std::move(tasks)), ...);
  }
  ~fork_pack_awaiter() {
    if (is_ordinary()) [[likely]] {
      [[maybe_unused]] std::size_t i = 0;
      (slot<Ts>(i++).slot.destroy(outcome::value), ...);
    } else {
      engine::rarely<&fork_pack_awaiter::destroy_slots>(this);
    }
  }

  using native_awaiter::await_suspend;
  template <std::derived_from<promise_base> Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    engine::worker* const worker = begin(waiting.promise());
    if (worker == nullptr) [[unlikely]]
      return start_through_the_loop();
    if constexpr (sizeof...(Ts) == 0)
      return waiting;  // never comes here: it is ready
    else
      return start_here(*worker, std::make_index_sequence<sizeof...(Ts) - 1>());
  }

 protected:
  template <std::size_t I>
  auto& slot_at() noexcept {
    using slot_type = fork_slot<std::tuple_element_t<I, std::tuple<Ts...>>>;
    return *std::launder(reinterpret_cast<slot_type*>(storage_ + I * slot_stride));
  }
  // Apart from the good end, which has no use for `where` then.
  [[noreturn, gnu::cold, gnu::noinline]] void throw_end(fork_awaiter::group_end end,
                                                        std::source_location where) {
    if (end == fork_awaiter::group_end::cancel) throw_cancelled(*this->parent->context, where);
    [[maybe_unused]] std::size_t i = 0;
    ((&child(i) == first_failure ? rethrow_at(error_of(slot<Ts>(i)), where) : void(++i)), ...);
    SILK_ASSERT(false, "gather: a failure without a child that failed; report this");
  }

 private:
  template <std::size_t... I>
  std::coroutine_handle<> start_here(engine::worker& worker, std::index_sequence<I...>) noexcept {
    // The last one first.
    (worker.forks().push(to_be_pushed(slot_at<sizeof...(I) - I>())), ...);
    if constexpr (sizeof...(I) > 0) worker.notify_forked();
    return slot_at<0>().coroutine->handle();
  }
  void destroy_slots() noexcept {
    [[maybe_unused]] std::size_t i = 0;
    (this->template destroy_slot<Ts>(i++), ...);
    this->drop_reason();
  }
  static constexpr std::size_t slot_alignment =
      std::max({alignof(fork_base), alignof(fork_slot<Ts>)...});
  static constexpr std::size_t slot_stride =
      (std::max({sizeof(fork_base), sizeof(fork_slot<Ts>)...}) + slot_alignment - 1) /
      slot_alignment * slot_alignment;
  static constexpr std::size_t room = std::max<std::size_t>(sizeof...(Ts), 1);  // no empty array
  alignas(slot_alignment) std::byte storage_[room * slot_stride];
};

// A base, so that the slots outlive the fork_awaiter.
template <class T>
struct fork_storage {
  explicit fork_storage(std::size_t count)
      : size(checked(count) * sizeof(fork_slot<T>)),
        bytes(static_cast<std::byte*>(engine::allocate_array(size))) {}
  ~fork_storage() { engine::deallocate_array(bytes, size); }
  fork_storage(const fork_storage&) = delete;
  fork_storage& operator=(const fork_storage&) = delete;
  static std::size_t checked(std::size_t count) {
    if (count > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("gather: more than 4294967295 children");
    }
    return count;
  }
  std::size_t size;
  std::byte* bytes;
};

// A range whose elements are lazy tasks that gather may take: an rvalue container, or a view that
// makes a fresh task for each element. A view of tasks that live elsewhere is not one, rvalue or not.
template <class R>
concept task_range = std::ranges::input_range<R> && any_task<std::ranges::range_value_t<R>>;
template <class R>
inline constexpr bool gives_up_its_tasks =
    !std::is_lvalue_reference_v<std::ranges::range_reference_t<R>> ||
    !(std::is_lvalue_reference_v<R> || std::ranges::view<std::remove_cvref_t<R>>);
template <class R>
using range_task_value = task_value<std::ranges::range_value_t<R>>;

// Where a range that makes its tasks as it is read has been read to. Keeps an rvalue.
template <class Range>
class range_reader {
 public:
  explicit range_reader(Range&& all)
      : range_(std::forward<Range>(all)), next_(std::ranges::begin(range_)) {}
  [[gnu::always_inline]] auto read() {
    if (next_ == std::ranges::end(range_)) [[unlikely]]
      throw_ended();
    auto made = *next_;
    ++next_;
    return made;
  }

 private:
  [[noreturn, gnu::cold, gnu::noinline]] static void throw_ended() {
    throw usage_error("gather: the range has fewer tasks than its size() says");
  }

  Range range_;
  std::ranges::iterator_t<Range> next_;
};
// All was taken at once.
struct range_taken {
  explicit range_taken(const auto&) noexcept {}
};

template <class Range>
class fork_range_awaiter : private fork_storage<range_task_value<Range>>, public fork_awaiter {
  using T = range_task_value<Range>;
  static constexpr bool makes_tasks = !std::is_reference_v<std::ranges::range_reference_t<Range>>;

 public:
  fork_range_awaiter(on_failure failure_policy, std::size_t count, Range&& range)
      : fork_storage<T>(count),
        fork_awaiter(this->bytes, sizeof(fork_slot<T>), 0, failure_policy),
        reader_(std::forward<Range>(range)) {
    try {
      make_first(static_cast<std::uint32_t>(count), range);
    } catch (...) {
      destroy_slots();
      throw;
    }
    const std::size_t all =
        makes_tasks ? count : children;  // size() of what was taken may have lied
    if (all > fork_feeder::first_chunk) feed(static_cast<std::uint32_t>(all));
  }
  ~fork_range_awaiter() { destroy_slots(); }

 protected:
  // Why the range could not be read; null if it could.
  std::exception_ptr range_failure() const noexcept {
    return feeder_ ? feeder_->failure() : nullptr;
  }
  [[noreturn, gnu::cold, gnu::noinline]] void throw_end(fork_awaiter::group_end end,
                                                        std::source_location where) {
    if (end == fork_awaiter::group_end::cancel) throw_cancelled(*this->parent->context, where);
    const std::exception_ptr unread = range_failure();
    rethrow_at(unread ? unread : error_of(static_cast<fork_slot<T>&>(*first_failure)), where);
  }

 private:
  void count_as_children(std::uint32_t so_many) noexcept {
    end += std::size_t{so_many - children} * stride;
    total = children = so_many;
  }
  void make_first(std::uint32_t count, auto& range) {
    const auto take = [this](task<T> child) {
      fill(end, std::move(child));
      count_as_children(children + 1);
    };
    if constexpr (makes_tasks) {
      while (children < std::min(count, fork_feeder::first_chunk)) take(reader_.read());
    } else {
      for (auto&& child : range) take(std::move(child));
    }
  }
  void feed(std::uint32_t count) {
    fork_group& group = *this;
    if constexpr (makes_tasks) {
      count_as_children(count);
      feed_by(feeder_.emplace(group, make_more));
    } else {
      feed_by(feeder_.emplace(group, nullptr));
    }
  }
  static void make_more(fork_group& group, fork_feeder::chunk wanted) {
    auto& self = static_cast<fork_range_awaiter&>(group);
    std::uint32_t i = wanted.from;
    try {
      for (; i < wanted.to; ++i) self.template fill<T>(self.slot_of(i), self.reader_.read());
    } catch (...) {
      while (i-- > wanted.from) self.child(i).coroutine->handle().destroy();
      throw;
    }
  }
  void destroy_slots() noexcept {
    if (std::is_trivially_destructible_v<stored<T>> && all_hold_values()) return;
    const std::uint32_t there = made();
    for (std::size_t i = 0; i < there; ++i) this->template destroy_slot<T>(i);
    drop_reason();
  }

  [[no_unique_address]] std::conditional_t<makes_tasks, range_reader<Range>, range_taken> reader_;
  std::optional<fork_feeder> feeder_;  // of a long one
};

// Calls make(count, range) with a range whose length is known.
template <class R, class Make>
auto with_count(R&& range, Make&& make) {
  if constexpr (std::ranges::sized_range<R>) {
    return make(static_cast<std::size_t>(std::ranges::size(range)), std::forward<R>(range));
  } else {
    std::vector<std::ranges::range_value_t<R>> tasks;
    for (auto&& child : range) tasks.push_back(std::move(child));
    return make(tasks.size(), std::move(tasks));
  }
}

// A child that awaits what is no task: something that lives in the expression that awaits the fork.
template <class What>
task<awaited_value<What>> child_that_awaits(What& awaited) {
  co_return co_await static_cast<What&&>(awaited);
}

}  // namespace silk::detail
