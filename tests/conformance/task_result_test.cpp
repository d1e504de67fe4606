// Rows of the area `task`, about what a task gives and how others wait for it.
#include "row.hpp"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<> fails_with(std::exception_ptr error) {
  std::rethrow_exception(error);
  co_return;
}

ROW(task, value_result) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<int> { co_return 7; });
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_TRUE(handle.done());
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(handle.result(), 7);
  });
}

[[gnu::noinline]] std::uintptr_t stack_here() {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

struct seen_in_the_chain {
  std::vector<std::uintptr_t> stack;
  std::vector<int> values;
  silk::task_ref task;
};

silk::task<int> link_of_a_chain(int below, seen_in_the_chain& seen) {
  seen.stack.push_back(stack_here());
  EXPECT_EQ(silk::current_task(), seen.task);
  EXPECT_EQ(silk::all_tasks().size(), 1u);
  if (below == 0) co_return 0;
  const int value = co_await link_of_a_chain(below - 1, seen);
  seen.values.push_back(value);
  co_return value + 1;
}

ROW(task, direct_await_runs_inline) {
  run([]() -> silk::task<> {
    constexpr int length = 100;
    seen_in_the_chain seen;
    seen.task = silk::current_task();
    const int value = co_await link_of_a_chain(length, seen);
    EXPECT_EQ(value, length);
    EXPECT_EQ(seen.values.size(), static_cast<std::size_t>(length));
    for (int i = 0; i < length; ++i) EXPECT_EQ(seen.values[i], i);
    // The deepest one stands where the first one stood.
    const std::uintptr_t first = seen.stack.front();
    const std::uintptr_t last = seen.stack.back();
    EXPECT_LT(first < last ? last - first : first - last, 4096u);
  });
}

ROW(task, await_done_is_repeatable) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    promise.set_value(7);
    const silk::future<int> future = promise.get_future();
    const auto twice = [&]() -> silk::task<int> {
      const int first = co_await future;
      const int second = co_await future;
      co_return first + second;
    };
    // An eager task that never suspends is done when spawn returns.
    const auto handle = silk::spawn({.start = silk::start::eager}, twice);
    EXPECT_TRUE(handle.done());
    EXPECT_EQ(handle.result(), 14);
    const int again = co_await future;
    EXPECT_EQ(again, 7);
  });
}

ROW(task, resume_delivers_exact_object) {
  run([]() -> silk::task<> {
    silk::promise<std::unique_ptr<int>> promise;  // cannot be copied
    const auto future = promise.get_future();
    auto object = std::make_unique<int>(7);
    const int* const address = object.get();
    const auto handle = silk::spawn([&]() -> silk::task<const std::unique_ptr<int>*> {
      const std::unique_ptr<int>& given = co_await future;
      co_return &given;
    });
    co_await at_rest();
    EXPECT_EQ(future.waiting(), 1u);
    promise.set_value(std::move(object));
    const std::unique_ptr<int>* const seen = co_await handle;
    EXPECT_EQ(seen, &future.result());
    EXPECT_EQ(seen->get(), address);
    EXPECT_EQ(future.waiting(), 0u);
  });
}

ROW(task, returned_future_not_flattened) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const silk::future<int> future = promise.get_future();
    const auto handle =
        silk::spawn([&]() -> silk::task<silk::future<int>> { co_return promise.get_future(); });
    const silk::future<int> value = co_await handle;
    EXPECT_EQ(value, future);
    EXPECT_FALSE(value.done());
    promise.set_value(1);
  });
}

ROW(task, one_waiter_registration_per_await) {
  run([]() -> silk::task<> {
    silk::promise<> promise;
    const silk::future<> future = promise.get_future();
    const auto handle = silk::spawn([&]() -> silk::task<> { co_await future; });
    co_await at_rest();
    EXPECT_EQ(future.waiting(), 1u);
    promise.set_value();
    co_await handle;
  });

  silk::runtime runtime(options());
  silk::promise<> known;
  silk::join_handle<std::size_t> handle;
  handle = runtime.spawn([&]() -> silk::task<std::size_t> {
    co_await known.get_future();
    while (handle.waiting() == 0) co_await silk::yield();  // until the thread below waits
    co_await turns();
    co_return handle.waiting();
  });
  known.set_value();
  EXPECT_EQ(runtime.block_on(silk::future<std::size_t>(handle)), 1u);
}

ROW(task, handle_is_a_future) {
  static_assert(std::derived_from<silk::join_handle<int>, silk::future<int>>);
  run([]() -> silk::task<> {
    const auto seven = []() -> silk::task<int> {
      co_await at_rest();
      co_return 7;
    };
    const auto handle = silk::spawn(seven);
    std::atomic<int> called{0};
    handle.add_done_callback([&](const silk::future<int>&) { ++called; });
    std::vector<silk::join_handle<int>> many{handle, silk::spawn(seven)};
    const auto waited = co_await silk::wait(many);
    EXPECT_EQ(waited.done.size(), 2u);
    const auto gathered = co_await silk::gather(many);
    EXPECT_EQ(gathered, (std::vector{7, 7}));
    const int shielded = co_await silk::shield(handle);
    const int in_time = co_await silk::with_timeout(1s, handle);
    const int awaited = co_await handle;
    EXPECT_EQ(shielded + in_time + awaited, 21);
    co_await at_rest();
    EXPECT_EQ(called, 1);
  });
}

template <class T>
concept takes_a_value = requires(T& to) { to.set_value(7); } || requires(T& to) {
  to.set_result(7);
} || requires(T& to) { static_cast<void>(to.try_set_value(7)); };
template <class T>
concept takes_an_exception = requires(T& to, std::exception_ptr error) {
  to.set_exception(error);
} || requires(T& to, std::exception_ptr error) { static_cast<void>(to.try_set_exception(error)); };

ROW(task, set_outcome_forbidden) {
  EXPECT_TRUE(takes_a_value<silk::promise<int>>);
  EXPECT_TRUE(takes_an_exception<silk::promise<int>>);
  EXPECT_FALSE(takes_a_value<silk::join_handle<int>>);
  EXPECT_FALSE(takes_an_exception<silk::join_handle<int>>);
  EXPECT_FALSE(takes_a_value<silk::task_ref>);
  EXPECT_FALSE(takes_an_exception<silk::task_ref>);
  static_assert(!takes_a_value<silk::join_handle<int>>);
  // Nor can a promise be made for the outcome of a task.
  static_assert(!std::constructible_from<silk::promise<int>, silk::join_handle<int>>);
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<int> { co_return 7; });
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

ROW(task, exception_propagates) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = std::make_exception_ptr(failure_e());
    const auto handle = silk::spawn(fails_with(error));
    std::exception_ptr awaited;
    try {
      co_await handle;
    } catch (const failure_e&) {
      awaited = std::current_exception();
    }
    EXPECT_EQ(awaited, error);
    EXPECT_TRUE(handle.done());
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(handle.exception(), error);
    std::exception_ptr asked;
    try {
      handle.result();
    } catch (const failure_e&) {
      asked = std::current_exception();
    }
    EXPECT_EQ(asked, error);
  });
}

ROW(task, exception_rethrow_is_stable) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = std::make_exception_ptr(failure_e("what happened"));
    const auto handle = silk::spawn(fails_with(error));
    for (int i = 0; i < 5; ++i) {
      std::exception_ptr seen;
      std::string text;
      try {
        co_await handle;
      } catch (const failure_e& e) {
        seen = std::current_exception();
        text = e.what();
      }
      EXPECT_EQ(seen, error);
      EXPECT_EQ(text, "what happened");
    }
  });
}

}  // namespace
