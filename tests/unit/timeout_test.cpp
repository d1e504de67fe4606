// with_timeout and with_deadline over tasks. Over handles, and many at once: timeout_more_test.cpp.
#include "at_workers.hpp"

#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class timeout : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(timeout);

bool runtime_has_one_worker() { return silk::runtime::current().workers() == 1; }

TEST_P(timeout, gives_the_value_of_a_body_that_is_in_time) {
  run([]() -> silk::task<> {
    const int value = co_await silk::with_timeout(2s, answer_after(1s, 42));
    EXPECT_EQ(value, 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout, gives_the_value_of_a_body_that_never_suspends) {
  run([]() -> silk::task<> {
    const auto at_once = []() -> silk::task<int> { co_return 7; };
    for (int i = 0; i < 1000; ++i) {
      const int value = co_await silk::with_timeout(1ns, at_once());
      EXPECT_EQ(value, 7);
    }
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

// docs/cancellation.md: t6
TEST_P(timeout, cancels_the_body_and_waits_for_it_before_it_throws) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const std::string how = co_await ending(at_most(10s, cleans_up_for(5s, cleaned)));
    EXPECT_EQ(how, "timeout");
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(silk::now().time_since_epoch(), 15s);
  });
}

TEST_P(timeout, tells_the_body_that_the_time_is_up) {
  run([]() -> silk::task<> {
    std::string reason;
    const std::string how = co_await ending(at_most(1s, keeps_the_reason(reason)));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(reason, "the time is up");
  });
}

// Its body begins when it has been cancelled.
TEST_P(timeout, tells_the_body_that_the_time_was_up_before) {
  run([]() -> silk::task<> {
    std::string reason;
    silk::timeout_scope limit(-1s);
    const std::string how =
        co_await ending(limit.run([&reason] { return keeps_the_reason(reason); }));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(reason, "the time is up");
  });
}

silk::task<int> swallows_a_cancel(int value) {
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    co_return value;
  }
  co_return 0;
}

// docs/cancellation.md: t4
TEST_P(timeout, gives_what_the_body_answers_when_the_time_is_up) {
  run([]() -> silk::task<> {
    const int value = co_await silk::with_timeout(1s, swallows_a_cancel(42));
    EXPECT_EQ(value, 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

silk::task<> answers_a_cancel_with(int number) {
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    throw boom(number);
  }
}

// docs/cancellation.md: t2
TEST_P(timeout, throws_what_the_body_throws_when_the_time_is_up) {
  run([]() -> silk::task<> {
    int number = 0;
    try {
      co_await silk::with_timeout(1s, answers_a_cancel_with(5));
    } catch (const boom& error) {
      number = error.number;
    }
    EXPECT_EQ(number, 5);
  });
}

// docs/cancellation.md: t2
TEST_P(timeout, passes_on_an_error_from_before_the_time_is_up) {
  run([]() -> silk::task<> {
    const std::string how = co_await ending(at_most(2s, fail_after(1s)));
    EXPECT_EQ(how, "boom");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// docs/cancellation.md: t7
TEST_P(timeout, passes_on_a_cancelled_that_the_body_made_itself) {
  run([]() -> silk::task<> {
    const auto gives_up = []() -> silk::task<> {
      co_await silk::sleep(1s);
      throw silk::cancelled("enough");
    };
    std::string reason;
    try {
      co_await silk::with_timeout(2s, gives_up());
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
  });
}

TEST_P(timeout, ends_one_way_when_work_and_time_end_at_the_same_instant) {
  run([]() -> silk::task<> {
    for (int i = 1; i <= 200; ++i) {
      const std::string how = co_await ending(at_most(1s, asleep(1s)));
      EXPECT_TRUE(how == "value" || how == "timeout");
      EXPECT_EQ(silk::now().time_since_epoch(), i * 1s);  // the next sleep was not cut short
    }
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
  });
}

// docs/cancellation.md: t1
TEST_P(timeout, does_not_start_the_body_when_the_time_is_zero_or_less) {
  run([]() -> silk::task<> {
    for (const silk::duration d : {0ns, -1ns, silk::duration::min()}) {
      bool started = false;
      auto held = std::make_shared<int>(1);
      const auto body = [](bool& flag, std::shared_ptr<int>) -> silk::task<> {
        flag = true;
        co_return;
      };
      const std::string how = co_await ending(at_most(d, body(started, held)));
      EXPECT_EQ(how, "timeout");
      EXPECT_FALSE(started);
      EXPECT_EQ(held.use_count(), 1);  // its arguments are gone
    }
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

TEST_P(timeout, reaches_a_deadline_on_the_clock_of_the_runtime) {
  run([]() -> silk::task<> {
    co_await silk::sleep(1s);
    const silk::time_point deadline = silk::now() + 4s;
    const auto until = [](silk::time_point t, silk::task<> body) -> silk::task<> {
      co_await silk::with_deadline(t, std::move(body));
    };
    const std::string in_time = co_await ending(until(deadline, asleep(3s)));
    EXPECT_EQ(in_time, "value");
    const std::string late = co_await ending(until(deadline, asleep(3s)));
    EXPECT_EQ(late, "timeout");
    EXPECT_EQ(silk::now(), deadline);
    const std::string past = co_await ending(until(deadline - 1s, asleep(3s)));
    EXPECT_EQ(past, "timeout");
    EXPECT_EQ(silk::now(), deadline);
  });
}

TEST_P(timeout, takes_durations_of_any_size_and_rejects_nan) {
  run([]() -> silk::task<> {
    co_await silk::with_timeout(std::chrono::hours::max(), asleep(1s));
    co_await silk::with_timeout(std::chrono::duration<double>(HUGE_VAL), asleep(1s));
    co_await silk::with_timeout(std::chrono::duration<double>(1.5), asleep(1s));
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
    bool refused = false;
    try {
      co_await silk::with_timeout(std::chrono::duration<double>(std::nan("")), asleep(1s));
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  });
}

struct without_default {
  explicit without_default(int n) : number(n) {}
  int number;
};

TEST_P(timeout, gives_values_of_any_kind) {
  run([]() -> silk::task<> {
    const auto move_only = []() -> silk::task<std::unique_ptr<int>> {
      co_await silk::sleep(1s);
      co_return std::make_unique<int>(3);
    };
    const auto made = []() -> silk::task<without_default> { co_return without_default(4); };
    int target = 5;
    const auto refers = [](int& to) -> silk::task<std::reference_wrapper<int>> {
      co_await silk::yield();
      co_return std::ref(to);
    };
    const std::unique_ptr<int> pointer = co_await silk::with_timeout(2s, move_only());
    EXPECT_EQ(*pointer, 3);
    const without_default object = co_await silk::with_timeout(2s, made());
    EXPECT_EQ(object.number, 4);
    const auto reference = co_await silk::with_timeout(2s, refers(target));
    EXPECT_EQ(&reference.get(), &target);
  });
}

TEST_P(timeout, refuses_a_task_that_was_moved_from) {
  run([]() -> silk::task<> {
    silk::task<> body = asleep(1s);
    const silk::task<> taken = std::move(body);
    const std::string how = co_await ending(at_most(1s, std::move(body)));
    EXPECT_EQ(how, "usage");
  });
}

// ---- cancelled from above ----

// docs/cancellation.md: t5
TEST_P(timeout, passes_a_cancel_on_and_waits_for_the_body) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    auto handle = silk::spawn(at_most(1h, cleans_up_for(5s, cleaned)));
    co_await silk::sleep(1s);
    handle.cancel("enough");
    std::string reason;
    try {
      co_await handle;
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

// docs/cancellation.md: t5
TEST_P(timeout, ends_cancelled_when_it_is_cancelled_after_the_time_was_up) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    unsigned cancelling = 99;
    std::string how = "value";
    const auto body = [&]() -> silk::task<> {
      how = co_await ending(at_most(1s, cleans_up_for(5s, cleaned)));
      cancelling = co_await silk::this_task::cancelling();
    };
    auto handle = silk::spawn(body);
    co_await silk::sleep(3s);
    handle.cancel();
    co_await handle;
    EXPECT_EQ(how, "cancelled");
    EXPECT_EQ(cancelling, 1u);  // the request from outside
    EXPECT_FALSE(cleaned);      // it cut the clean-up short
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(timeout, ends_cancelled_when_cancel_and_deadline_meet) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) {
      auto handle = silk::spawn(at_most(1s, asleep()));
      co_await silk::sleep(1s);
      const bool accepted = handle.cancel();
      bool was_cancelled = false;
      try {
        co_await handle;
      } catch (const silk::cancelled&) {
        was_cancelled = true;
      } catch (const silk::timeout_error&) {
      }
      EXPECT_TRUE(accepted || !was_cancelled);
      // With more workers the cancel may come when the timeout_error is on its way already.
      if (runtime_has_one_worker()) {
        EXPECT_EQ(was_cancelled, accepted);
      }
    }
  });
}

// docs/cancellation.md: t4
TEST_P(timeout, gives_the_value_of_a_body_that_swallows_a_cancel_from_above) {
  run([]() -> silk::task<> {
    unsigned inside = 99, afterwards = 99;
    const auto limited = [&]() -> silk::task<int> {
      const auto body = [&]() -> silk::task<int> {
        const int value = co_await swallows_a_cancel(42);
        inside = co_await silk::this_task::cancelling();
        co_return value;
      };
      const int value = co_await silk::with_timeout(1h, body());
      afterwards = co_await silk::this_task::cancelling();
      co_await silk::sleep(1s);  // nothing is thrown once more
      co_return value;
    };
    auto handle = silk::spawn(limited);
    co_await silk::sleep(1s);
    handle.cancel();
    const int value = co_await handle;
    EXPECT_EQ(value, 42);
    EXPECT_EQ(inside, 1u);
    EXPECT_EQ(afterwards, 1u);
  });
}

// docs/cancellation.md: t3
TEST_P(timeout, throws_a_cancel_that_its_body_has_not_seen) {
  run([]() -> silk::task<> {
    silk::join_handle<int> handle;
    std::string how;
    handle = silk::spawn([&]() -> silk::task<int> {
      co_await silk::sleep(1s);
      const auto body = [&]() -> silk::task<int> {
        co_await silk::sleep(1s);
        handle.cancel("enough");
        co_return 7;
      };
      const auto limited = [&]() -> silk::task<> { co_await silk::with_timeout(1h, body()); };
      how = co_await ending(limited());
      co_await silk::sleep(1s);  // once only
      co_return 8;
    });
    const int value = co_await handle;
    EXPECT_EQ(value, 8);
    EXPECT_EQ(how, "cancelled: enough");
  });
}

// docs/cancellation.md: t2
TEST_P(timeout, leaves_a_cancel_that_its_failing_body_has_not_seen_to_the_next_await) {
  run([]() -> silk::task<> {
    silk::join_handle<void> handle;
    std::string how;
    handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      const auto body = [&]() -> silk::task<> {
        co_await silk::sleep(1s);
        handle.cancel();
        throw boom();
      };
      how = co_await ending(at_most(1h, at_most(2h, body())));
      co_await silk::sleep(1s);
      how += " and went on";
    });
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(how, "boom");
  });
}

// ---- what is left behind ----

TEST_P(timeout, leaves_no_timer_behind) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([]() -> silk::task<> {
    co_await silk::with_timeout(1h, asleep(1s));
    const std::string how = co_await ending(at_most(1h, fail_after(1s)));
    EXPECT_EQ(how, "boom");
    auto handle = silk::spawn(at_most(1h, asleep()));
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string other = co_await ending(handle);
    EXPECT_EQ(other, "cancelled");
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 3s);
}

TEST_P(timeout, leaves_the_task_uncancelled) {
  run([]() -> silk::task<> {
    const std::string how = co_await ending(at_most(1s, asleep()));
    EXPECT_EQ(how, "timeout");
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
    co_await silk::sleep(1s);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(timeout, works_in_a_task_that_went_on_after_a_cancel) {
  run([]() -> silk::task<> {
    std::string first = "value";
    const auto body = [&]() -> silk::task<> {
      const std::string before = co_await ending(asleep());
      EXPECT_EQ(before, "cancelled");
      first = co_await ending(at_most(1s, asleep()));
      co_await silk::with_timeout(1h, asleep());  // a further cancel is not taken for an expiry
    };
    auto handle = silk::spawn(body);
    co_await silk::sleep(1s);
    handle.cancel();
    co_await silk::sleep(2s);
    handle.cancel();
    const std::string second = co_await ending(handle);
    EXPECT_EQ(first, "timeout");
    EXPECT_EQ(second, "cancelled");
    EXPECT_EQ(handle.cancelling(), 2u);
  });
}

// ---- nested ----

TEST_P(timeout, the_shorter_of_two_nested_ones_expires) {
  run([]() -> silk::task<> {
    const auto inner_is_shorter = []() -> silk::task<> {
      const std::string how = co_await ending(at_most(1s, asleep()));
      EXPECT_EQ(how, "timeout");
      co_await silk::sleep(1s);
    };
    const std::string first = co_await ending(at_most(3s, inner_is_shorter()));
    EXPECT_EQ(first, "value");
    const auto outer_is_shorter = [](std::string& inner) -> silk::task<> {
      inner = co_await ending(at_most(5s, asleep()));
      throw silk::cancelled();
    };
    std::string inner = "value";
    const std::string second = co_await ending(at_most(1s, outer_is_shorter(inner)));
    EXPECT_EQ(second, "timeout");
    EXPECT_EQ(inner, "cancelled: the time is up");
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(timeout, nested_ones_with_one_deadline_leave_one_timeout_error) {
  run([]() -> silk::task<> {
    for (int i = 1; i <= 100; ++i) {
      const std::string how = co_await ending(at_most(1s, at_most(1s, at_most(1s, asleep()))));
      EXPECT_EQ(how, "timeout");
      EXPECT_EQ(silk::now().time_since_epoch(), i * 1s);
    }
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
  });
}

TEST_P(timeout, works_in_the_clean_up_of_another_one) {
  run([]() -> silk::task<> {
    std::string inner = "value";
    const auto body = [&]() -> silk::task<> {
      const std::string first = co_await ending(asleep());
      EXPECT_EQ(first, "cancelled: the time is up");
      inner = co_await ending(at_most(1s, asleep()));
      throw silk::cancelled();
    };
    const std::string outer = co_await ending(at_most(1s, body()));
    EXPECT_EQ(inner, "timeout");
    EXPECT_EQ(outer, "timeout");
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(timeout, a_hundred_nested_ones_unwind_in_order) {
  run([]() -> silk::task<> {
    silk::task<> body = asleep();
    for (int i = 0; i < 100; ++i) body = at_most(1s + i * 1ms, std::move(body));
    const std::string how = co_await ending(std::move(body));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

}  // namespace
