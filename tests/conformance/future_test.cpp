// Rows of the area `future`: asyncio.Future is silk::promise and silk::future. Their callbacks:
// future_callbacks_test.cpp.
#include "row.hpp"

#include <atomic>
#include <concepts>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace silk_conformance;

template <class T>
std::string outcome_of(const silk::future<T>& future) {
  return told([&] { static_cast<void>(future.result()); });
}

ROW(future, initial_state) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.is_cancelled());
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.is_cancelled());
    co_return;
  });
}

// The runtime is that of whoever awaits it.
ROW(future, create_without_scheduler_fails) {
  silk::promise<int> promise;
  const auto future = promise.get_future();
  silk::runtime first(options());
  silk::runtime second(options());
  const auto body = [&]() -> silk::task<silk::runtime*> {
    co_await future;
    co_return &silk::runtime::current();
  };
  const auto in_first = first.spawn(body);
  const auto in_second = second.spawn(body);
  promise.set_value(7);
  EXPECT_EQ(first.block_on(silk::future<silk::runtime*>(in_first)), &first);
  EXPECT_EQ(second.block_on(silk::future<silk::runtime*>(in_second)), &second);
}

// A future is bound to no runtime, and so may outlive the one in which it was made.
ROW(future, create_binds_scheduler) {
  silk::promise<int> promise = run([]() -> silk::task<silk::promise<int>> {
    silk::promise<int> made_here;
    co_return made_here;
  });
  const auto future = promise.get_future();
  run([&]() -> silk::task<> {
    silk::runtime* const here = &silk::runtime::current();
    const auto waiter = silk::spawn([&]() -> silk::task<silk::runtime*> {
      co_await future;
      co_return &silk::runtime::current();
    });
    co_await at_rest();
    promise.set_value(7);
    silk::runtime* const where = co_await waiter;
    EXPECT_EQ(where, here);
  });
}

ROW(future, no_positional_argument) {
  EXPECT_TRUE(std::is_default_constructible_v<silk::future<int>>);
  EXPECT_FALSE((std::is_constructible_v<silk::future<int>, int>));
  EXPECT_FALSE((std::is_constructible_v<silk::promise<int>, int>));
  EXPECT_FALSE((std::is_constructible_v<silk::join_handle<int>, int>));
  static_assert(!std::is_convertible_v<int, silk::future<int>>);
}

void check_empty(const silk::future<int>& empty) {
  EXPECT_FALSE(empty.valid());
  EXPECT_FALSE(empty.done());
  EXPECT_FALSE(empty.is_cancelled());
  EXPECT_EQ(empty.waiting(), 0u);
  EXPECT_FALSE(empty.remove_done_callback({}));
  EXPECT_EQ(outcome_of(empty), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(empty.exception()); }), "usage");
  EXPECT_EQ(told([&] { empty.cancel(); }), "usage");
  EXPECT_EQ(told([&] { empty.add_done_callback([](const silk::future<int>&) {}); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(silk::gather(empty)); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(silk::gather_settled(empty)); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(silk::wait(std::vector{empty})); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(silk::shield(empty)); }), "usage");
  EXPECT_EQ(silk::ensure_future(empty), empty);
}

silk::task<> check_empty_awaits(silk::future<int> empty) {
  const std::string awaited = co_await ending(empty);
  EXPECT_EQ(awaited, "usage");
  std::string peeked = "value";
  try {
    co_await empty;
  } catch (const silk::usage_error&) {
    peeked = "usage";
  }
  EXPECT_EQ(peeked, "usage");
  const std::string in_time =
      co_await ending([&]() -> silk::task<> { co_await silk::with_timeout(1s, empty); }());
  EXPECT_EQ(in_time, "usage");
}

ROW(future, empty_handle_is_safe) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    auto future = promise.get_future();
    const auto taken = std::move(future);
    auto handle = silk::spawn([]() -> silk::task<int> { co_return 7; });
    const auto kept = std::move(handle);
    // NOLINTBEGIN(bugprone-use-after-move): that is what this is about
    std::vector<silk::future<int>> futures(1);
    futures.push_back(silk::join_handle<int>());
    futures.push_back(future);
    futures.push_back(handle);
    for (const silk::future<int>& empty : futures) {
      check_empty(empty);
      co_await check_empty_awaits(empty);
    }
    std::vector<silk::join_handle<int>> handles(1);
    handles.push_back(handle);
    for (silk::join_handle<int>& empty : handles) {
      EXPECT_EQ(told([&] { static_cast<void>(empty.name()); }), "usage");
      EXPECT_EQ(told([&] { empty.set_name("x"); }), "usage");
      EXPECT_EQ(told([&] { static_cast<void>(empty.spawned_at()); }), "usage");
      EXPECT_EQ(told([&] { static_cast<void>(empty.cancelling()); }), "usage");
      EXPECT_FALSE(empty.ref());
      EXPECT_FALSE(empty.ref().done());
      EXPECT_EQ(told([&] { empty.ref().cancel(); }), "usage");
    }
    // NOLINTEND(bugprone-use-after-move)
    const int value = co_await kept;
    EXPECT_EQ(value, 7);
    EXPECT_TRUE(taken.valid());
  });
  silk::promise<int> promise;
  const silk::promise<int> taken = std::move(promise);
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(told([&] { promise.set_value(7); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(promise.get_future()); }), "usage");
  EXPECT_EQ(told([&] { static_cast<void>(promise.done()); }), "usage");
  // NOLINTEND(bugprone-use-after-move)
}

ROW(future, exception_before_done) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_EQ(told([&] { static_cast<void>(future.exception()); }), "usage");
    EXPECT_FALSE(future.done());
    co_return;
  });
}

