// task_ref, current_task, all_tasks.
#include "at_workers.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace silk_tests;

class task_refs : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(task_refs);

std::string name_in_a_plain_function() { return silk::current_task().name(); }
silk::task<std::string> name_of_mine(silk::duration nap) {
  if (nap > 0s) co_await silk::sleep(nap);
  co_return name_in_a_plain_function();
}

TEST_P(task_refs, current_is_the_spawned_task_however_deep_and_wherever_it_goes_on) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn({.name = "Ann"}, []() -> silk::task<> {
      EXPECT_EQ(name_in_a_plain_function(), "Ann");
      const std::string called = co_await name_of_mine(1s);
      EXPECT_EQ(called, "Ann");
      // Some suspend and some do not, in either order: who resumes the parent differs.
      const auto [a, b] = co_await silk::gather(name_of_mine(0s), name_of_mine(1s));
      EXPECT_EQ(a + b, "AnnAnn");
      EXPECT_EQ(name_in_a_plain_function(), "Ann");
      const auto [c, d] = co_await silk::gather(name_of_mine(1s), name_of_mine(0s));
      EXPECT_EQ(c + d, "AnnAnn");
      EXPECT_EQ(name_in_a_plain_function(), "Ann");
      const std::string timed = co_await silk::with_timeout(5s, name_of_mine(1s));
      EXPECT_EQ(timed, "Ann");
      EXPECT_EQ(name_in_a_plain_function(), "Ann");
    });
    co_await handle;
    EXPECT_NE(name_in_a_plain_function(), "Ann");
  });
}

TEST_P(task_refs, current_is_nobody_outside_of_tasks) {
  EXPECT_FALSE(silk::current_task());
  silk::runtime runtime(virtual_time());
  silk::promise<bool> in_callback;
  runtime.block_on(name_of_mine(1s));
  runtime.post([&] { in_callback.set_value(static_cast<bool>(silk::current_task())); });
  EXPECT_FALSE(runtime.block_on(in_callback.get_future()));
  EXPECT_FALSE(silk::current_task());
  EXPECT_THROW(silk::current_task().name(), silk::usage_error);
}

TEST_P(task_refs, all_are_those_that_have_not_ended) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<void>> handles;
    for (int i = 0; i < 50; ++i) handles.push_back(silk::spawn(asleep(1s)));
    auto all = silk::all_tasks();
    EXPECT_EQ(all.size(), 51u);  // and this one
    for (const auto& handle : handles) EXPECT_EQ(std::ranges::count(all, handle.ref()), 1);
    EXPECT_EQ(std::ranges::count(all, silk::current_task()), 1);
    for (const auto& handle : handles) co_await handle;
    EXPECT_EQ(silk::all_tasks().size(), 1u);
    EXPECT_TRUE(all.front().done() || all.front() == silk::current_task());  // still usable
  });
  EXPECT_THROW(silk::all_tasks(), silk::usage_error);
}

TEST_P(task_refs, tell_how_the_task_is_doing) {
  run([]() -> silk::task<> {
    const auto fine = silk::spawn({.name = "fine"}, answer_after(1s, 1));
    const auto bad = silk::spawn({.name = "bad"}, fail_after(1s));
    const auto stopped = silk::spawn({.name = "stopped"}, asleep());
    const silk::task_ref all[] = {fine, bad, stopped};
    for (const auto& each : all) EXPECT_EQ(each.status(), silk::task_status::pending);
    EXPECT_TRUE(all[2].cancel("enough"));
    for (const auto& each : all) static_cast<void>(each.exception());
    co_await silk::sleep(2s);
    EXPECT_EQ(all[0].status(), silk::task_status::finished);
    EXPECT_EQ(all[1].status(), silk::task_status::failed);
    EXPECT_EQ(all[2].status(), silk::task_status::cancelled);
    EXPECT_NE(all[0].description().find("task 'fine' finished"), std::string::npos);
    EXPECT_NE(all[1].description().find("task 'bad' failed: boom"), std::string::npos);
    EXPECT_NE(all[2].description().find("task 'stopped' cancelled: enough"), std::string::npos);
    EXPECT_NE(all[0].description().find("task_ref_test.cpp"), std::string::npos);
    EXPECT_FALSE(all[0].cancel());
    EXPECT_NE(all[1].exception(), nullptr);
  });
}

TEST_P(task_refs, describing_a_failure_does_not_count_as_retrieving_it) {
  int reports = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure&) { ++reports; };
  silk::run(
      []() -> silk::task<> {
        const silk::task_ref failing = silk::spawn(fail_after(1s));
        co_await silk::sleep(2s);
        EXPECT_FALSE(failing.description().empty());
      },
      std::move(options));
  EXPECT_EQ(reports, 1);
}

}  // namespace
