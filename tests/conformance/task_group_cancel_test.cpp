// Rows of the area `task_group`: cancelled children, a cancel from above, and task_group::cancel.
#include "groups.hpp"

#include <thread>

namespace {

using namespace silk_conformance;

ROW(task_group, cancelled_child_does_not_abort) {
  run([]() -> silk::task<> {
    silk::join_handle<> stopped;
    silk::join_handle<int> survivor;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      stopped = group.spawn(asleep());
      survivor = group.spawn(gives_after(200ms, 42));
      co_await silk::sleep(100ms);
      EXPECT_TRUE(stopped.cancel());
      const std::string end = co_await ending(stopped);
      EXPECT_EQ(end, "cancelled");
    });
    EXPECT_TRUE(stopped.is_cancelled());
    EXPECT_FALSE(survivor.is_cancelled());
    EXPECT_EQ(survivor.result(), 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 200ms);
  });
}

ROW(task_group, self_cancelled_child_does_not_abort) {
  run([]() -> silk::task<> {
    silk::join_handle<> by_request, by_throwing;
    silk::join_handle<int> survivor;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      by_request = group.spawn([]() -> silk::task<> {
        silk::current_task().cancel();
        co_await asleep();
      });
      by_throwing = group.spawn([]() -> silk::task<> {
        co_await silk::yield();
        throw silk::cancelled();
      });
      survivor = group.spawn(gives_after(200ms, 42));
      co_await silk::sleep(100ms);
      EXPECT_EQ(group.size(), 1u);
    });
    EXPECT_TRUE(by_request.is_cancelled());
    EXPECT_TRUE(by_throwing.is_cancelled());
    EXPECT_EQ(survivor.result(), 42);
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
  });
}

ROW(task_group, parent_cancel_in_body) {
  run([]() -> silk::task<> {
    std::atomic<int> children_ended = 0;
    int ended_when_body_was_told = -1, ended_when_body_ended = -1;
    const std::string end =
        co_await cancelled_after(100ms, [&](silk::task_group& group) -> silk::task<> {
          for (int i = 0; i < 5; ++i) {
            group.spawn([&]() -> silk::task<> {
              try {
                co_await asleep();
              } catch (const silk::cancelled&) {
                ++children_ended;
                throw;
              }
            });
          }
          bool stopped = false;
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            stopped = true;
            ended_when_body_was_told = children_ended;
          }
          if (stopped) co_await silk::sleep(1s);
          ended_when_body_ended = children_ended;
          throw silk::cancelled();
        });
    EXPECT_EQ(end, "cancelled: from above");
    EXPECT_EQ(ended_when_body_was_told, 0);
    EXPECT_EQ(ended_when_body_ended, 0);
    EXPECT_EQ(children_ended, 5);
    EXPECT_EQ(silk::now().time_since_epoch(), 1100ms);
  });
}

ROW(task_group, errors_override_parent_cancel) {
  run([]() -> silk::task<> {
    const std::string end =
        co_await cancelled_after(100ms, [](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_in_cleanup("a"));
          group.spawn(fails_in_cleanup("b"));
          co_await asleep();
        });
    EXPECT_EQ(end, "[a b]");
  });
}

ROW(task_group, child_error_during_body_cleanup) {
  run([]() -> silk::task<> {
    silk::time_point told;
    const std::string end =
        co_await cancelled_after(100ms, [&](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_after(300ms));
          bool stopped = false;
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            told = silk::now();
            stopped = true;
          }
          if (stopped) co_await silk::sleep(500ms);
        });
    EXPECT_EQ(end, "[E]");
    EXPECT_EQ(told.time_since_epoch(), 100ms);
    EXPECT_EQ(silk::now().time_since_epoch(), 300ms);  // the failure interrupts the clean-up, too
  });
}

ROW(task_group, empty_parent_cancel) {
  run([]() -> silk::task<> {
    const std::string end = co_await cancelled_after(100ms, [](silk::task_group&) -> silk::task<> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        throw;
      }
    });
    EXPECT_EQ(end, "cancelled: from above");
  });
}

ROW(task_group, body_converts_cancel_to_error) {
  run([]() -> silk::task<> {
    bool went_on = false;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      std::string end;
      try {
        co_await silk::with_task_group(
            [](silk::task_group&) -> silk::task<> { co_await fails_in_cleanup("body"); });
      } catch (const silk::exception_group&) {
        end = contents(std::current_exception());
      }
      EXPECT_EQ(end, "[body]");
      co_await silk::sleep(1s);  // the cancel has been spent
      went_on = true;
    });
    co_await silk::sleep(100ms);
    handle.cancel();
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "value");
    EXPECT_TRUE(went_on);
  });
}

ROW(task_group, explicit_cancel) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<>> children;
    bool body_interrupted = false;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 5; ++i) children.push_back(group.spawn(asleep()));
      group.spawn([&group]() -> silk::task<> {
        co_await silk::sleep(100ms);
        group.cancel();
      });
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        body_interrupted = true;
        throw;
      }
    });
    EXPECT_TRUE(body_interrupted);
    for (const auto& child : children) EXPECT_TRUE(child.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 100ms);
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
  });
}

// A group ends with its scope, so nobody can call it afterwards. Until then: any number of times, from
// any thread, also when the group is about to end.
TEST(task_group, cancel_may_be_called_again_and_from_any_thread) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    silk::run(
        []() -> silk::task<> {
          int told = 0;
          co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
            group.spawn([&group]() -> silk::task<> {
              try {
                co_await asleep();
              } catch (const silk::cancelled&) {
                group.cancel();
              }
              group.cancel();  // the last that the group waits for
            });
            co_await at_rest();
            std::thread([&] {
              for (int i = 0; i < 3; ++i) group.cancel("from a thread");
            }).join();
            group.cancel();
            try {
              co_await asleep();
            } catch (const silk::cancelled&) {
              ++told;
            }
            group.cancel();
            co_await silk::sleep(1s);  // told once, however often it was asked
          });
          EXPECT_EQ(told, 1);
          EXPECT_EQ(silk::now().time_since_epoch(), 1001ms);
        },
        {.workers = workers, .time = silk::time_source::virtual_time});
  }
}

ROW(task_group, explicit_cancel_keeps_errors) {
  run([]() -> silk::task<> {
    const std::string end =
        co_await contents_of(silk::with_task_group([](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_in_cleanup("child"));
          co_await at_rest();
          group.cancel();
          co_await fails_in_cleanup("body");
        }));
    EXPECT_EQ(end, "[body child]");
  });
}

ROW(task_group, explicit_cancel_keeps_external_cancel) {
  run([]() -> silk::task<> {
    std::string end = co_await cancelled_after(1s, [](silk::task_group& group) -> silk::task<> {
      group.spawn(cleans_up(10s));
      co_await silk::sleep(500ms);
      group.cancel();
      co_await asleep();
    });
    EXPECT_EQ(end, "cancelled: from above");
    // Both before the body runs again.
    silk::join_handle<> handle;
    handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        co_await at_rest();
        group.cancel();
        handle.cancel("from above");
        co_await asleep();
      });
    });
    end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: from above");
  });
}

}  // namespace
