// Rows of the area `shield`. asyncio's shield makes a future; silk's is an await, so a task that awaits
// the shield stands for it.
#include "row.hpp"

#include <atomic>
#include <memory>

namespace {

using namespace silk_conformance;

template <class T>
silk::task<T> behind_a_shield(silk::future<T> watched) {
  co_return co_await silk::shield(watched);
}

ROW(shield, passes_result) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(gives_after(1s, 7));
    const int value = co_await silk::shield(inner);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(elapsed(), 1s);
  });
}

ROW(shield, passes_exception) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = std::make_exception_ptr(failure_e());
    silk::promise<int> promise;
    const auto outer = silk::spawn(behind_a_shield(promise.get_future()));
    co_await at_rest();
    promise.set_exception(error);
    static_cast<void>(co_await ending(outer));
    EXPECT_EQ(outer.exception(), error);
  });
}

ROW(shield, inner_cancel_cancels_outer) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto outer = silk::spawn(behind_a_shield(promise.get_future()));
    co_await at_rest();
    EXPECT_TRUE(promise.get_future().cancel("enough"));
    const std::string end = co_await ending(outer);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(outer.is_cancelled());
  });
}

ROW(shield, outer_cancel_spares_inner) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(gives_after(10s, 7));
    const auto outer = silk::spawn(behind_a_shield<int>(inner));
    co_await at_rest();
    EXPECT_TRUE(outer.cancel("enough"));
    const std::string end = co_await ending(outer);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_FALSE(inner.done());
    EXPECT_EQ(inner.cancelling(), 0u);
    const int value = co_await inner;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(elapsed(), 10s);
  });
}

ROW(shield, caller_unblocked_at_once) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(gives_after(10s, 7));
    bool went_on = false;
    const auto caller = silk::spawn([&]() -> silk::task<> {
      co_await silk::shield(inner);
      went_on = true;
    });
    co_await silk::sleep(1s);
    caller.cancel();
    const std::string end = co_await ending(caller);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_FALSE(inner.done());
    co_await inner;
    EXPECT_FALSE(went_on);
  });
}

ROW(shield, no_callbacks_left) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto inner = promise.get_future();
    const auto outer = silk::spawn(behind_a_shield(inner));
    co_await at_rest();
    EXPECT_EQ(inner.waiting(), 1u);
    outer.cancel();
    EXPECT_EQ(inner.waiting(), 0u);
    co_await at_rest();
    EXPECT_TRUE(outer.is_cancelled());
    EXPECT_EQ(outer.waiting(), 0u);
    EXPECT_EQ(inner.waiting(), 0u);
    promise.set_value(7);
  });
}

ROW(shield, done_inner_shortcut) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    promise.set_value(7);
    // An eager task that never suspends is done when spawn returns.
    const auto outer =
        silk::spawn({.start = silk::start::eager}, behind_a_shield(promise.get_future()));
    EXPECT_TRUE(outer.done());
    EXPECT_EQ(outer.result(), 7);
    co_return;
  });
}

ROW(shield, inside_gather) {
  run([]() -> silk::task<> {
    silk::promise<int> one, two;
    const auto future_of_one = one.get_future();
    const auto future_of_two = two.get_future();
    const auto first = silk::spawn(behind_a_shield(future_of_one));
    const auto second = silk::spawn(behind_a_shield(future_of_two));
    const auto all = silk::spawn([&]() -> silk::task<> { co_await silk::gather(first, second); });
    co_await at_rest();
    EXPECT_TRUE(all.cancel("enough"));
    const std::string end = co_await ending(all);
    EXPECT_EQ(end, "cancelled: enough");
    co_await at_rest();
    EXPECT_TRUE(first.is_cancelled());
    EXPECT_TRUE(second.is_cancelled());
    EXPECT_FALSE(future_of_one.done());
    EXPECT_FALSE(future_of_two.done());
    EXPECT_TRUE(one.try_set_value(1));
    EXPECT_TRUE(two.try_set_value(2));
    EXPECT_EQ(future_of_one.result() + future_of_two.result(), 3);
  });
}

ROW(shield, coroutine_needs_scheduler) {
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  const auto body = [](bool& ran_here, std::shared_ptr<int> kept) -> silk::task<> {
    ran_here = kept != nullptr;
    co_return;
  };
  EXPECT_EQ(told([&] { static_cast<void>(silk::shield(body(ran, token))); }), "usage");
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

ROW(shield, coroutine_becomes_task) {
  run([]() -> silk::task<> {
    const silk::task_ref me = silk::current_task();
    silk::runtime* const here = &silk::runtime::current();
    const auto body = [&]() -> silk::task<int> {
      co_await silk::yield();
      EXPECT_NE(silk::current_task(), me);
      EXPECT_EQ(&silk::runtime::current(), here);
      EXPECT_EQ(silk::all_tasks().size(), 2u);
      co_return 7;
    };
    const int value = co_await silk::shield(body());
    EXPECT_EQ(value, 7);
  });
}

ROW(shield, inner_owned_until_done) {
  run([]() -> silk::task<> {
    const auto finished = std::make_shared<std::atomic<bool>>(false);
    const auto inner = [](std::shared_ptr<std::atomic<bool>> told_here) -> silk::task<> {
      co_await silk::sleep(1s);
      *told_here = true;
    };
    {
      const auto caller = silk::spawn([&]() -> silk::task<> {
        auto body = inner(finished);
        co_await silk::shield(std::move(body));
      });
      co_await at_rest();
      caller.cancel();
      static_cast<void>(co_await ending(caller));
    }
    EXPECT_FALSE(*finished);
    EXPECT_EQ(silk::all_tasks().size(), 2u);  // nobody but the runtime knows the other one
    co_await silk::sleep(2s);
    EXPECT_TRUE(*finished);
    EXPECT_EQ(silk::all_tasks().size(), 1u);
    EXPECT_EQ(finished.use_count(), 1);
  });
}

}  // namespace
