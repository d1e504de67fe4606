// gather_settled: every outcome is kept, and nobody is cancelled because of another.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::answer_after;
using silk_tests::ending;
using silk_tests::told;
using silk_tests::told_of;

class gather_settled : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather_settled);

silk::task<int> gives_none_after(silk::duration d, std::string why) {
  co_await silk::sleep(d);
  throw std::runtime_error(why);
}
silk::task<> give_up_after(silk::duration d) {
  co_await silk::sleep(d);
  throw silk::cancelled("gave up");
}
// "value", "..." or "cancelled: ...", of every one.
template <class T>
std::vector<std::string> told_of_all(const std::vector<silk::settled<T>>& all) {
  std::vector<std::string> told;
  for (const auto& one : all) told.push_back(told_of(one.exception()));
  return told;
}

TEST_P(gather_settled, keeps_every_outcome_in_its_place) {
  run([]() -> silk::task<> {
    auto [value, error, stop] = co_await silk::gather_settled(
        answer_after(3s, 7), gives_none_after(1s, "boom"), give_up_after(2s));
    EXPECT_TRUE(value.has_value());
    EXPECT_FALSE(value.is_cancelled());
    EXPECT_EQ(value.value(), 7);
    EXPECT_EQ(value.exception(), nullptr);
    EXPECT_FALSE(error.has_value());
    EXPECT_FALSE(error.is_cancelled());
    EXPECT_EQ(told_of(error.exception()), "boom");
    EXPECT_FALSE(stop.has_value());
    EXPECT_TRUE(stop.is_cancelled());
    EXPECT_EQ(told_of(stop.exception()), "cancelled: gave up");
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(gather_settled, value_throws_what_came_out_instead) {
  run([]() -> silk::task<> {
    auto [error] = co_await silk::gather_settled(gives_none_after(1s, "boom"));
    EXPECT_EQ(told([&] { static_cast<void>(error.value()); }), "boom");
    EXPECT_EQ(told([&] { static_cast<void>(std::move(error).value()); }), "boom");
  });
}

TEST_P(gather_settled, of_a_range_keeps_every_outcome) {
  run([]() -> silk::task<> {
    auto child = [](int n) {
      return n % 2 ? gives_none_after(1s * n, "odd") : answer_after(1s * n, n);
    };
    const auto all =
        co_await silk::gather_settled(std::views::iota(0, 4) | std::views::transform(child));
    EXPECT_EQ(told_of_all(all), (std::vector<std::string>{"value", "odd", "value", "odd"}));
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(gather_settled, of_nothing_gives_nothing) {
  run([]() -> silk::task<> {
    const std::tuple<> none = co_await silk::gather_settled();
    static_cast<void>(none);
    const auto no_tasks = co_await silk::gather_settled(std::vector<silk::task<int>>());
    EXPECT_TRUE(no_tasks.empty());
    const auto no_handles = co_await silk::gather_settled(std::vector<silk::join_handle<>>());
    EXPECT_TRUE(no_handles.empty());
  });
}

TEST_P(gather_settled, of_handles_waits_for_all_whatever_comes_out) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn(answer_after(3s, 7));
    const auto failing = silk::spawn(gives_none_after(1s, "boom"));
    const auto stopped = silk::spawn(answer_after(9s, 8));
    stopped.cancel("enough");
    auto [a, b, c] = co_await silk::gather_settled(fine, failing, stopped);
    EXPECT_EQ(a.value(), 7);
    EXPECT_EQ(told_of(b.exception()), "boom");
    EXPECT_EQ(told_of(c.exception()), "cancelled: enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
    std::vector handles{fine, failing, stopped};
    const auto again = co_await silk::gather_settled(std::move(handles));
    EXPECT_EQ(told_of_all(again), (std::vector<std::string>{"value", "boom", "cancelled: enough"}));
  });
}

TEST_P(gather_settled, mixes_tasks_and_handles) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(gives_none_after(2s, "boom"));
    auto [a, b] = co_await silk::gather_settled(handle, answer_after(1s, 7));
    EXPECT_EQ(told_of(a.exception()), "boom");
    EXPECT_EQ(b.value(), 7);
  });
}

// docs/cancellation.md: w8a
TEST_P(gather_settled, that_is_cancelled_cancels_its_children_waits_and_throws) {
  std::atomic<int> cleaned = 0;
  run([&]() -> silk::task<> {
    auto child = [&](int n) -> silk::task<int> {
      bool stopped = false;
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      co_await silk::sleep(1s * n);
      cleaned += stopped;
      co_return n;
    };
    const auto handle = silk::spawn([&]() -> silk::task<> {
      auto all = co_await silk::gather_settled(child(1), child(2), child(3));
      static_cast<void>(all);
      ADD_FAILURE() << "the cancel was hidden";
    });
    co_await silk::sleep(1s);
    handle.cancel("enough");
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(cleaned, 3);
    EXPECT_EQ(silk::now().time_since_epoch(), 4s);
  });
}

// docs/cancellation.md: w7a
TEST_P(gather_settled, of_handles_that_is_cancelled_cancels_them_waits_and_throws) {
  run([]() -> silk::task<> {
    auto slow_end = [](int n) -> silk::task<int> {
      bool stopped = false;
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      co_await silk::sleep(1s * n);
      co_return stopped ? n : 0;
    };
    const auto a = silk::spawn(slow_end(1));
    const auto b = silk::spawn(slow_end(3));
    const auto watcher = silk::spawn([&]() -> silk::task<> {
      auto both = co_await silk::gather_settled(a, b);
      static_cast<void>(both);
      ADD_FAILURE() << "the cancel was hidden";
    });
    co_await silk::sleep(1s);
    watcher.cancel("enough");
    const std::string end = co_await ending(watcher);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 4s);
    EXPECT_EQ(a.result() + b.result(), 4);
  });
}

TEST_P(gather_settled, never_awaited_destroys_its_tasks_unstarted) {
  auto token = std::make_shared<int>(0);
  auto body = [](std::shared_ptr<int> t) -> silk::task<> {
    ++*t;
    co_return;
  };
  static_cast<void>(silk::gather_settled(body(token), body(token)));
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

}  // namespace
