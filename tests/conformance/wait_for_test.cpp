// Rows of the area `wait_for`: asyncio.wait_for is silk::with_timeout.
#include "row.hpp"

#include <atomic>
#include <memory>

namespace {

using namespace silk_conformance;

// Is cancelled, and takes `d` to clean up.
silk::task<int> cleans_up_for(silk::duration d, bool& cleaned) {
  std::exception_ptr stop;
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
    stop = std::current_exception();
  }
  if (stop == nullptr) co_return 0;
  co_await silk::sleep(d);
  cleaned = true;
  std::rethrow_exception(stop);
}

template <class What>
silk::task<int> at_most(silk::duration d, What what) {
  co_return co_await silk::with_timeout(d, std::move(what));
}

silk::task<int> shielded(silk::future<int> watched) { co_return co_await silk::shield(watched); }

ROW(wait_for, result_in_time) {
  run([]() -> silk::task<> {
    const int of_a_task = co_await silk::with_timeout(2s, gives_after(1s, 1));
    const auto handle = silk::spawn(gives_after(1s, 2));
    const int of_a_handle = co_await silk::with_timeout(2s, handle);
    const int without_limit =
        co_await silk::with_timeout(silk::duration::max(), gives_after(1h, 3));
    EXPECT_EQ(of_a_task, 1);
    EXPECT_EQ(of_a_handle, 2);
    EXPECT_EQ(without_limit, 3);
    EXPECT_EQ(elapsed(), 1h + 2s);
  });
}

ROW(wait_for, timeout_cancels_and_throws) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto handle = silk::spawn(cleans_up_for(1s, cleaned));
    const std::string end = co_await ending(at_most(2s, handle));
    EXPECT_EQ(end, "timeout");
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(handle.done());
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(elapsed(), 3s);
  });
}

ROW(wait_for, timeout_has_cancel_as_cause) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    std::string cause = "none";
    try {
      co_await silk::with_timeout(1s, cleans_up_for(0s, cleaned));
    } catch (const silk::timeout_error& late) {
      cause = told_of(late.cause());
    }
    EXPECT_EQ(cause.substr(0, 9), "cancelled");

    const auto handle = silk::spawn(never_ends());
    std::string cause_of_handle = "none";
    try {
      co_await silk::with_timeout(1s, handle);
    } catch (const silk::timeout_error& late) {
      cause_of_handle = told_of(late.cause());
    }
    EXPECT_EQ(cause_of_handle, told_of(handle.ref().exception()));
  });
}

ROW(wait_for, outer_cancel_waits_for_inner) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto inner = silk::spawn(cleans_up_for(1s, cleaned));
    const auto outer = silk::spawn(at_most(1h, inner));
    co_await at_rest();
    EXPECT_TRUE(outer.cancel("enough"));
    const std::string end = co_await ending(outer);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(inner.done());
    EXPECT_EQ(elapsed(), 1s + 1ms);
  });
}

ROW(wait_for, outer_cancel_cancels_inner) {
  run([]() -> silk::task<> {
    const auto limited = silk::spawn(gives_after(1h, 1));
    const auto unlimited = silk::spawn(gives_after(1h, 2));
    const auto with_limit = silk::spawn(at_most(2h, limited));
    const auto without_limit = silk::spawn(at_most(silk::duration::max(), unlimited));
    co_await at_rest();
    with_limit.cancel("one");
    without_limit.cancel("two");
    const std::string end = co_await ending(with_limit);
    const std::string other_end = co_await ending(without_limit);
    EXPECT_EQ(end, "cancelled: one");
    EXPECT_EQ(other_end, "cancelled: two");
    EXPECT_TRUE(limited.is_cancelled());
    EXPECT_TRUE(unlimited.is_cancelled());
    EXPECT_EQ(elapsed(), 1ms);
  });
}

ROW(wait_for, nonpositive_timeout_done_future) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    promise.set_value(7);
    const int at_zero = co_await silk::with_timeout(0s, promise.get_future());
    const int before = co_await silk::with_timeout(-1s, promise.get_future());
    EXPECT_EQ(at_zero, 7);
    EXPECT_EQ(before, 7);
  });
}

ROW(wait_for, nonpositive_timeout_coroutine_not_started) {
  run([]() -> silk::task<> {
    bool began = false;
    const auto token = std::make_shared<int>(0);
    const auto body = [](bool& began_here, std::shared_ptr<int>) -> silk::task<int> {
      began_here = true;
      co_return 7;
    };
    const std::string end = co_await ending(at_most(0s, body(began, token)));
    EXPECT_EQ(end, "timeout");
    EXPECT_FALSE(began);
    EXPECT_EQ(token.use_count(), 1);
  });
}

