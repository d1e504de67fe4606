// Rows of the area `timeout`: asyncio.timeout() is silk::timeout_scope.
#include "row.hpp"

#include <optional>
#include <vector>

namespace {

using namespace silk_conformance;
using silk::timeout_scope;
using silk::timeout_state;

silk::task<> never() {
  silk::promise<> kept;
  co_await kept.get_future();
}

ROW(timeout, not_reached) {
  run([]() -> silk::task<> {
    timeout_scope limit(10s);
    const auto began = silk::now();
    co_await limit.run(silk::sleep(1s));
    EXPECT_FALSE(limit.expired());
    EXPECT_EQ(limit.when(), began + 10s);
    EXPECT_GT(*limit.when(), silk::now());
    EXPECT_EQ(limit.state(), timeout_state::finished);
    co_await at_rest();  // an armed timer would have let more time pass, had it been alone
    EXPECT_EQ(silk::now(), began + 1s + 1ms);
  });
}

ROW(timeout, none_disables) {
  run([]() -> silk::task<> {
    timeout_scope limit;
    EXPECT_EQ(limit.when(), std::nullopt);
    co_await limit.run(silk::sleep(10'000h));
    EXPECT_FALSE(limit.expired());
    EXPECT_EQ(limit.when(), std::nullopt);
  });
}

ROW(timeout, zero) {
  run([]() -> silk::task<> {
    for (const bool sleeps_for_nothing : {false, true}) {
      const auto entry = silk::now();
      timeout_scope limit(0s);
      bool began = false, went_on = false;
      const std::string end = co_await ending(limit.run([&]() -> silk::task<> {
        began = true;
        if (sleeps_for_nothing) {
          co_await silk::sleep(0s);
        } else {
          co_await silk::sleep(10s);
        }
        went_on = true;
      }));
      EXPECT_EQ(end, "timeout");
      EXPECT_TRUE(began);
      EXPECT_FALSE(went_on);
      EXPECT_TRUE(limit.expired());
      EXPECT_GE(*limit.when(), entry);
      EXPECT_LE(*limit.when(), silk::now());
    }
  });
}

ROW(timeout, in_the_past) {
  run([]() -> silk::task<> {
    co_await silk::sleep(5s);
    const auto entry = silk::now();
    timeout_scope limit(-1s);
    EXPECT_EQ(limit.when(), entry - 1s);
    const std::string end = co_await ending(limit.run([]() -> silk::task<> {
      co_await silk::sleep(0s);
      ADD_FAILURE() << "the first suspension must not be passed";
    }));
    EXPECT_EQ(end, "timeout");
    EXPECT_TRUE(limit.expired());
    EXPECT_LT(*limit.when(), entry);
  });
}

ROW(timeout, body_without_suspension) {
  run([]() -> silk::task<> {
    timeout_scope limit(-1s);
    const int value = co_await limit.run([]() -> silk::task<int> { co_return 7; });
    EXPECT_EQ(value, 7);
    EXPECT_FALSE(limit.expired());
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    co_await silk::sleep(1s);  // and nothing is left to interrupt this
  });
}

ROW(timeout, foreign_exception_before_expiry) {
  run([]() -> silk::task<> {
    timeout_scope limit(10s);
    const std::string end = co_await ending(limit.run([]() -> silk::task<> {
      co_await silk::sleep(1s);
      throw failure_e("other");
    }));
    EXPECT_EQ(end, "other");
    EXPECT_FALSE(limit.expired());
  });
}

ROW(timeout, foreign_exception_on_expiry) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    const std::string end = co_await ending(limit.run([]() -> silk::task<> {
      try {
        co_await never();
      } catch (const silk::cancelled&) {
        throw failure_e("other");
      }
    }));
    EXPECT_EQ(end, "other");
    EXPECT_TRUE(limit.expired());
  });
}

