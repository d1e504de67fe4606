// wait: until some are done or the time is up, and nobody is cancelled.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;
using silk_tests::virtual_time;

class wait : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(wait);

using handles = std::vector<silk::join_handle<>>;

silk::join_handle<> sleeper(silk::duration d) {
  return silk::spawn([](silk::duration time) -> silk::task<> { co_await silk::sleep(time); }, d);
}
silk::join_handle<> failure(silk::duration d) {
  return silk::spawn(
      [](silk::duration time) -> silk::task<> {
        co_await silk::sleep(time);
        throw std::runtime_error("boom");
      },
      d);
}
silk::duration elapsed() { return silk::now().time_since_epoch(); }

// ---- when it goes on ----

TEST_P(wait, all_completed_waits_for_the_last) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(100ms), sleeper(150ms), failure(50ms)};
    const auto [done, pending] = co_await silk::wait(all);
    EXPECT_EQ(done, all);
    EXPECT_TRUE(pending.empty());
    EXPECT_EQ(elapsed(), 150ms);
    EXPECT_NE(all[2].exception(), nullptr);
  });
}

TEST_P(wait, first_completed_goes_on_with_the_first_and_cancels_nobody) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(10s), sleeper(100ms)};
    const auto [done, pending] = co_await silk::wait(all, {.return_when = silk::first_completed});
    EXPECT_EQ(done, handles{all[1]});
    EXPECT_EQ(pending, handles{all[0]});
    EXPECT_EQ(elapsed(), 100ms);
    EXPECT_EQ(all[0].cancelling(), 0u);
    co_await all[0];
    EXPECT_EQ(elapsed(), 10s);
  });
}

TEST_P(wait, first_completed_counts_failures_and_cancels) {
  run([]() -> silk::task<> {
    const handles failing = {sleeper(10s), failure(1s)};
    const auto first = co_await silk::wait(failing, {.return_when = silk::first_completed});
    EXPECT_EQ(first.done, handles{failing[1]});
    EXPECT_NE(failing[1].exception(), nullptr);
    const handles stopping = {sleeper(10s), sleeper(20s)};
    stopping[1].cancel();
    const auto second = co_await silk::wait(stopping, {.return_when = silk::first_completed});
    EXPECT_EQ(second.done, handles{stopping[1]});
    EXPECT_EQ(elapsed(), 1s);
  });
}

TEST_P(wait, first_exception_goes_on_with_the_first_failure) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(10s), sleeper(10ms), failure(50ms)};
    const auto [done, pending] = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(done, (handles{all[1], all[2]}));
    EXPECT_EQ(pending, handles{all[0]});
    EXPECT_EQ(elapsed(), 50ms);
    EXPECT_NE(all[2].exception(), nullptr);
  });
}

TEST_P(wait, first_exception_sees_a_failure_that_was_there_before) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(10s), failure(0s)};
    co_await silk::sleep(1s);
    const auto [done, pending] = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(done, handles{all[1]});
    EXPECT_EQ(pending, handles{all[0]});
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_NE(all[1].exception(), nullptr);
  });
}

TEST_P(wait, first_exception_does_not_count_cancels) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(10s), sleeper(20s)};
    all[1].cancel();
    const auto [done, pending] = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(done, all);
    EXPECT_TRUE(pending.empty());
    EXPECT_EQ(elapsed(), 10s);
  });
}

TEST_P(wait, first_exception_without_one_waits_for_all) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(1s), sleeper(2s)};
    const auto [done, pending] = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(done, all);
    EXPECT_EQ(elapsed(), 2s);
  });
}

TEST_P(wait, goes_on_at_once_when_all_are_done) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(0s), sleeper(0s)};
    co_await silk::sleep(1s);
    for (const silk::return_when when :
         {silk::first_completed, silk::first_exception, silk::all_completed}) {
      const auto [done, pending] = co_await silk::wait(all, {.return_when = when, .timeout = 1h});
      EXPECT_EQ(done, all);
      EXPECT_TRUE(pending.empty());
    }
    EXPECT_EQ(elapsed(), 1s);
  });
}

