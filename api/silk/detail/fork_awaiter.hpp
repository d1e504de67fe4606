// The awaiters behind gather and gather_settled when they own lazy tasks: slots in the parent's frame
// (a fixed number of children) or in one allocation (a range of them).
#pragma once

#include "../task.hpp"
#include "awaitable.hpp"
#include "fork_group.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
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
    waiting.promise().make_resumable();
    return start(waiting.promise());
  }

 protected:
  fork_awaiter(std::byte* first_slot, std::size_t slot_size, on_failure failure_policy) noexcept
      : fork_group(first_slot, slot_size, 0, failure_policy) {}

  template <class T>
  void add(task<T>&& child) {
    promise_base& coroutine = task_access::release(std::move(child));
    auto& fresh = *::new (slots + children * stride) fork_slot<T>;
    bind(fresh, coroutine);
    total = ++children;
  }

  template <class T>
  fork_slot<T>& slot(std::size_t i) noexcept {
    return static_cast<fork_slot<T>&>(child(i));
  }
  template <class T>
  void destroy_slot(std::size_t i) noexcept {
    if (parent == nullptr) child(i).coroutine->handle().destroy();  // never started
    std::destroy_at(&slot<T>(i));
  }

  // What the group as a whole came to. Once. [task]
  enum class group_end : std::uint8_t { values, failure, cancel };
  group_end come_to_end() noexcept {
    if (parent == nullptr) return group_end::values;  // there was nothing to wait for
    if (leave()) return group_end::cancel;
    // relaxed: after the join
    return failed.load(sync::memory_order_relaxed) ? group_end::failure : group_end::values;
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
  fork_pack_awaiter(on_failure failure_policy, task<Ts>&&... tasks)
      : fork_awaiter(storage_, slot_stride, failure_policy) {
    (task_access::check(tasks), ...);  // before any is taken, so that nothing is left behind
    (add(std::move(tasks)), ...);
  }
  ~fork_pack_awaiter() {
    [[maybe_unused]] std::size_t i = 0;
    (destroy_slot<Ts>(i++), ...);
  }

 protected:
  template <std::size_t I>
  auto& slot_at() noexcept {
    return slot<std::tuple_element_t<I, std::tuple<Ts...>>>(I);
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
      : capacity(checked(count)), bytes(std::allocator<fork_slot<T>>().allocate(capacity)) {}
  ~fork_storage() { std::allocator<fork_slot<T>>().deallocate(bytes, capacity); }
  fork_storage(const fork_storage&) = delete;
  fork_storage& operator=(const fork_storage&) = delete;
  static std::size_t checked(std::size_t count) {
    if (count > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("gather: more than 4294967295 children");
    }
    return count;
  }
  std::size_t capacity;
  fork_slot<T>* bytes;
};

template <class T>
class fork_range_awaiter : private fork_storage<T>, public fork_awaiter {
 public:
  template <std::ranges::input_range Range>
  fork_range_awaiter(on_failure failure_policy, std::size_t count, Range& range)
      : fork_storage<T>(count),
        fork_awaiter(reinterpret_cast<std::byte*>(this->bytes), sizeof(fork_slot<T>),
                     failure_policy) {
    try {
      for (auto&& child : range) add(task<T>(std::move(child)));
    } catch (...) {
      destroy_slots();
      throw;
    }
  }
  ~fork_range_awaiter() { destroy_slots(); }

 protected:
  [[noreturn, gnu::cold, gnu::noinline]] void throw_end(fork_awaiter::group_end end,
                                                        std::source_location where) {
    if (end == fork_awaiter::group_end::cancel) throw_cancelled(*this->parent->context, where);
    rethrow_at(error_of(static_cast<fork_slot<T>&>(*first_failure)), where);
  }

 private:
  void destroy_slots() noexcept {
    for (std::size_t i = 0; i < children; ++i) this->template destroy_slot<T>(i);
  }
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

// Calls make(count, range) with a range whose length is known.
template <class R, class Make>
auto with_count(R& range, Make&& make) {
  if constexpr (std::ranges::sized_range<R>) {
    return make(static_cast<std::size_t>(std::ranges::size(range)), range);
  } else {
    std::vector<std::ranges::range_value_t<R>> tasks;
    for (auto&& child : range) tasks.push_back(std::move(child));
    return make(tasks.size(), tasks);
  }
}

// A child that awaits what is no task: something that lives in the expression that awaits the fork.
template <class What>
task<awaited_value<What>> child_that_awaits(What& awaited) {
  co_return co_await static_cast<What&&>(awaited);
}

}  // namespace silk::detail