ROW(timeout, foreign_cancel_before_expiry) {
  run([]() -> silk::task<> {
    timeout_scope limit(10s);
    const auto task = silk::spawn([&]() -> silk::task<> { co_await limit.run(never()); });
    co_await at_rest();
    task.cancel("other");
    const std::string end = co_await ending(task);
    EXPECT_EQ(end, "cancelled: other");
    EXPECT_FALSE(limit.expired());
  });
}

ROW(timeout, foreign_cancel_and_expiry) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    unsigned after = 0;
    const auto task = silk::spawn([&]() -> silk::task<> {
      std::string end;
      try {
        co_await limit.run([&]() -> silk::task<> {
          bool stopped = false;
          try {
            co_await never();
          } catch (const silk::cancelled&) {
            stopped = true;
          }
          EXPECT_TRUE(stopped);
          co_await silk::sleep(1s);  // cleans up; meanwhile somebody cancels from outside
        });
        end = "value";
      } catch (const silk::cancelled&) {
        end = "cancelled";
      } catch (const silk::timeout_error&) {
        end = "timeout";
      }
      EXPECT_EQ(end, "cancelled");
      after = co_await silk::this_task::cancelling();
    });
    co_await silk::sleep(1500ms);
    EXPECT_TRUE(limit.expired());
    EXPECT_TRUE(task.cancel("outside"));
    const std::vector tasks{task};
    co_await silk::wait(tasks);
    EXPECT_EQ(after, 1u);
  });
}

ROW(timeout, task_not_left_cancelled) {
  run([]() -> silk::task<> {
    const auto task = silk::spawn([]() -> silk::task<> {
      timeout_scope limit(1s);
      const std::string end = co_await ending(limit.run(never()));
      EXPECT_EQ(end, "timeout");
      const unsigned requests = co_await silk::this_task::cancelling();
      EXPECT_EQ(requests, 0u);
      co_await silk::sleep(1s);
    });
    co_await task;
    EXPECT_FALSE(task.is_cancelled());
    EXPECT_EQ(task.cancelling(), 0u);
  });
}

ROW(timeout, nested_same_deadline) {
  const bool one_worker = workers() == 1;
  run([one_worker]() -> silk::task<> {
    const auto deadline = silk::now() + 1s;
    timeout_scope outer(deadline), inner(deadline);
    std::string inside;
    const std::string end = co_await ending(outer.run([&]() -> silk::task<> {
      try {
        co_await inner.run(never());
      } catch (...) {
        inside = told_of(std::current_exception());
        throw;
      }
    }));
    EXPECT_EQ(end, "timeout");
    EXPECT_TRUE(outer.expired() || inside == "timeout");
    // With more workers the inner timer may be taken back before its turn comes, or come first.
    if (one_worker) {
      EXPECT_TRUE(outer.expired());
      EXPECT_TRUE(inner.expired());
      EXPECT_EQ(inside, "cancelled: the time is up");
    }
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    co_await silk::sleep(1s);  // no cancel is left over
  });
}

ROW(timeout, nested_loop_busy) {
  run([]() -> silk::task<> {
    const auto began = silk::now();
    timeout_scope outer(100ms), inner(10ms);
    std::string inside;
    const std::string end = co_await ending(outer.run([&]() -> silk::task<> {
      inside = co_await ending(inner.run([]() -> silk::task<> {
        co_await silk::sleep(200ms);  // virtual time passes both deadlines in their order
      }));
      co_await silk::sleep(10s);
    }));
    EXPECT_EQ(inside, "timeout");
    EXPECT_EQ(end, "timeout");
    EXPECT_LE(silk::now() - began, 1s);
  });
}