ROW(future, set_result) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_value(42);
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.is_cancelled());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(future.result(), 42);
    EXPECT_EQ(future.exception(), nullptr);
    co_return;
  });
}

ROW(future, set_exception) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    const std::exception_ptr error = std::make_exception_ptr(failure_e());
    promise.set_exception(error);
    EXPECT_TRUE(future.done());
    EXPECT_FALSE(future.is_cancelled());
    std::exception_ptr thrown;
    try {
      static_cast<void>(future.result());
    } catch (const failure_e&) {
      thrown = std::current_exception();
    }
    EXPECT_EQ(thrown, error);
    EXPECT_EQ(future.exception(), error);
    co_return;
  });
}

ROW(future, set_twice_fails) {
  run([]() -> silk::task<> {
    silk::promise<int> value;
    value.set_value(1);
    EXPECT_EQ(told([&] { value.set_value(2); }), "usage");
    EXPECT_EQ(told([&] { value.set_exception(std::make_exception_ptr(failure_e())); }), "usage");
    EXPECT_EQ(value.get_future().result(), 1);
    silk::promise<int> error;
    error.set_exception(std::make_exception_ptr(failure_e("first")));
    EXPECT_EQ(told([&] { error.set_value(2); }), "usage");
    EXPECT_EQ(told([&] { error.set_exception(std::make_exception_ptr(failure_e())); }), "usage");
    EXPECT_EQ(outcome_of(error.get_future()), "first");

    silk::promise<int> contended;
    std::atomic<int> winner{-1};
    std::atomic<int> losers{0};
    std::vector<silk::join_handle<>> setters;
    for (int i = 0; i < 8; ++i) {
      const auto set = [&, i]() -> silk::task<> {
        const std::string end = told([&] { contended.set_value(i); });
        if (end == "value") winner = i;
        if (end == "usage") ++losers;
        co_return;
      };
      setters.push_back(silk::spawn(set));
    }
    co_await silk::gather(setters);
    EXPECT_EQ(losers, 7);
    EXPECT_EQ(contended.get_future().result(), winner);
  });
}

ROW(future, set_after_cancel_fails) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    EXPECT_TRUE(promise.get_future().cancel());
    EXPECT_EQ(told([&] { promise.set_value(1); }), "usage");
    EXPECT_EQ(told([&] { promise.set_exception(std::make_exception_ptr(failure_e())); }), "usage");
    EXPECT_TRUE(promise.get_future().is_cancelled());

    for (int i = 0; i < 20; ++i) {
      silk::promise<int> contended;
      const auto future = contended.get_future();
      const auto setter =
          silk::spawn([&]() -> silk::task<bool> { co_return contended.try_set_value(1); });
      const auto canceller = silk::spawn([&]() -> silk::task<bool> { co_return future.cancel(); });
      const bool set = co_await setter;
      const bool was_cancelled = co_await canceller;
      EXPECT_NE(set, was_cancelled);
      EXPECT_EQ(future.is_cancelled(), was_cancelled);
    }
  });
}

ROW(future, cancel_pending) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto future = promise.get_future();
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.done());
    EXPECT_TRUE(future.is_cancelled());
    EXPECT_EQ(outcome_of(future), "cancelled");
    EXPECT_EQ(told([&] { static_cast<void>(future.exception()); }), "cancelled");
    co_return;
  });
}

// docs/cancellation.md: k3
ROW(future, cancel_done_returns_false) {
  run([]() -> silk::task<> {
    silk::promise<int> value, error, stopped;
    value.set_value(7);
    error.set_exception(std::make_exception_ptr(failure_e()));
    stopped.get_future().cancel("first");
    EXPECT_FALSE(value.get_future().cancel("late"));
    EXPECT_FALSE(error.get_future().cancel("late"));
    EXPECT_FALSE(stopped.get_future().cancel("late"));
    EXPECT_EQ(value.get_future().result(), 7);
    EXPECT_EQ(outcome_of(error.get_future()), "E");
    EXPECT_EQ(outcome_of(stopped.get_future()), "cancelled: first");
    co_return;
  });
}

ROW(future, cancel_message) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto future = promise.get_future();
    const auto waiter = silk::spawn([&]() -> silk::task<int> { co_return co_await future; });
    co_await at_rest();
    future.cancel("enough");
    const std::string end = co_await ending(waiter);
    const std::string later = co_await ending(future);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(later, "cancelled: enough");
  });
}

ROW(future, tuple_result_intact) {
  run([]() -> silk::task<> {
    silk::promise<std::pair<int, int>> promise;
    promise.set_value(1, 2);
    const std::pair<int, int> value = co_await promise.get_future();
    EXPECT_EQ(value, std::pair(1, 2));
  });
}

ROW(future, try_set_on_cancelled) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    future.cancel("enough");
    EXPECT_FALSE(promise.try_set_value(7));
    EXPECT_FALSE(promise.try_set_exception(std::make_exception_ptr(failure_e())));
    EXPECT_TRUE(future.is_cancelled());
    EXPECT_EQ(outcome_of(future), "cancelled: enough");
    co_return;
  });
}

ROW(future, wrap_identity) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    const auto handle = silk::spawn([&]() -> silk::task<int> { co_return co_await future; });
    static_assert(std::same_as<decltype(silk::ensure_future(future)), silk::future<int>>);
    static_assert(std::same_as<decltype(silk::ensure_future(handle)), silk::join_handle<int>>);
    const std::size_t tasks = silk::all_tasks().size();
    EXPECT_EQ(silk::ensure_future(future), future);
    EXPECT_EQ(silk::ensure_future(handle), handle);
    EXPECT_EQ(silk::all_tasks().size(), tasks);
    promise.set_value(7);
    co_await handle;
  });
}

}  // namespace
