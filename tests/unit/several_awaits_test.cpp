// Several co_await in one expression: GCC 12 takes their results only when all have been awaited.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/queue.hpp>
#include <silk/semaphore.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace {

using namespace silk_tests;

class several_awaits : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(several_awaits);

TEST_P(several_awaits, of_handles_give_their_values) {
  run([]() -> silk::task<> {
    const auto first = silk::spawn(answer_after(1s, 1));
    const auto second = silk::spawn(answer_after(2s, 2));
    const auto third = silk::spawn(answer_after(3s, 4));
    const int sum = co_await first + co_await second + co_await third;
    EXPECT_EQ(sum, 7);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
    const int largest = std::max(co_await first, co_await second);  // done by now
    EXPECT_EQ(largest, 2);
  });
}

TEST_P(several_awaits, of_tasks_give_their_values) {
  run([]() -> silk::task<> {
    const int sum = co_await answer_after(1s, 1) + co_await answer_after(2s, 2);
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(several_awaits, of_a_done_and_a_pending_handle) {
  run([]() -> silk::task<> {
    const auto first = silk::spawn(answer_after(1s, 1));
    const auto second = silk::spawn(answer_after(3s, 2));
    co_await silk::sleep(2s);
    const int sum = co_await first + co_await second;
    EXPECT_EQ(sum, 3);
  });
}

TEST_P(several_awaits, of_sleeps_and_tasks_and_handles) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(answer_after(5s, 4));
    const int sum = co_await silk::sleep(1s, 1) + co_await answer_after(1s, 2) + co_await handle;
    EXPECT_EQ(sum, 7);
    EXPECT_EQ(silk::now().time_since_epoch(), 5s);
  });
}

TEST_P(several_awaits, of_items_of_a_queue) {
  run([]() -> silk::task<> {
    silk::queue<int> items;
    const auto producer = silk::spawn([&]() -> silk::task<> {
      for (const int item : {1, 2}) {
        co_await silk::sleep(1s);
        co_await items.put(item);
      }
    });
    const int sum = co_await items.get() + co_await items.get();
    EXPECT_EQ(sum, 3);
    co_await producer;
  });
}

// The one that the task waits in is interrupted, and no other task is.
TEST_P(several_awaits, are_cancelled_in_the_one_that_waits) {
  run([]() -> silk::task<> {
    const auto first = silk::spawn(answer_after(1s, 1));
    const auto second = silk::spawn(answer_after(3s, 2));
    const auto third = silk::spawn(answer_after(3s, 4));
    const auto waits = silk::spawn([&]() -> silk::task<int> {
      const int sum = co_await first + co_await silk::shield(second) + co_await third;
      co_return sum;
    });
    co_await silk::sleep(2s);
    waits.cancel("enough");
    const std::string end = co_await ending(waits);
    EXPECT_EQ(end, "cancelled: enough");
    const std::string others = co_await ending(second);
    EXPECT_EQ(others, "value");
  });
}

// With one worker it finds the first wait over, and the task has not gone on.
TEST_P(several_awaits, take_a_cancel_that_comes_between_them) {
  run([]() -> silk::task<> {
    silk::join_handle<int> waits;
    const auto cancels = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep_until(silk::time_point(1s));
      waits.cancel("in between");
    });
    co_await silk::sleep(500ms);
    waits = silk::spawn([]() -> silk::task<int> {
      const int sum = co_await silk::sleep(500ms, 1) + co_await silk::sleep(10'000h, 2);
      co_return sum;
    });
    const std::string end = co_await ending(waits);
    EXPECT_EQ(end, "cancelled: in between");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    co_await cancels;
  });
}

}  // namespace
