// I7: an idle runtime makes no wake-ups and uses no CPU. To see that, real time has to pass.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace silk_stress;

struct usage {
  std::uint64_t sleeps = 0;  // times that a thread gave the processor away by itself
  std::uint64_t cpu_ns = 0;
  std::string state;
};

// Of every worker thread in this process, by thread id.
std::map<std::string, usage> workers_usage() {
  std::map<std::string, usage> all;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("silk-") || name == "silk-blocking") continue;
    usage now;
    std::ifstream status(task.path() / "status");
    for (std::string key; status >> key;) {
      if (key == "State:") status >> now.state;
      if (key == "voluntary_ctxt_switches:") status >> now.sleeps;
    }
    std::ifstream(task.path() / "schedstat") >> now.cpu_ns;
    all[task.path().filename()] = now;
  }
  return all;
}

bool all_sleep() {
  for (const auto& [thread, now] : workers_usage()) {
    if (now.state != "S") return false;
  }
  return true;
}

// Waits until every worker is asleep and stays so for a moment.
void settle() {
  for (int quiet = 0; quiet < 3;) {
    std::this_thread::sleep_for(10ms);
    quiet = all_sleep() ? quiet + 1 : 0;
  }
}

struct window {
  std::uint64_t wake_ups = 0;
  std::uint64_t cpu_ns = 0;
};
window observe(std::chrono::milliseconds length) {
  const auto before = workers_usage();
  std::this_thread::sleep_for(length);
  window seen;
  for (const auto& [thread, after] : workers_usage()) {
    seen.wake_ups += after.sleeps - before.at(thread).sleeps;
    seen.cpu_ns += after.cpu_ns - before.at(thread).cpu_ns;
  }
  return seen;
}
void expect_idle() {
  settle();
  const window seen = observe(300ms);
  EXPECT_EQ(seen.wake_ups, 0u);
  EXPECT_EQ(seen.cpu_ns, 0u);
}

class idle_runtime : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(idle_runtime);

TEST_P(idle_runtime, rests_from_the_start) {
  const silk::runtime runtime(quiet(workers()));
  ASSERT_EQ(workers_usage().size(), workers());
  expect_idle();
}

TEST_P(idle_runtime, rests_after_a_burst) {
  silk::runtime runtime(quiet(workers()));
  runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
    std::vector<silk::task<>> naps;
    for (int i = 0; i < 2'000; ++i) naps.push_back(nap(mine.another()));
    co_await silk::gather(std::move(naps));
  });
  expect_idle();
}

TEST_P(idle_runtime, rests_while_its_only_timer_is_far_away) {
  silk::runtime runtime(quiet(workers()));
  const auto handle = runtime.spawn(silk::to_thread([] {}));
  const auto sleeper = runtime.spawn([]() -> silk::task<> { co_await silk::sleep(1h); });
  runtime.call_after(2h, [] {});
  runtime.block_on(silk::future<void>(handle));
  expect_idle();
}

TEST_P(idle_runtime, rests_while_tasks_wait_for_somebody_outside) {
  silk::runtime runtime(quiet(workers()));
  silk::promise<> given;
  std::vector<silk::join_handle<void>> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(runtime.spawn(
        [](silk::future<void> awaited) -> silk::task<> { co_await awaited; }, given.get_future()));
  }
  expect_idle();
  given.set_value();
  for (const auto& each : waiting) runtime.block_on(silk::future<void>(each));
}

TEST_P(idle_runtime, rests_in_virtual_time) {
  silk::runtime runtime(quiet(workers(), silk::time_source::virtual_time));
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(1h); });
  expect_idle();
}

// A worker that sleeps to a deadline does not hear that the timer was taken back: it may wake then,
// once, and sleeps on.
TEST_P(idle_runtime, wakes_at_most_once_for_timers_that_were_taken_back) {
  silk::runtime runtime(quiet(workers()));
  for (int i = 0; i < 100; ++i) {
    const auto handle = runtime.call_after(std::chrono::milliseconds(1'000 - 5 * i), [] {});
    EXPECT_TRUE(handle.cancel());
  }
  runtime.block_on([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) co_await silk::with_timeout(800ms, silk::task<>(nap(dice(1))));
  });
  settle();
  const window seen = observe(1'200ms);
  EXPECT_LE(seen.wake_ups, workers());
  EXPECT_LT(seen.cpu_ns, 50'000'000u);
  expect_idle();
}

}  // namespace
