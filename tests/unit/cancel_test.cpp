// cancel and cancelled: what a task sees of a request to stop, and what others see of the task. Every kind
// of wait that a cancel may meet: cancel_waits_test.cpp; who is faster: cancel_races_test.cpp.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::asleep;
using silk_tests::ending;
using silk_tests::knows_itself;
using silk_tests::let_run;
using silk_tests::roadblock;
using silk_tests::steady_time;
using silk_tests::told;
using silk_tests::told_of;
using silk_tests::virtual_time;

class cancel : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(cancel);

// ---- how it ends ----

TEST_P(cancel, is_thrown_where_the_task_waits) {
  run([]() -> silk::task<> {
    int steps = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      ++steps;
      co_await silk::sleep(10'000h);
      ++steps;
    });
    co_await silk::sleep(1s);
    EXPECT_TRUE(handle.cancel("enough"));
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(told([&] { static_cast<void>(handle.exception()); }), "cancelled: enough");
    EXPECT_EQ(steps, 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// docs/cancellation.md: r1 k2
TEST_P(cancel, of_a_task_that_is_done_changes_nothing) {
  run([]() -> silk::task<> {
    const auto value = silk::spawn([]() -> silk::task<int> { co_return 7; });
    const auto error = silk::spawn([]() -> silk::task<> {
      throw std::runtime_error("boom");
      co_return;
    });
    const auto stopped = silk::spawn(asleep());
    stopped.cancel("first");
    static_cast<void>(co_await silk::gather_settled(value, error, stopped));
    EXPECT_FALSE(value.cancel("late"));
    EXPECT_FALSE(error.cancel("late"));
    EXPECT_FALSE(stopped.cancel("late"));
    EXPECT_EQ(value.result(), 7);
    EXPECT_EQ(told_of(error), "boom");
    EXPECT_EQ(told_of(stopped), "cancelled: first");
  });
}

TEST(cancel, twice_counts_two_and_is_thrown_once) {
  silk::runtime runtime(steady_time(1));
  int caught = 0;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    std::exception_ptr stop;
    try {
      co_await asleep();
    } catch (const silk::cancelled&) {
      ++caught;
      stop = std::current_exception();
    }
    co_await silk::yield();
    std::rethrow_exception(stop);
  });
  let_run(runtime);
  roadblock busy(runtime);
  EXPECT_TRUE(handle.cancel("first"));
  EXPECT_EQ(handle.cancelling(), 1u);
  EXPECT_TRUE(handle.cancel("second"));
  EXPECT_EQ(handle.cancelling(), 2u);
  busy.release();
  EXPECT_THROW(runtime.block_on(silk::future<>(handle)), silk::cancelled);
  EXPECT_EQ(caught, 1);
}

// One worker, which is blocked: the task cannot have begun.
// docs/cancellation.md: k1
TEST(cancel, before_the_start_destroys_the_arguments_and_never_runs_the_body) {
  auto token = std::make_shared<int>(0);
  silk::runtime runtime(virtual_time(1));
  roadblock busy(runtime);
  auto body = [](std::shared_ptr<int> t) -> silk::task<> {
    ++*t;
    co_return;
  };
  const auto as_task = runtime.spawn(body(token));
  const auto as_callable = runtime.spawn(body, token);
  EXPECT_TRUE(as_task.cancel("not needed"));
  EXPECT_TRUE(as_callable.cancel("not needed"));
  EXPECT_FALSE(as_task.done());
  busy.release();
  EXPECT_EQ(runtime.block_on(ending(as_task)), "cancelled: not needed");
  EXPECT_EQ(runtime.block_on(ending(as_callable)), "cancelled: not needed");
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
  EXPECT_FALSE(as_task.cancel("too late"));
  EXPECT_EQ(told_of(as_task), "cancelled: not needed");
}

TEST_P(cancel, right_after_spawn_ends_the_task_whether_it_began_or_not) {
  silk::runtime runtime(steady_time(workers()));
  auto token = std::make_shared<int>(0);
  for (int i = 0; i < 500; ++i) {
    const auto handle = runtime.spawn([](std::shared_ptr<int>) { return asleep(); }, token);
    EXPECT_TRUE(handle.cancel("at once"));
    EXPECT_EQ(runtime.block_on(ending(handle)), "cancelled: at once");
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(cancel, without_a_reason_has_none) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(asleep());
    handle.cancel();
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
  });
}

