// Rows of the area `task_group`, about fatal exceptions.
#include "groups.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace {

using namespace silk_conformance;

// docs/cancellation.md: g1
ROW(task_group, fatal_from_body) {
  std::string group_ended;
  int cleaned = 0;
  const auto counts = [&]() -> silk::task<> {
    co_await cleans_up(1s);
    ++cleaned;
  };
  const auto program = [&]() -> silk::task<> {
    group_ended =
        co_await ending(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(counts());
          co_await at_rest();
          throw quit();
        }));
    EXPECT_EQ(cleaned, 1);
  };
  run(program);  // nothing fatal has left a task
  EXPECT_EQ(group_ended, "quit");

  EXPECT_EQ(told([&] {
              run([&]() -> silk::task<> {
                co_await silk::with_task_group([](silk::task_group&) -> silk::task<> {
                  co_await at_rest();
                  throw quit();
                });
              });
            }),
            "quit");
}

// A child is a task: what it throws comes out of run as well.
// docs/cancellation.md: g1
ROW(task_group, fatal_from_child) {
  auto chosen = options();
  chosen.on_failure = [](const silk::failure&) {};  // it is told what came of the body
  std::string group_ended;
  const auto program = [&]() -> silk::task<> {
    group_ended =
        co_await ending(silk::with_task_group([](silk::task_group& group) -> silk::task<> {
          group.spawn(quits());
          co_await fails_in_cleanup("of the body", 1s);
        }));
  };
  const std::string run_ended = told([&] { silk::run(program, chosen); });
  EXPECT_EQ(group_ended, "quit");
  EXPECT_EQ(run_ended, "quit");
}

// docs/cancellation.md: g1
ROW(task_group, fatal_reports_other_errors) {
  std::mutex lock;
  std::vector<std::string> reports;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure& what) {
    const std::lock_guard hold(lock);
    reports.push_back(std::string(what.task_name) + ": " + told_of(what.error));
  };
  silk::run(
      [&]() -> silk::task<> {
        silk::current_task().set_name("Ann");
        const std::string group_ended =
            co_await ending(silk::with_task_group([](silk::task_group& group) -> silk::task<> {
              group.spawn(fails_in_cleanup("first", 1s));
              group.spawn(fails_in_cleanup("second", 1s));
              co_await at_rest();
              throw quit();
            }));
        EXPECT_EQ(group_ended, "quit");
      },
      chosen);
  std::ranges::sort(reports);
  const std::vector<std::string> expected{"Ann: first", "Ann: second"};
  EXPECT_EQ(reports, expected);
}

}  // namespace