// One worker, which is blocked while two tasks become done: both are, when the waiter has its turn.
TEST(wait, done_tells_what_is_done_when_the_waiter_resumes) {
  silk::runtime runtime(virtual_time(1));
  silk::promise<> first;
  silk::promise<> second;
  const auto waiter = runtime.spawn([&]() -> silk::task<std::size_t> {
    std::vector futures{first.get_future(), second.get_future()};
    const auto result =
        co_await silk::wait(std::move(futures), {.return_when = silk::first_completed});
    co_return result.done.size();
  });
  silk_tests::let_run(runtime);
  silk_tests::roadblock busy(runtime);
  first.set_value();
  second.set_value();
  busy.release();
  EXPECT_EQ(runtime.block_on(silk::future<std::size_t>(waiter)), 2u);
}

// ---- the timeout ----

TEST_P(wait, timeout_splits_the_sets_and_is_no_failure) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(100ms), sleeper(150ms)};
    const auto [done, pending] = co_await silk::wait(all, {.timeout = 110ms});
    EXPECT_EQ(done, handles{all[0]});
    EXPECT_EQ(pending, handles{all[1]});
    EXPECT_EQ(elapsed(), 110ms);
    EXPECT_EQ(all[1].cancelling(), 0u);
    co_await all[1];
    EXPECT_EQ(elapsed(), 150ms);
  });
}

TEST_P(wait, timeout_that_ties_with_a_task_counts_it_as_done) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) {
      const handles all = {sleeper(100ms), sleeper(150ms)};
      const auto [done, pending] = co_await silk::wait(all, {.timeout = 100ms});
      EXPECT_EQ(done, handles{all[0]});
      EXPECT_EQ(pending, handles{all[1]});
      co_await all[1];
    }
  });
}

TEST_P(wait, timeout_that_does_not_come_is_taken_back) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) {
      const handles all = {sleeper(1s)};
      const auto [done, pending] = co_await silk::wait(all, {.timeout = 1h});
      EXPECT_EQ(done, all);
    }
  });
  EXPECT_EQ(runtime.now().time_since_epoch(), 100s);
}

TEST_P(wait, timeout_of_zero_or_less_looks_once) {
  run([]() -> silk::task<> {
    for (const silk::duration d : {silk::duration(0), silk::duration(-5s)}) {
      const handles all = {sleeper(1s), sleeper(0s)};
      co_await silk::sleep(1ms);
      const silk::duration before = elapsed();
      const auto [done, pending] = co_await silk::wait(all, {.timeout = d});
      EXPECT_EQ(done, handles{all[1]});
      EXPECT_EQ(pending, handles{all[0]});
      EXPECT_EQ(elapsed(), before);
    }
  });
}

TEST(wait, timeout_of_zero_lets_others_have_a_turn) {
  silk::run(
      []() -> silk::task<> {
        silk::promise<> promise;
        const auto setter = silk::spawn([&]() -> silk::task<> {
          promise.set_value();
          co_return;
        });
        std::vector futures{promise.get_future()};
        const auto [done, pending] = co_await silk::wait(futures, {.timeout = 0s});
        EXPECT_EQ(done.size(), 1u);
        co_await setter;
      },
      virtual_time(1));
}

// A timer that is due would be served only after dozens of turns, as one task yields all the time.
TEST(wait, timeout_of_zero_lasts_one_turn) {
  silk::run(
      []() -> silk::task<> {
        int turns = 0;
        const handles all = {silk::spawn([&]() -> silk::task<> {
          for (;; ++turns) co_await silk::yield();
        })};
        for (int looks = 0; looks < 10; ++looks) {
          const auto looked = co_await silk::wait(all, {.timeout = 0s});
          EXPECT_EQ(looked.pending, all);
          EXPECT_EQ(turns, looks);
        }
        all[0].cancel();
        static_cast<void>(co_await silk::gather_settled(all));
      },
      virtual_time(1));
}

TEST_P(wait, timeout_of_zero_does_not_wait_until_all_others_rest) {
  run([]() -> silk::task<> {
    std::atomic<bool> stop = false;
    const auto restless = silk::spawn([&]() -> silk::task<> {
      while (!stop) co_await silk::yield();
    });
    const handles all = {restless};
    for (int i = 0; i < 10; ++i) {
      const auto looked = co_await silk::wait(all, {.timeout = 0s});
      EXPECT_EQ(looked.pending, all);
    }
    stop = true;
    co_await restless;
  });
}

