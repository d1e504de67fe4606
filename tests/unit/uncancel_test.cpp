// uncancel and cancelling: a task that was asked to stop and goes on.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;
using silk_tests::knows_itself;
using silk_tests::virtual_time;

class uncancel : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(uncancel);

silk::task<> sleep_for_ever() { co_await silk::sleep(10'000h); }

TEST_P(uncancel, lets_the_task_run_on_and_be_cancelled_afresh) {
  run([]() -> silk::task<> {
    int caught = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      for (;;) {
        bool stopped = false;
        try {
          co_await sleep_for_ever();
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

}  // namespace