ROW(timeout, reschedule) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    const auto began = silk::now();
    const auto task = silk::spawn([&]() -> silk::task<> { co_await limit.run(never()); });
    co_await silk::sleep(500ms);
    limit.reschedule(began + 5s);
    EXPECT_EQ(limit.when(), began + 5s);
    co_await silk::sleep(2s);
    EXPECT_FALSE(limit.expired());
    EXPECT_FALSE(task.done());
    limit.reschedule(std::nullopt);
    EXPECT_EQ(limit.when(), std::nullopt);
    co_await silk::sleep(100h);
    EXPECT_EQ(limit.state(), timeout_state::active);
    task.cancel();
    const std::string end = co_await ending(task);
    EXPECT_EQ(end, "cancelled");
    EXPECT_FALSE(limit.expired());
  });
}

ROW(timeout, reschedule_to_past) {
  run([]() -> silk::task<> {
    timeout_scope running(10h), waiting(10h);
    const std::string end = co_await ending(running.run([](timeout_scope& scope) -> silk::task<> {
      scope.reschedule(silk::now() - 1s);
      co_await silk::sleep(0s);
      ADD_FAILURE() << "the next suspension must not be passed";
    }));
    EXPECT_EQ(end, "timeout");
    EXPECT_TRUE(running.expired());

    const auto began = silk::now();
    const auto task = silk::spawn([&]() -> silk::task<> { co_await waiting.run(never()); });
    co_await at_rest();
    waiting.reschedule(began - 1s);
    const std::string second = co_await ending(task);
    EXPECT_EQ(second, "timeout");
    EXPECT_EQ(silk::now(), began + 1ms);
  });
}

ROW(timeout, nested_in_cleanup) {
  run([]() -> silk::task<> {
    timeout_scope outer(1s), inner(1s);
    std::string inside;
    const std::string end = co_await ending(outer.run([&]() -> silk::task<> {
      std::exception_ptr stopped;
      try {
        co_await never();
      } catch (const silk::cancelled&) {
        stopped = std::current_exception();
      }
      inside = co_await ending(inner.run(never()));
      if (stopped) std::rethrow_exception(stopped);
    }));
    EXPECT_EQ(inside, "timeout");
    EXPECT_EQ(end, "timeout");
  });
}

// Swallows the first cancel of the calling task, and does not take it back.
silk::task<> swallow_a_cancel() {
  try {
    co_await never();
  } catch (const silk::cancelled&) {
  }
  const unsigned requests = co_await silk::this_task::cancelling();
  EXPECT_EQ(requests, 1u);
}

ROW(timeout, after_handled_cancellation) {
  run([]() -> silk::task<> {
    const auto task = silk::spawn([]() -> silk::task<> {
      co_await swallow_a_cancel();
      timeout_scope limit(1s);
      const std::string end = co_await ending(limit.run(never()));
      EXPECT_EQ(end, "timeout");
      EXPECT_TRUE(limit.expired());
      const unsigned requests = co_await silk::this_task::cancelling();
      EXPECT_EQ(requests, 1u);
    });
    co_await at_rest();
    task.cancel();
    co_await task;
  });
}

ROW(timeout, cancel_after_handled_cancellation) {
  run([]() -> silk::task<> {
    timeout_scope limit(10s);
    const auto task = silk::spawn([&]() -> silk::task<> {
      co_await swallow_a_cancel();
      co_await limit.run(never());
    });
    co_await at_rest();
    task.cancel("first");
    co_await at_rest();
    task.cancel("second");
    const std::string end = co_await ending(task);
    EXPECT_EQ(end, "cancelled: second");
    EXPECT_FALSE(limit.expired());
  });
}

ROW(timeout, error_has_cancel_as_cause) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    std::exception_ptr cause;
    try {
      co_await limit.run(never());
    } catch (const silk::timeout_error& error) {
      cause = error.cause();
    }
    EXPECT_EQ(told_of(cause), "cancelled: the time is up");
  });
}

ROW(timeout, enter_twice_while_active) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    std::string second;
    co_await limit.run([&]() -> silk::task<> { second = co_await ending(limit.run(never())); });
    EXPECT_EQ(second, "usage");
  });
}