ROW(wait_for, nonpositive_timeout_running_task) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto first = silk::spawn(cleans_up_for(1s, cleaned));
    co_await at_rest();
    const std::string at_zero = co_await ending(at_most(0s, first));
    EXPECT_EQ(at_zero, "timeout");
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(first.is_cancelled());

    cleaned = false;
    const auto second = silk::spawn(cleans_up_for(1s, cleaned));
    co_await at_rest();
    const std::string before = co_await ending(at_most(-1s, second));
    EXPECT_EQ(before, "timeout");
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(second.is_cancelled());
    EXPECT_EQ(elapsed(), 2s + 2ms);
  });
}

ROW(wait_for, inner_swallows_cancel_returns_value) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn([]() -> silk::task<int> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
      }
      co_return 7;
    });
    const int value = co_await silk::with_timeout(1s, inner);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(elapsed(), 1s);
  });
}

ROW(wait_for, inner_error_during_cancel) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = std::make_exception_ptr(failure_e());
    const auto inner = silk::spawn([&]() -> silk::task<int> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        std::rethrow_exception(error);
      }
      co_return 7;
    });
    std::exception_ptr seen;
    try {
      co_await silk::with_timeout(1s, inner);
    } catch (const failure_e&) {
      seen = std::current_exception();
    }
    EXPECT_EQ(seen, error);
  });
}

// As in asyncio from 3.12 on: the second cancel goes on to the inner task, which may resist again; what it
// gives then is what the caller gets.
ROW(wait_for, second_cancel_while_inner_resists) {
  run([]() -> silk::task<> {
    int cancels = 0;
    const auto inner = silk::spawn([&]() -> silk::task<int> {
      while (cancels < 2) {
        try {
          co_await never_ends();
        } catch (const silk::cancelled&) {
          ++cancels;
        }
      }
      co_await silk::sleep(1s);
      co_return 42;
    });
    const auto caller = silk::spawn(at_most(1s, inner));
    co_await silk::sleep(2s);  // the time is up, and inner has swallowed that
    EXPECT_EQ(cancels, 1);
    EXPECT_FALSE(caller.done());
    EXPECT_TRUE(caller.cancel("enough"));
    const std::string end = co_await ending(caller);
    EXPECT_EQ(end, "value");
    EXPECT_EQ(cancels, 2);
    EXPECT_EQ(inner.result(), 42);
    EXPECT_EQ(elapsed(), 3s);
  });
}

ROW(wait_for, cancel_races_with_completion) {
  run([&]() -> silk::task<> {
    for (int i = 0; i < 20; ++i) {
      silk::promise<int> promise;
      const auto inner = promise.get_future();
      bool went_on = false;
      const auto caller = silk::spawn([&]() -> silk::task<> {
        co_await silk::with_timeout(1h, inner);
        went_on = true;
      });
      co_await at_rest();
      promise.set_value(7);
      const bool accepted = caller.cancel("enough");
      const std::string end = co_await ending(caller);
      EXPECT_EQ(end, accepted ? "cancelled: enough" : "value");
      if (workers() == 1) {
        EXPECT_TRUE(accepted);
        EXPECT_FALSE(went_on);
      }
      EXPECT_EQ(inner.result(), 7);
    }
  });
}

ROW(wait_for, shield_zero_timeout) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(gives_after(1s, 7));
    co_await at_rest();
    const std::string end = co_await ending(at_most(0s, shielded(inner)));
    EXPECT_EQ(end, "timeout");
    // A shield that stands on its own is told.
    const auto shield = silk::spawn(shielded(inner));
    co_await at_rest();
    const std::string end_of_standing = co_await ending(at_most(0s, shield));
    EXPECT_EQ(end_of_standing, "timeout");
    EXPECT_TRUE(shield.is_cancelled());
    EXPECT_FALSE(inner.done());
    EXPECT_EQ(inner.cancelling(), 0u);
    const int value = co_await inner;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(elapsed(), 1s);
  });
}

ROW(wait_for, shield_no_timeout) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn(gives_after(1s, 7));
    const int value = co_await silk::with_timeout(silk::duration::max(), shielded(inner));
    EXPECT_EQ(value, 7);
    EXPECT_TRUE(inner.done());
    EXPECT_EQ(elapsed(), 1s);
  });
}

ROW(wait_for, timer_disarmed) {
  silk::runtime runtime(options());
  runtime.block_on([]() -> silk::task<> {
    const int value = co_await silk::with_timeout(1h, gives_after(1s, 7));
    EXPECT_EQ(value, 7);
    const std::string failed = co_await ending(at_most(1h, []() -> silk::task<int> {
      co_await silk::sleep(1s);
      throw failure_e();
    }()));
    EXPECT_EQ(failed, "E");
    const auto waiter = silk::spawn(at_most(1h, gives_after(2h, 7)));
    co_await silk::sleep(1s);
    waiter.cancel();
    const std::string stopped = co_await ending(waiter);
    EXPECT_EQ(stopped, "cancelled");
    EXPECT_EQ(elapsed(), 3s);
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 3s);
}

}  // namespace
