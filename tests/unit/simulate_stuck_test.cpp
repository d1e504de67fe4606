// Programs in which nothing can ever run again: which tasks are left, and what each waits for.
#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk::testing::sim_end;
using silk::testing::simulate;

// What the tasks of a program that gets stuck wait for, by name, in the order in which they were spawned.
std::vector<std::pair<std::string, std::string>> waits(const silk::testing::program& what) {
  const auto result = simulate(what, {.schedule = "-"});
  EXPECT_EQ(result.end, sim_end::stuck) << result.message;
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& each : result.stuck) all.emplace_back(each.name, each.waits_for);
  return all;
}

// What `main` waits for.
std::string main_waits(const silk::testing::program& what) {
  const auto all = waits(what);
  return all.empty() || all[0].first != "main" ? "" : all[0].second;
}

silk::task<> for_ever() {
  silk::promise<> kept;
  co_await kept.get_future();
}

TEST(simulate_stuck, tells_of_two_locks_that_are_taken_in_different_orders) {
  const auto deadlock = []() -> silk::task<> {
    silk::mutex a, b;
    const auto takes = [](silk::mutex& first, silk::mutex& second) -> silk::task<> {
      const auto one = co_await first.scoped();
      co_await silk::yield();
      const auto two = co_await second.scoped();
    };
    const auto left = silk::spawn({.name = "left"}, takes, std::ref(a), std::ref(b));
    const auto right = silk::spawn({.name = "right"}, takes, std::ref(b), std::ref(a));
    co_await silk::gather(left, right);
  };
  EXPECT_EQ(waits(deadlock), (std::vector<std::pair<std::string, std::string>>{
                                 {"main", "task 'left', task 'right'"},
                                 {"left", "its turn at silk::mutex #1"},
                                 {"right", "its turn at silk::mutex #2"}}));
}

TEST(simulate_stuck, tells_of_a_notification_that_was_forgotten) {
  const auto forgets = []() -> silk::task<> {
    silk::condition changed;
    bool ready = false;
    const auto consumes = [](silk::condition& on, bool& is_ready) -> silk::task<> {
      const auto hold = co_await on.scoped();
      while (!is_ready) co_await on.wait();
    };
    const auto consumer =
        silk::spawn({.name = "consumer"}, consumes, std::ref(changed), std::ref(ready));
    co_await silk::sleep(1ms);
    {
      const auto hold = co_await changed.scoped();
      ready = true;
    }
    co_await consumer;
  };
  EXPECT_EQ(waits(forgets),
            (std::vector<std::pair<std::string, std::string>>{
                {"main", "task 'consumer'"}, {"consumer", "its turn at silk::condition #1"}}));
}

TEST(simulate_stuck, names_each_kind_of_wait) {
  EXPECT_EQ(main_waits(for_ever), "a future #1");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              silk::queue<int> empty;
              static_cast<void>(co_await empty.get());
            }),
            "its turn at silk::queue<int> #1");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              silk::event never;
              co_await never.wait();
            }),
            "its turn at silk::event #1");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              const auto child = silk::spawn({.name = "child"}, for_ever());
              co_await silk::shield(child);
            }),
            "task 'child'");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              std::vector<silk::join_handle<>> all;
              all.push_back(silk::spawn({.name = "a"}, for_ever()));
              all.push_back(silk::spawn({.name = "b"}, silk::sleep(1ms)));
              co_await silk::wait(all);
            }),
            "task 'a'");
}

TEST(simulate_stuck, looks_into_gathers_and_groups) {
  EXPECT_EQ(
      main_waits([]() -> silk::task<> {
        const auto nothing = []() -> silk::task<> { co_return; };
        co_await silk::gather(nothing(), for_ever(), nothing(), for_ever());
      }),
      "child 1 of a gather, which waits for a future #1, child 3 of a gather, which waits for a "
      "future #2");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              const auto body = [](silk::task_group& group) -> silk::task<> {
                group.spawn({.name = "member"}, for_ever());
                co_return;
              };
              co_await silk::with_task_group(body);
            }),
            "the tasks of its group");
  EXPECT_EQ(main_waits([]() -> silk::task<> {
              const auto body = [](silk::task_group&) -> silk::task<> { co_await for_ever(); };
              co_await silk::with_task_group(body);
            }),
            "a future #1");
}

TEST(simulate_stuck, tells_where_a_task_was_spawned) {
  const auto result = simulate(for_ever);
  ASSERT_EQ(result.stuck.size(), 1u);
  EXPECT_NE(std::string(result.stuck[0].spawned_at.file_name()).find("simulate_stuck_test.cpp"),
            std::string::npos);
  EXPECT_EQ(result.message,
            "nothing can ever run again; 1 task is left:\n  " + result.stuck[0].description());
  EXPECT_TRUE(
      result.stuck[0].description().starts_with("task 'main' waits for a future #1, spawned at "));
}

// Else the first to end might take with it what others refer to.
TEST(simulate_stuck, leaves_the_tasks_as_they_are) {
  bool goes_on = false;
  bool at_end = false;
  const auto waits_in_vain = [&goes_on]() -> silk::task<> {
    try {
      co_await for_ever();
    } catch (const silk::cancelled&) {
    }
    goes_on = true;
  };
  EXPECT_EQ(simulate(waits_in_vain, {.at_end = [&at_end] { at_end = true; }}).end, sim_end::stuck);
  EXPECT_FALSE(goes_on);
  EXPECT_FALSE(at_end);
}

TEST(simulate_stuck, tells_of_tasks_that_do_not_end_when_they_are_cancelled) {
  const auto stubborn = []() -> silk::task<> {
    const auto refuses = []() -> silk::task<> {
      for (;;) {
        try {
          co_await for_ever();
        } catch (const silk::cancelled&) {
        }
      }
    };
    silk::spawn({.name = "mule"}, refuses);
    co_await silk::sleep(1ms);
  };
  const auto result = simulate(stubborn);
  EXPECT_EQ(result.end, sim_end::stuck);
  EXPECT_TRUE(result.message.starts_with(
      "nothing can ever run again, although every task has been cancelled; 1 task is left:\n"
      "  task 'mule' waits for a future #1"))
      << result.message;
}

TEST(simulate_stuck, is_not_what_waits_for_time_or_a_call) {
  EXPECT_TRUE(simulate([]() -> silk::task<> { co_await silk::sleep(10'000h); }).ok());
  EXPECT_TRUE(simulate([]() -> silk::task<> { co_await silk::to_thread([] {}); }).ok());
  EXPECT_TRUE(simulate([]() -> silk::task<> {
                silk::promise<> made;
                auto awaited = made.get_future();
                silk::testing::outside([&made] { made.set_value(); });
                co_await awaited;
              }).ok());
}

TEST(simulate_stuck, does_not_depend_on_the_seed) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const auto result = simulate(for_ever, {.seed = seed, .workers = 1 + seed % 5});
    EXPECT_EQ(result.end, sim_end::stuck);
    EXPECT_EQ(result.stuck.size(), 1u);
  }
}

}  // namespace
