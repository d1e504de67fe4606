// Rows of the area `task`, about cancel(). Taking a request back: task_uncancel_test.cpp.
#include "row.hpp"

#include <atomic>
#include <memory>

namespace {

using namespace silk_conformance;

ROW(task, cancel_twice_counts_two) {
  run([&]() -> silk::task<> {
    int caught = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      std::exception_ptr stop;
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        ++caught;
        stop = std::current_exception();
      }
      // Cleans up until the second request is there, too; that one finds it running.
      while (silk::current_task().cancelling() < 2) static_cast<void>(silk::now());
      std::rethrow_exception(stop);
    });
    co_await at_rest();
    EXPECT_TRUE(handle.cancel());
    EXPECT_TRUE(handle.cancel());
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(handle.cancelling(), 2u);
    EXPECT_EQ(caught, 1);
  });
}

ROW(task, cancel_done_returns_false) {
  run([]() -> silk::task<> {
    const auto value = silk::spawn([]() -> silk::task<int> { co_return 7; });
    const auto error = silk::spawn([]() -> silk::task<> {
      throw failure_e();
      co_return;
    });
    const auto stopped = silk::spawn(never_ends());
    EXPECT_TRUE(stopped.cancel("first"));
    static_cast<void>(co_await silk::gather_settled(value, error, stopped));
    EXPECT_FALSE(value.cancel("late"));
    EXPECT_FALSE(error.cancel("late"));
    EXPECT_FALSE(stopped.cancel("late"));
    EXPECT_EQ(value.result(), 7);
    EXPECT_EQ(told([&] { error.result(); }), "E");
    EXPECT_EQ(told([&] { stopped.result(); }), "cancelled: first");
    EXPECT_FALSE(value.is_cancelled());
    EXPECT_FALSE(error.is_cancelled());
    EXPECT_EQ(value.cancelling(), 0u);
  });
}

// docs/cancellation.md: w2a w2c
ROW(task, cancel_at_zero_sleep) {
  run([&]() -> silk::task<> {
    int reached = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(0s);
      reached = 1;
      silk::current_task().cancel("enough");  // as if it came at the right moment from outside
      co_await silk::sleep(0s);
      reached = 2;
    });
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(reached, 1);
    EXPECT_TRUE(handle.is_cancelled());

    // On one worker a turn is enough to bring it to its second sleep, where it stays until the next.
    reached = 0;
    if (workers() != 1) co_return;
    const auto parked = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(0s);
      reached = 1;
      co_await silk::sleep(0s);
      reached = 2;
    });
    for (int i = 0; i < 10 && reached == 0; ++i) co_await silk::yield();
    EXPECT_EQ(reached, 1);
    EXPECT_TRUE(parked.cancel("enough"));
    const std::string end_of_parked = co_await ending(parked);
    EXPECT_EQ(end_of_parked, "cancelled: enough");
    EXPECT_EQ(reached, 1);
  });
}

ROW(task, cancel_before_start_skips_body) {
  run([&]() -> silk::task<> {
    std::atomic<bool> began{false};
    std::atomic<bool> went_on{false};
    const auto handle = silk::spawn([&]() -> silk::task<> {
      began = true;
      co_await never_ends();
      went_on = true;
    });
    EXPECT_TRUE(handle.cancel("not needed"));
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: not needed");
    EXPECT_FALSE(went_on);
    if (workers() == 1) {
      EXPECT_FALSE(began);  // this task has not let go of the only worker
    }
  });
}

ROW(task, cancel_reaches_awaited_future) {
  run([]() -> silk::task<> {
    silk::promise<> promise;
    const auto future = promise.get_future();
    std::string caught;
    std::size_t waiting = 1;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      try {
        co_await future;
      } catch (const silk::cancelled& stop) {
        caught = stop.reason();
        waiting = future.waiting();
        throw;
      }
    });
    co_await at_rest();
    EXPECT_EQ(future.waiting(), 1u);
    EXPECT_TRUE(handle.cancel("enough"));
    EXPECT_TRUE(future.is_cancelled());
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(caught, "enough");
    EXPECT_EQ(waiting, 0u);
  });
}

ROW(task, cancelled_future_cancels_awaiter) {
  run([]() -> silk::task<> {
    silk::promise<> promise;
    const auto future = promise.get_future();
    bool thrown_there = false;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      try {
        co_await future;
      } catch (const silk::cancelled&) {
        thrown_there = true;
        throw;
      }
    });
    co_await at_rest();
    EXPECT_TRUE(future.cancel());
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(thrown_there);
    EXPECT_TRUE(handle.is_cancelled());
  });
}

ROW(task, cancel_task_and_future_together) {
  run([]() -> silk::task<> {
    silk::promise<> promise;
    const auto future = promise.get_future();
    std::atomic<int> resumptions{0};
    const auto handle = silk::spawn([&]() -> silk::task<> {
      try {
        co_await future;
      } catch (const silk::cancelled&) {
        ++resumptions;
        throw;
      }
      ++resumptions;
    });
    co_await at_rest();
    EXPECT_TRUE(future.cancel());
    handle.cancel();  // with many workers it may come too late, and then says false
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
    co_await at_rest();
    EXPECT_TRUE(future.is_cancelled());
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_TRUE(handle.done());
    EXPECT_EQ(resumptions, 1);
  });
}