// ---- what the task does about it ----

TEST_P(cancel, that_is_swallowed_lets_the_task_give_a_value) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<int> {
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      co_return stopped ? 42 : 0;
    });
    co_await silk::sleep(1s);
    EXPECT_TRUE(handle.cancel());
    const int value = co_await handle;
    EXPECT_EQ(value, 42);
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(handle.cancelling(), 1u);
  });
}

TEST_P(cancel, is_thrown_once) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto handle = silk::spawn([&]() -> silk::task<int> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
      }
      co_await silk::yield();
      co_await silk::sleep(1s);
      const int value = co_await promise.get_future();
      co_return value;
    });
    co_await silk::sleep(1s);
    handle.cancel();
    co_await silk::sleep(2s);
    EXPECT_FALSE(handle.done());
    promise.set_value(7);
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

TEST_P(cancel, clean_up_may_await) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<> {
      std::exception_ptr stop;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stop = std::current_exception();
      }
      co_await silk::sleep(5s);
      std::rethrow_exception(stop);
    });
    co_await silk::sleep(1s);
    handle.cancel("enough");
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

// docs/cancellation.md: k6
TEST_P(cancel, during_clean_up_interrupts_the_clean_up) {
  run([]() -> silk::task<> {
    std::vector<std::string> seen;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      for (int i = 0; i < 2; ++i) {
        try {
          co_await asleep();
        } catch (const silk::cancelled& stop) {
          seen.push_back(stop.reason());
        }
      }
      co_await silk::sleep(1s);
      throw silk::cancelled("in the end");
    });
    co_await silk::sleep(1s);
    handle.cancel("first");
    co_await silk::sleep(1s);
    EXPECT_FALSE(handle.done());
    handle.cancel("second");
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: in the end");
    EXPECT_EQ(seen, (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(handle.cancelling(), 2u);
  });
}

TEST_P(cancel, that_meets_a_failure_in_clean_up_gives_the_failure) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        throw std::runtime_error("could not clean up");
      }
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "could not clean up");
    EXPECT_FALSE(handle.is_cancelled());
  });
}

// ---- a task and its own cancel ----

