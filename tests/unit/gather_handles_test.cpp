// gather of handles and futures, which are watched and not owned, alone or among tasks.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::answer_after;
using silk_tests::ending;
using silk_tests::fail_after;
using silk_tests::told_of;

class gather_handles : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather_handles);

template <class... Watched>
silk::task<> gather_all(Watched... watched) {
  co_await silk::gather(std::move(watched)...);
}

TEST_P(gather_handles, gives_the_values_in_the_order_of_the_arguments) {
  run([]() -> silk::task<> {
    silk::promise<std::string> promise;
    const auto later = silk::spawn(answer_after(2s, 1));
    promise.set_value("2");
    const auto [a, b] = co_await silk::gather(later, promise.get_future());
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "2");
    EXPECT_EQ(later.result(), 1);
  });
}

TEST_P(gather_handles, of_a_range_gives_the_values_in_order) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<int>> handles;
    for (int i = 0; i < 100; ++i) handles.push_back(silk::spawn(answer_after(1s * (i % 3), i)));
    const std::vector<int> values = co_await silk::gather(handles);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(values[i], static_cast<int>(i));
    EXPECT_EQ(handles[99].result(), 99);
  });
}

TEST_P(gather_handles, of_an_empty_range_gives_nothing) {
  run([]() -> silk::task<> {
    const std::vector<int> none = co_await silk::gather(std::vector<silk::future<int>>());
    EXPECT_TRUE(none.empty());
    co_await silk::gather(std::vector<silk::join_handle<>>());
  });
}

TEST_P(gather_handles, of_tasks_that_are_done_gives_their_values) {
  run([]() -> silk::task<> {
    const auto a = silk::spawn(answer_after(0s, 1));
    const auto b = silk::spawn(answer_after(0s, 2));
    co_await silk::sleep(1s);
    const auto [x, y] = co_await silk::gather(a, b);
    EXPECT_EQ(x + y, 3);
  });
}

TEST_P(gather_handles, gives_a_shared_task_in_every_place_it_was_given) {
  run([]() -> silk::task<> {
    const auto shared = silk::spawn(answer_after(1s, 7));
    const auto [a, b, c] = co_await silk::gather(shared, shared, shared);
    EXPECT_EQ(a + b + c, 21);
  });
}

TEST_P(gather_handles, fails_at_once_and_leaves_the_others_running) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn(answer_after(10s, 7));
    const auto failing = silk::spawn(fail_after(1s, "boom"));
    const std::string end = co_await ending(gather_all(fine, failing));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    EXPECT_FALSE(fine.done());
    const int value = co_await fine;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(silk::now().time_since_epoch(), 10s);
  });
}

TEST_P(gather_handles, rethrows_a_failure_that_was_there_before) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn(answer_after(10s, 7));
    const auto failing = silk::spawn(fail_after(0s, "boom"));
    co_await silk::sleep(1s);
    const std::string end = co_await ending(gather_all(fine, failing));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    fine.cancel();
  });
}

TEST_P(gather_handles, fails_when_one_of_them_is_cancelled_and_leaves_the_others_running) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn(answer_after(10s, 7));
    const auto stopped = silk::spawn(answer_after(10s, 8));
    stopped.cancel("enough");
    const std::string end = co_await ending(gather_all(fine, stopped));
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_FALSE(fine.done());
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    const int value = co_await fine;
    EXPECT_EQ(value, 7);
  });
}

