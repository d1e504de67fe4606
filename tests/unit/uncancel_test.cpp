// uncancel and cancelling: a task that was asked to stop and goes on.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using silk_tests::asleep;
using silk_tests::at_most;
using silk_tests::ending;
using silk_tests::knows_itself;
using silk_tests::virtual_time;

class uncancel : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(uncancel);

TEST_P(uncancel, lets_the_task_run_on_and_be_cancelled_afresh) {
  run([]() -> silk::task<> {
    int caught = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      for (;;) {
        bool stopped = false;
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
          stopped = true;
        }
        caught += stopped;
        const unsigned before = co_await silk::this_task::cancelling();
        EXPECT_EQ(before, 1u);
        if (caught == 3) throw silk::cancelled("third time");
        const unsigned remaining = co_await silk::this_task::uncancel();
        EXPECT_EQ(remaining, 0u);
        co_await silk::sleep(1s);
      }
    });
    for (int i = 0; i < 3; ++i) {
      co_await silk::sleep(2s);
      EXPECT_EQ(handle.cancelling(), 0u);
      EXPECT_TRUE(handle.cancel());
    }
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: third time");
    EXPECT_EQ(caught, 3);
  });
}

TEST_P(uncancel, drops_a_cancel_that_was_not_delivered) {
  silk::runtime runtime(virtual_time());
  knows_itself<int> self(runtime, [](knows_itself<int>& me) -> silk::task<int> {
    EXPECT_TRUE(me.handle().cancel());
    const unsigned remaining = co_await silk::this_task::uncancel();
    EXPECT_EQ(remaining, 0u);
    co_await silk::sleep(1s);
    co_return 7;
  });
  EXPECT_EQ(runtime.block_on(silk::future<int>(self.handle())), 7);
}

TEST_P(uncancel, once_of_twice_leaves_one_to_be_delivered) {
  silk::runtime runtime(virtual_time());
  knows_itself<int> self(runtime, [](knows_itself<int>& me) -> silk::task<int> {
    EXPECT_TRUE(me.handle().cancel("first"));
    EXPECT_TRUE(me.handle().cancel("second"));
    const unsigned remaining = co_await silk::this_task::uncancel();
    EXPECT_EQ(remaining, 1u);
    co_await silk::sleep(1s);
    co_return 7;
  });
  EXPECT_EQ(runtime.block_on(ending(self.handle())), "cancelled: second");
}

TEST_P(uncancel, without_a_request_does_nothing) {
  run([]() -> silk::task<> {
    const unsigned remaining = co_await silk::this_task::uncancel();
    EXPECT_EQ(remaining, 0u);
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    co_await silk::sleep(1s);
  });
}

// ---- inside of scopes ----

// A request is counted once, however many scopes it has come through.
TEST_P(uncancel, inside_of_scopes_takes_back_what_the_task_was_asked) {
  run([]() -> silk::task<> {
    unsigned counted = 99, remaining = 99, afterwards = 99;
    const auto handle = silk::spawn([&]() -> silk::task<int> {
      const auto inner = [&]() -> silk::task<int> {
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
        counted = co_await silk::this_task::cancelling();
        remaining = co_await silk::this_task::uncancel();
        co_return 7;
      };
      const auto body = [&](silk::task_group&) -> silk::task<int> {
        co_return co_await silk::with_timeout(1h, inner());
      };
      const int value = co_await silk::with_timeout(2h, silk::with_task_group(body));
      afterwards = co_await silk::this_task::cancelling();
      co_return value;
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(counted, 1u);
    EXPECT_EQ(remaining, 0u);
    EXPECT_EQ(afterwards, 0u);
  });
}

TEST_P(uncancel, inside_of_a_scope_drops_what_is_pending_outside) {
  run([]() -> silk::task<> {
    silk::join_handle<int> handle;
    handle = silk::spawn([&]() -> silk::task<int> {
      co_await silk::sleep(1s);
      const auto inner = [&]() -> silk::task<> {
        handle.cancel();  // no scope has suspended yet: the task itself has it
        const unsigned remaining = co_await silk::this_task::uncancel();
        EXPECT_EQ(remaining, 0u);
        co_await silk::sleep(1s);
      };
      co_await at_most(2h, at_most(1h, inner()));
      co_await silk::sleep(1s);
      co_return 7;
    });
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

// As asyncio's timeout does with uncancel() at its end.
TEST_P(uncancel, is_done_by_a_timeout_for_its_own_request) {
  run([]() -> silk::task<> {
    unsigned inside = 99;
    bool late = false;
    const auto body = [&]() -> silk::task<> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        inside = 1;
      }
      inside = co_await silk::this_task::cancelling();
      throw silk::cancelled();
    };
    try {
      co_await silk::with_timeout(1s, body());
    } catch (const silk::timeout_error&) {
      late = true;
    }
    const unsigned afterwards = co_await silk::this_task::cancelling();
    EXPECT_TRUE(late);
    EXPECT_EQ(inside, 1u);
    EXPECT_EQ(afterwards, 0u);
  });
}

// asyncio's Timeout.__aexit__: TimeoutError only if no request of others is left.
TEST_P(uncancel, inside_of_a_timeout_decides_whether_it_was_late_or_cancelled) {
  run([]() -> silk::task<> {
    for (const unsigned taken_back : {0u, 1u}) {
      const auto handle = silk::spawn([taken_back]() -> silk::task<> {
        const auto body = [taken_back]() -> silk::task<> {
          for (int stopped = 0; stopped < 2; ++stopped) {
            try {
              co_await asleep();
            } catch (const silk::cancelled&) {
            }
          }
          for (unsigned i = 0; i < taken_back; ++i) {
            const unsigned remaining = co_await silk::this_task::uncancel();
            EXPECT_EQ(remaining, 1u);
          }
          throw silk::cancelled();
        };
        co_await silk::with_timeout(2s, body());
      });
      co_await silk::sleep(1s);
      handle.cancel("enough");
      const std::string end = co_await ending(handle);
      EXPECT_EQ(end, taken_back == 0 ? "cancelled: enough" : "timeout");
    }
  });
}

}  // namespace