ROW(task, cancel_caught_returns_value) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<int> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
      }
      co_return 42;
    });
    co_await at_rest();
    EXPECT_TRUE(handle.cancel());
    const int value = co_await handle;
    EXPECT_EQ(value, 42);
    EXPECT_FALSE(handle.is_cancelled());
  });
}

ROW(task, cancel_ignored_then_continues) {
  run([]() -> silk::task<> {
    silk::promise<int> later;
    const auto future = later.get_future();
    const auto handle = silk::spawn([&]() -> silk::task<int> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
      }
      co_return co_await future;
    });
    co_await at_rest();
    EXPECT_TRUE(handle.cancel());
    co_await at_rest();
    EXPECT_FALSE(future.done());
    EXPECT_EQ(future.waiting(), 1u);
    later.set_value(7);
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_FALSE(handle.is_cancelled());
  });
}

ROW(task, cancel_self_hits_next_suspension) {
  run([]() -> silk::task<> {
    bool went_on = false;
    bool past_the_wait = false;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      EXPECT_TRUE(silk::current_task().cancel("myself"));
      went_on = true;
      co_await silk::sleep(1h);
      past_the_wait = true;
    });
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: myself");
    EXPECT_TRUE(went_on);
    EXPECT_FALSE(past_the_wait);
    EXPECT_EQ(elapsed(), 0s);
  });
}

ROW(task, cancel_self_then_return) {
  run([]() -> silk::task<> {
    const auto value = std::make_shared<int>(7);
    const auto handle = silk::spawn([&]() -> silk::task<std::shared_ptr<int>> {
      silk::current_task().cancel("myself");
      co_return value;
    });
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: myself");
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(value.use_count(), 1);
  });
}

ROW(task, cancel_of_awaited_task_can_be_absorbed) {
  run([]() -> silk::task<> {
    bool came_to_inner = false;
    const auto inner = silk::spawn([&]() -> silk::task<int> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        came_to_inner = true;
      }
      co_return 7;
    });
    const auto outer = silk::spawn([&]() -> silk::task<int> {
      const int value = co_await inner;
      EXPECT_TRUE(came_to_inner);
      co_return value + 1;
    });
    co_await at_rest();
    EXPECT_TRUE(outer.cancel());
    const int value = co_await outer;
    EXPECT_EQ(value, 8);
    EXPECT_FALSE(outer.is_cancelled());
    EXPECT_EQ(outer.cancelling(), 1u);
    EXPECT_EQ(inner.result(), 7);
  });
}

ROW(task, cancel_message_exception) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(never_ends());
    handle.cancel("enough");
    static_cast<void>(co_await ending(handle));
    EXPECT_EQ(told([&] { static_cast<void>(handle.exception()); }), "cancelled: enough");
  });
}

ROW(task, cancel_chained_as_cause) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(never_ends());
    const auto outer = silk::spawn([&]() -> silk::task<> {
      try {
        co_await inner;
      } catch (const silk::cancelled&) {
        std::throw_with_nested(failure_e("something else"));
      }
    });
    co_await at_rest();
    inner.cancel("enough");
    const std::string end = co_await ending(outer);
    EXPECT_EQ(end, "something else");
    EXPECT_FALSE(outer.is_cancelled());
    std::string cause;
    try {
      outer.result();
    } catch (const failure_e& error) {
      cause = told([&] { std::rethrow_if_nested(error); });
    }
    EXPECT_EQ(cause, "cancelled: enough");
  });
}

ROW(task, cancelled_error_without_request) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn([]() -> silk::task<> {
      throw silk::cancelled("my own");
      co_return;
    });
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: my own");
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(handle.cancelling(), 0u);
  });
}

ROW(task, cancel_between_wake_and_resume) {
  run([&]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    std::atomic<int> resumptions{0};
    const auto handle = silk::spawn([&]() -> silk::task<int> {
      try {
        const int value = co_await future;
        ++resumptions;
        co_return value;
      } catch (const silk::cancelled&) {
        ++resumptions;
        throw;
      }
    });
    co_await at_rest();
    promise.set_value(7);
    const bool accepted = handle.cancel("enough");
    const std::string end = co_await ending(handle);
    // With many workers it may have ended before the cancel: an accepted one is never lost.
    EXPECT_EQ(end, accepted ? "cancelled: enough" : "value");
    if (workers() == 1) {
      EXPECT_TRUE(accepted);
    }
    EXPECT_EQ(future.result(), 7);
    EXPECT_FALSE(future.is_cancelled());
    co_await at_rest();
    EXPECT_EQ(resumptions, 1);
  });
}

}  // namespace