// docs/cancellation.md: w7a
TEST_P(gather_handles, that_is_cancelled_cancels_all_of_them) {
  run([]() -> silk::task<> {
    const auto a = silk::spawn(answer_after(10s, 1));
    const auto b = silk::spawn(answer_after(10s, 2));
    const auto watcher = silk::spawn(gather_all(a, b));
    co_await silk::sleep(1s);
    EXPECT_TRUE(watcher.cancel("enough"));
    const std::string end = co_await ending(watcher);
    EXPECT_EQ(end, "cancelled: enough");
    const std::string end_of_a = co_await ending(a);
    EXPECT_EQ(end_of_a, "cancelled: enough");
    const std::string end_of_b = co_await ending(b);
    EXPECT_EQ(end_of_b, "cancelled: enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// docs/cancellation.md: w7a
TEST_P(gather_handles, that_is_cancelled_ends_cancelled_although_all_of_them_decline) {
  run([]() -> silk::task<> {
    auto stubborn = []() -> silk::task<int> {
      bool stopped = false;
      try {
        co_await silk::sleep(10s);
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      co_return stopped ? 7 : 0;
    };
    const auto a = silk::spawn(stubborn());
    const auto b = silk::spawn(stubborn());
    const auto watcher = silk::spawn(gather_all(a, b));
    co_await silk::sleep(1s);
    watcher.cancel("enough");
    const std::string end = co_await ending(watcher);
    EXPECT_EQ(end, "cancelled: enough");
    const auto [x, y] = co_await silk::gather(a, b);
    EXPECT_EQ(x + y, 14);
  });
}

// The cancel comes before the watcher waits: it goes where one that comes later would go.
// docs/cancellation.md: w7c
TEST_P(gather_handles, awaited_with_a_cancel_pending_cancels_all_of_them) {
  run([]() -> silk::task<> {
    const auto a = silk::spawn(answer_after(10s, 1));
    const auto b = silk::spawn(answer_after(10s, 2));
    silk::promise<silk::join_handle<>> self;
    const auto watcher = silk::spawn([&]() -> silk::task<> {
      const silk::join_handle<> me = co_await self.get_future();
      me.cancel("enough");
      co_await silk::gather(a, b);
    });
    self.set_value(watcher);
    const std::string whole = co_await ending(watcher);
    EXPECT_EQ(whole, "cancelled: enough");
    for (const auto& each : {a, b}) {
      const std::string end = co_await ending(each);
      EXPECT_EQ(end, "cancelled: enough");
    }
  });
}

// Also when the gather is to tell somebody who watches a handle and has not begun.
TEST_P(gather_handles, among_tasks_are_cancelled_by_a_cancel_that_was_pending) {
  run([]() -> silk::task<> {
    const auto first = silk::spawn(answer_after(10s, 1));
    const auto last = silk::spawn(answer_after(10s, 2));
    silk::promise<silk::join_handle<>> self;
    const auto watcher = silk::spawn([&]() -> silk::task<> {
      const silk::join_handle<> me = co_await self.get_future();
      me.cancel("enough");
      co_await silk::gather(first, answer_after(10s, 3), silk::sleep(10s), last);
    });
    self.set_value(watcher);
    const std::string whole = co_await ending(watcher);
    EXPECT_EQ(whole, "cancelled: enough");
    for (const auto& each : {first, last}) {
      const std::string end = co_await ending(each);
      EXPECT_EQ(end, "cancelled: enough");
    }
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

TEST_P(gather_handles, among_tasks_that_have_not_begun_live_on_when_a_task_fails) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(answer_after(10s, 7));
    const auto fails = []() -> silk::task<> {
      throw std::runtime_error("at once");
      co_return;
    };
    const std::string end =
        co_await ending([&]() -> silk::task<> { co_await silk::gather(fails(), handle); }());
    EXPECT_EQ(end, "at once");
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

TEST_P(gather_handles, that_failed_does_not_cancel_the_others_later) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn(answer_after(10s, 7));
    const auto failing = silk::spawn(fail_after(1s, "boom"));
    const auto watcher = silk::spawn(gather_all(fine, failing));
    const std::string end = co_await ending(watcher);
    EXPECT_EQ(end, "boom");
    EXPECT_FALSE(watcher.cancel());
    const int value = co_await fine;
    EXPECT_EQ(value, 7);
  });
}

// ---- mixed with tasks ----

TEST_P(gather_handles, mixes_with_tasks) {
  run([]() -> silk::task<> {
    silk::promise<std::unique_ptr<int>> promise;
    const auto setter = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(2s);
      promise.set_value(std::make_unique<int>(3));
    });
    const auto handle = silk::spawn(answer_after(3s, 1));
    auto [a, b, c] = co_await silk::gather(handle, answer_after(1s, 2), promise.get_future());
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(*c, 3);
    co_await setter;
  });
}

TEST_P(gather_handles, among_tasks_live_on_when_a_task_fails) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(answer_after(10s, 7));
    const std::string end = co_await ending([](silk::future<int> h) -> silk::task<> {
      co_await silk::gather(h, fail_after(1s, "boom"));
    }(handle));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    EXPECT_FALSE(handle.done());
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

TEST_P(gather_handles, among_tasks_fail_the_gather_which_cancels_the_tasks) {
  run([]() -> silk::task<> {
    const auto failing = silk::spawn(fail_after(1s, "boom"));
    const std::string end = co_await ending([](silk::future<> h) -> silk::task<> {
      co_await silk::gather(h, answer_after(10s, 1));
    }(failing));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(gather_handles, among_tasks_are_cancelled_with_the_gather) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(answer_after(10s, 7));
    const auto watcher = silk::spawn(
        [](silk::future<int> h) -> silk::task<> { co_await silk::gather(h, answer_after(10s, 1)); },
        handle);
    co_await silk::sleep(1s);
    watcher.cancel("enough");
    const std::string end = co_await ending(watcher);
    EXPECT_EQ(end, "cancelled: enough");
    const std::string end_of_handle = co_await ending(handle);
    EXPECT_EQ(end_of_handle, "cancelled: enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(gather_handles, refuse_one_that_refers_to_nothing) {
  run([]() -> silk::task<> {
    const silk::future<int> nothing;
    EXPECT_THROW(static_cast<void>(silk::gather(nothing, nothing)), silk::usage_error);
    EXPECT_THROW(static_cast<void>(silk::gather(std::vector{nothing})), silk::usage_error);
    co_return;
  });
}

}  // namespace