// ---- what it is given ----

TEST_P(wait, counts_a_handle_once_that_is_listed_twice) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(1s), sleeper(2s)};
    const handles twice = {all[1], all[0], all[1], all[0]};
    const auto [done, pending] = co_await silk::wait(twice, {.return_when = silk::first_completed});
    EXPECT_EQ(done, handles{all[0]});
    EXPECT_EQ(pending, handles{all[1]});
    const auto both = co_await silk::wait(twice);
    EXPECT_EQ(both.done, (handles{all[1], all[0]}));
  });
}

TEST_P(wait, refuses_to_wait_for_nothing) {
  run([]() -> silk::task<> {
    EXPECT_THROW(static_cast<void>(silk::wait(handles())), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(silk::wait(handles{{}})), silk::usage_error);
    co_return;
  });
}

TEST_P(wait, refuses_a_mode_that_does_not_exist) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(0s)};
    const auto unknown = static_cast<silk::return_when>(77);
    EXPECT_THROW(static_cast<void>(silk::wait(all, {.return_when = unknown})),
                 std::invalid_argument);
    co_await all[0];
  });
}

TEST_P(wait, takes_any_range_of_futures) {
  run([]() -> silk::task<> {
    const std::array two = {sleeper(1s), sleeper(2s)};
    const auto as_array = co_await silk::wait(two);
    EXPECT_EQ(as_array.done.size(), 2u);
    auto spawned =
        std::views::iota(0, 3) | std::views::transform([](int n) { return sleeper(1s * n); });
    const auto as_view = co_await silk::wait(spawned);
    EXPECT_EQ(as_view.done.size(), 3u);
  });
}

TEST_P(wait, for_a_thousand_tasks_is_over_with_the_last) {
  run([]() -> silk::task<> {
    handles all;
    for (int i = 0; i < 1000; ++i) all.push_back(sleeper(1ms * (i % 10)));
    const auto [done, pending] = co_await silk::wait(std::move(all));
    EXPECT_EQ(done.size(), 1000u);
    EXPECT_EQ(elapsed(), 9ms);
  });
}

TEST_P(wait, leaves_nothing_behind_in_what_is_pending) {
  run([]() -> silk::task<> {
    silk::promise<int> slow;
    for (int i = 0; i < 1000; ++i) {
      const handles quick = {sleeper(0s)};
      std::vector<silk::future<int>> never{slow.get_future()};
      const auto [done, pending] = co_await silk::wait(never, {.timeout = 1ns});
      EXPECT_EQ(pending.size(), 1u);
      co_await quick[0];
    }
    slow.set_value(1);
  });
}

// ---- cancel ----

// docs/cancellation.md: w5a
TEST_P(wait, that_is_cancelled_ends_at_once_and_leaves_the_tasks_running) {
  run([]() -> silk::task<> {
    const handles all = {sleeper(10s), sleeper(20s)};
    for (const silk::duration timeout : {silk::duration::max(), silk::duration(15s)}) {
      const auto waiter = silk::spawn([&]() -> silk::task<> {
        co_await silk::wait(all, {.timeout = timeout});
        ADD_FAILURE() << "the cancel was lost";
      });
      co_await silk::sleep(1s);
      EXPECT_TRUE(waiter.cancel("enough"));
      const std::string end = co_await ending(waiter);
      EXPECT_EQ(end, "cancelled: enough");
    }
    EXPECT_EQ(elapsed(), 2s);
    co_await silk::gather(all);
    EXPECT_EQ(elapsed(), 20s);
  });
}

template <class T>
concept can_be_waited_for = requires(T thing) { silk::wait(std::move(thing)); };
static_assert(can_be_waited_for<handles>);
static_assert(!can_be_waited_for<silk::join_handle<>>);
static_assert(!can_be_waited_for<silk::task<>>);
static_assert(!can_be_waited_for<std::vector<silk::task<>>>);

}  // namespace