// docs/cancellation.md: r4
TEST_P(cancel, of_itself_is_thrown_at_the_next_suspension) {
  silk::runtime runtime(virtual_time());
  int steps = 0;
  knows_itself<> self(runtime, [&](knows_itself<>& me) -> silk::task<> {
    EXPECT_TRUE(me.handle().cancel("myself"));
    silk::promise<int> promise;
    promise.set_value(1);
    static_cast<void>(co_await promise.get_future());  // no suspension
    ++steps;
    co_await silk::sleep(10'000h);
    ++steps;
  });
  EXPECT_EQ(runtime.block_on(ending(self.handle())), "cancelled: myself");
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

// docs/cancellation.md: r5 k2
TEST_P(cancel, of_itself_without_another_suspension_discards_the_value) {
  silk::runtime runtime(virtual_time());
  auto token = std::make_shared<int>(0);
  {
    using value = std::shared_ptr<int>;
    knows_itself<value> self(runtime, [&](knows_itself<value>& me) -> silk::task<value> {
      EXPECT_TRUE(me.handle().cancel("myself"));
      co_return token;
    });
    EXPECT_EQ(runtime.block_on(ending(self.handle())), "cancelled: myself");
  }
  runtime.shutdown();
  EXPECT_EQ(token.use_count(), 1);
}

// docs/cancellation.md: r5 k2
TEST_P(cancel, of_itself_without_another_suspension_does_not_hide_a_failure) {
  silk::runtime runtime(virtual_time());
  knows_itself<> self(runtime, [](knows_itself<>& me) -> silk::task<> {
    EXPECT_TRUE(me.handle().cancel("myself"));
    throw std::runtime_error("boom");
    co_return;
  });
  EXPECT_EQ(runtime.block_on(ending(self.handle())), "boom");
}

TEST_P(cancel, of_the_parent_by_a_gathered_child_stops_both) {
  silk::runtime runtime(virtual_time());
  knows_itself<> self(runtime, [](knows_itself<>& me) -> silk::task<> {
    auto child = [&]() -> silk::task<> {
      EXPECT_TRUE(me.handle().cancel("from below"));
      co_await asleep();
    };
    co_await silk::gather(child(), asleep(), child());
  });
  EXPECT_EQ(runtime.block_on(ending(self.handle())), "cancelled: from below");
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

// ---- what is awaited ----

// docs/cancellation.md: r3 w3a
TEST_P(cancel, is_passed_on_to_the_task_that_is_awaited) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(asleep());
    const auto outer = silk::spawn([&]() -> silk::task<> { co_await inner; });
    co_await silk::sleep(1s);
    EXPECT_TRUE(outer.cancel("enough"));
    const std::string end = co_await ending(outer);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(inner.is_cancelled());
    EXPECT_EQ(told_of(inner), "cancelled: enough");
  });
}

// docs/cancellation.md: r3 w3a
TEST_P(cancel, is_absorbed_by_an_awaited_task_that_declines) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn([]() -> silk::task<int> {
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      co_return stopped ? 7 : 0;
    });
    const auto outer = silk::spawn([&]() -> silk::task<int> {
      const int value = co_await inner;
      const unsigned requests = co_await silk::this_task::cancelling();
      EXPECT_EQ(requests, 1u);
      co_await silk::sleep(1s);
      co_return value + 1;
    });
    co_await silk::sleep(1s);
    EXPECT_TRUE(outer.cancel("enough"));
    const int value = co_await outer;
    EXPECT_EQ(value, 8);
  });
}

// docs/cancellation.md: w3a
TEST_P(cancel, of_an_awaited_future_is_done_when_cancel_returns) {
  silk::runtime runtime(virtual_time(1));
  const silk::promise<int> promise;
  const auto handle =
      runtime.spawn([&]() -> silk::task<> { static_cast<void>(co_await promise.get_future()); });
  let_run(runtime);
  EXPECT_TRUE(handle.cancel("enough"));
  EXPECT_TRUE(promise.get_future().is_cancelled());
  EXPECT_EQ(runtime.block_on(ending(handle)), "cancelled: enough");
}

TEST_P(cancel, runs_down_a_long_chain_of_awaiting_tasks) {
  run([]() -> silk::task<> {
    silk::join_handle<> last = silk::spawn(asleep());
    for (int i = 0; i < 10'000; ++i) {
      last = silk::spawn([](silk::future<> next) -> silk::task<> { co_await next; }, last);
    }
    co_await silk::sleep(1s);
    EXPECT_TRUE(last.cancel("enough"));
    const std::string end = co_await ending(last);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(silk::runtime::current().live_tasks(), 1u);
  });
}

TEST_P(cancel, never_runs_user_code_inside_the_call) {
  silk::runtime runtime(steady_time(1));
  bool cleaned = false;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    try {
      co_await silk::gather(asleep(), asleep());
    } catch (const silk::cancelled&) {
      cleaned = true;
      throw;
    }
  });
  let_run(runtime);
  runtime.block_on([&]() -> silk::task<> {
    EXPECT_TRUE(handle.cancel());
    EXPECT_FALSE(cleaned);
    co_return;
  });
  EXPECT_THROW(runtime.block_on(silk::future<>(handle)), silk::cancelled);
  EXPECT_TRUE(cleaned);
}

}  // namespace