ROW(timeout, enter_after_exit) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    co_await limit.run(silk::sleep(0s));
    const std::string again = co_await ending(limit.run(never()));
    EXPECT_EQ(again, "usage");
  });
}

// What reschedule() says when it must not be called.
std::string refusal(timeout_scope& limit) {
  try {
    limit.reschedule(silk::now() + 1s);
  } catch (const silk::usage_error& error) {
    return error.what();
  }
  return "";
}

ROW(timeout, reschedule_finished) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    co_await limit.run(silk::sleep(0s));
    EXPECT_NE(refusal(limit).find("is finished"), std::string::npos);
  });
}

ROW(timeout, reschedule_expired) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    const std::string end = co_await ending(limit.run(never()));
    EXPECT_EQ(end, "timeout");
    EXPECT_NE(refusal(limit).find("is expired"), std::string::npos);
  });
}

ROW(timeout, reschedule_expiring) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    std::string said;
    const std::string end = co_await ending(limit.run([&]() -> silk::task<> {
      try {
        co_await never();
      } catch (const silk::cancelled&) {
        said = refusal(limit);
        throw;
      }
    }));
    EXPECT_EQ(end, "timeout");
    EXPECT_NE(said.find("is expiring"), std::string::npos);
  });
}

ROW(timeout, reschedule_not_entered) {
  timeout_scope limit(1s);
  EXPECT_NE(refusal(limit).find("not entered"), std::string::npos);
}

ROW(timeout, swallowed_cancel_then_normal_exit) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    co_await limit.run([]() -> silk::task<> {
      try {
        co_await never();
      } catch (const silk::cancelled&) {
      }
    });
    EXPECT_TRUE(limit.expired());
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
  });
}

// Nothing but a task can await, and what was not awaited has not entered.
ROW(timeout, needs_task) {
  timeout_scope limit(1s);
  {
    static_cast<void>(limit.run(never()));
  }
  EXPECT_EQ(limit.state(), timeout_state::created);
  run([&]() -> silk::task<> { co_await limit.run(silk::sleep(0s)); });
  EXPECT_EQ(limit.state(), timeout_state::finished);
}

ROW(timeout, text_shows_state) {
  run([]() -> silk::task<> {
    const auto deadline = silk::now() + 1s;
    timeout_scope expires(deadline), finishes(deadline);
    EXPECT_EQ(expires.state(), timeout_state::created);
    const std::string end = co_await ending(expires.run([&]() -> silk::task<> {
      EXPECT_EQ(expires.state(), timeout_state::active);
      EXPECT_EQ(expires.when(), deadline);
      co_await never();
    }));
    EXPECT_EQ(end, "timeout");
    EXPECT_EQ(expires.state(), timeout_state::expired);
    timeout_scope later(1s);
    co_await later.run(silk::sleep(0s));
    EXPECT_EQ(later.state(), timeout_state::finished);
  });
}

ROW(timeout, text_disabled) {
  run([]() -> silk::task<> {
    timeout_scope limit;
    co_await limit.run([&]() -> silk::task<> {
      EXPECT_EQ(limit.state(), timeout_state::active);
      EXPECT_EQ(limit.when(), std::nullopt);
      co_return;
    });
  });
}

ROW(timeout, with_task_group) {
  run([]() -> silk::task<> {
    timeout_scope limit(1s);
    std::string kind;
    try {
      co_await limit.run(silk::with_task_group([](silk::task_group& group) -> silk::task<> {
        group.spawn([]() -> silk::task<> {
          try {
            co_await never();
          } catch (const silk::cancelled&) {
            throw failure_e("in cleanup");
          }
        });
        co_await never();
      }));
    } catch (const silk::exception_group& group) {
      EXPECT_EQ(group.exceptions().size(), 1u);
      kind = told_of(group.exceptions().front());
    }
    EXPECT_EQ(kind, "in cleanup");
  });
}

}  // namespace
