#include "at_workers.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class shield : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(shield);

// Awaits a shield, so that there is a task to cancel.
template <class T>
silk::task<T> behind_a_shield(silk::future<T> watched) {
  co_return co_await silk::shield(watched);
}
TEST_P(shield, gives_the_result_of_what_it_watches) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn(answer_after(1s, 42));
    const int value = co_await silk::shield(handle);
    EXPECT_EQ(value, 42);
    EXPECT_EQ(handle.result(), 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(shield, throws_the_exception_of_what_it_watches) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const std::exception_ptr error = std::make_exception_ptr(boom(3));
    promise.set_exception(error);
    std::exception_ptr seen;
    try {
      co_await silk::shield(promise.get_future());
    } catch (const boom&) {
      seen = std::current_exception();
    }
    EXPECT_EQ(seen, error);
  });
}

TEST_P(shield, does_not_suspend_when_the_result_is_there) {
  silk::runtime runtime({.workers = 1, .time = silk::time_source::virtual_time});
  runtime.block_on([]() -> silk::task<> {
    silk::promise<int> promise;
    promise.set_value(42);
    bool others_ran = false;
    auto other = silk::spawn([&]() -> silk::task<> {
      others_ran = true;
      co_return;
    });
    const int value = co_await silk::shield(promise.get_future());
    EXPECT_EQ(value, 42);
    EXPECT_FALSE(others_ran);
    co_await other;
  });
}

// docs/cancellation.md: w4a
TEST_P(shield, gives_up_at_once_when_it_is_cancelled_and_spares_the_task) {
  run([]() -> silk::task<> {
    auto inner = silk::spawn(answer_after(10s, 42));
    bool went_on = false;
    auto outer = silk::spawn([&]() -> silk::task<> {
      co_await silk::shield(inner);
      went_on = true;
    });
    co_await silk::sleep(1s);
    outer.cancel("enough");
    std::string reason;
    try {
      co_await outer;
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
    EXPECT_FALSE(went_on);
    EXPECT_FALSE(inner.done());
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    const int value = co_await inner;
    EXPECT_EQ(value, 42);
    EXPECT_EQ(inner.cancelling(), 0u);
  });
}

TEST_P(shield, is_cancelled_when_what_it_watches_is_cancelled) {
  run([]() -> silk::task<> {
    auto inner = silk::spawn(asleep());
    auto outer = silk::spawn(behind_a_shield<void>(inner));
    co_await silk::sleep(1s);
    inner.cancel("inner");
    std::string reason;
    try {
      co_await outer;
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "inner");
    EXPECT_TRUE(outer.is_cancelled());
    EXPECT_EQ(outer.cancelling(), 0u);  // nobody asked it to stop
  });
}

// docs/cancellation.md: w4c
TEST_P(shield, throws_a_cancel_that_was_pending_before_it_suspends) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    silk::join_handle<void> outer;
    outer = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      outer.cancel();
      co_await silk::shield(promise.get_future());
    });
    const std::string how = co_await ending(outer);
    EXPECT_EQ(how, "cancelled");
    promise.set_value(1);  // nobody waits any more
  });
}

TEST_P(shield, starts_a_bare_task_as_a_task_of_its_own) {
  run([]() -> silk::task<> {
    const int value = co_await silk::shield(answer_after(1s, 42));
    EXPECT_EQ(value, 42);
    const auto asks_for_its_name = []() -> silk::task<std::string> {
      co_return co_await silk::this_task::name();
    };
    const std::string inner = co_await silk::shield(asks_for_its_name());
    const std::string outer = co_await silk::this_task::name();
    EXPECT_NE(inner, outer);
  });
}

TEST_P(shield, keeps_a_bare_task_alive_when_everybody_has_gone) {
  run([]() -> silk::task<> {
    bool finished = false;
    auto outer = silk::spawn([&]() -> silk::task<> {
      const auto inner = [](bool& flag) -> silk::task<> {
        co_await silk::sleep(10s);
        flag = true;
      };
      co_await silk::shield(inner(finished));
    });
    co_await silk::sleep(1s);
    outer.cancel();
    const std::string how = co_await ending(end_of(std::move(outer)));
    EXPECT_EQ(how, "cancelled");
    EXPECT_FALSE(finished);
    co_await silk::sleep(10s);
    EXPECT_TRUE(finished);
  });
}

TEST(shield_outside, of_a_bare_task_needs_a_runtime) {
  EXPECT_THROW(static_cast<void>(silk::shield(asleep())), silk::usage_error);
}

TEST_P(shield, inside_gather_spares_what_it_watches) {
  run([]() -> silk::task<> {
    silk::promise<int> first, second;
    const auto both = [](silk::future<int> a, silk::future<int> b) -> silk::task<> {
      co_await silk::gather(behind_a_shield(a), behind_a_shield(b));
    };
    auto outer = silk::spawn(both(first.get_future(), second.get_future()));
    co_await silk::sleep(1s);
    outer.cancel();
    const std::string how = co_await ending(end_of(outer));
    EXPECT_EQ(how, "cancelled");
    EXPECT_FALSE(first.done());
    EXPECT_FALSE(second.done());
    first.set_value(1);
    second.set_value(2);
    EXPECT_EQ(first.get_future().result() + second.get_future().result(), 3);
  });
}

TEST_P(shield, gives_every_waiter_its_copy) {
  run([]() -> silk::task<> {
    const auto text = []() -> silk::task<std::string> {
      co_await silk::sleep(1s);
      co_return std::string(100, 'x');
    };
    auto handle = silk::spawn(text());
    std::vector<silk::task<std::string>> all;
    for (int i = 0; i < 100; ++i) all.push_back(behind_a_shield<std::string>(handle));
    const auto values = co_await silk::gather(std::move(all));
    for (const std::string& value : values) EXPECT_EQ(value, handle.result());
  });
}

TEST_P(shield, hands_over_a_value_that_cannot_be_copied) {
  run([]() -> silk::task<> {
    const auto move_only = []() -> silk::task<std::unique_ptr<int>> {
      co_await silk::yield();
      co_return std::make_unique<int>(3);
    };
    const std::unique_ptr<int> value = co_await silk::shield(move_only());
    EXPECT_EQ(*value, 3);
  });
}

TEST_P(shield, a_failure_that_comes_when_the_waiter_has_gone_is_not_silent) {
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure& what) {
    EXPECT_THROW(std::rethrow_exception(what.error), boom);
    ++told;
  };
  silk::run(
      []() -> silk::task<> {
        auto outer = silk::spawn([]() -> silk::task<> { co_await silk::shield(fail_after(10s)); });
        co_await silk::sleep(1s);
        outer.cancel();
        const std::string how = co_await ending(end_of(outer));
        EXPECT_EQ(how, "cancelled");
        co_await silk::sleep(10s);
      },
      std::move(options));
  EXPECT_EQ(told, 1);
}

// Completion and cancel meet: whoever comes first, each waiter ends once, and the task lives on.
TEST_P(shield, ends_once_when_cancel_and_completion_meet) {
  run([]() -> silk::task<> {
    for (int round = 0; round < 20; ++round) {
      auto inner = silk::spawn(answer_after(1s, round));
      std::vector<silk::join_handle<int>> waiters;
      for (int i = 0; i < 50; ++i) waiters.push_back(silk::spawn(behind_a_shield<int>(inner)));
      const auto cancels = [&](std::size_t from) -> silk::task<> {
        co_await silk::sleep(1s);
        for (std::size_t i = from; i < waiters.size(); i += 2) waiters[i].cancel();
      };
      co_await silk::gather(cancels(0), cancels(1));
      for (auto& waiter : waiters) {
        const std::string how = co_await ending(end_of(waiter));
        EXPECT_TRUE(how == "value" || how == "cancelled");
        if (how == "value") {
          EXPECT_EQ(waiter.result(), round);
        }
      }
      const int value = co_await inner;
      EXPECT_EQ(value, round);
    }
  });
}

// ---- what is still to be done ----

TEST_P(shield, starts_a_callable_or_an_awaitable_that_runs_on_when_it_is_cancelled) {
  run([]() -> silk::task<> {
    silk::queue<int> numbers;
    int done = 0;
    const auto work = [&]() -> silk::task<int> {
      co_await silk::sleep(2s);
      co_return ++done;
    };
    const auto waits =
        silk::spawn([&]() -> silk::task<int> { co_return co_await silk::shield(work); });
    const auto takes =
        silk::spawn([&]() -> silk::task<int> { co_return co_await silk::shield(numbers.get()); });
    co_await silk::sleep(1s);
    waits.cancel();
    takes.cancel();
    const std::string how = co_await ending(end_of(waits));
    EXPECT_EQ(how, "cancelled");
    co_await silk::sleep(2s);
    EXPECT_EQ(done, 1);
    numbers.put_nowait(7);
    co_await silk::sleep(1s);
    EXPECT_TRUE(numbers.empty());  // who was shielded has taken it
    const int again = co_await silk::shield(work);
    EXPECT_EQ(again, 2);
    numbers.put_nowait(8);
    const int number = co_await silk::shield(numbers.get());
    EXPECT_EQ(number, 8);
  });
}

}  // namespace
