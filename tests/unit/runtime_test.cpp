// A runtime at work. Callbacks: runtime_callback_test.cpp; several runtimes: runtimes_test.cpp; the
// end: runtime_end_test.cpp.
#include "at_workers.hpp"

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class runtime : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(runtime);

// ---- options ----

TEST(runtime_options, choose_the_number_of_workers) {
  EXPECT_EQ(silk::runtime({.workers = 1}).workers(), 1u);
  EXPECT_EQ(silk::runtime({.workers = 7}).workers(), 7u);
  EXPECT_GE(silk::runtime().workers(), 1u);
  EXPECT_LE(silk::runtime().workers(), std::thread::hardware_concurrency());
}

TEST(runtime_options, out_of_range_are_refused_before_anything_starts) {
  for (const unsigned workers : {4097u, 1u << 20, std::numeric_limits<unsigned>::max()}) {
    EXPECT_THROW(silk::runtime({.workers = workers}), std::invalid_argument) << workers;
  }
  EXPECT_THROW(silk::runtime({.workers = 1, .blocking_threads = 0}), std::invalid_argument);
}

TEST(runtime_options, choose_the_clock) {
  using steady = std::chrono::steady_clock;
  const silk::runtime virtual_one({.workers = 1, .time = silk::time_source::virtual_time});
  EXPECT_EQ(virtual_one.now(), silk::time_point());
  const silk::runtime steady_one({.workers = 1});
  const steady::time_point before = steady::now();
  const silk::time_point now = steady_one.now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, steady::now());
}

// ---- block_on ----

TEST_P(runtime, block_on_gives_what_comes_out_of_a_task) {
  silk::runtime runtime(virtual_time());
  EXPECT_EQ(runtime.block_on(answer_after(1h, 42)), 42);
  EXPECT_EQ(runtime.now().time_since_epoch(), 1h);
  runtime.block_on(asleep(1h));
  EXPECT_THROW(runtime.block_on(fail_after(1s)), boom);
  const auto gives_up = []() -> silk::task<> {
    co_await silk::yield();
    throw silk::cancelled("enough");
  };
  EXPECT_THROW(runtime.block_on(gives_up()), silk::cancelled);
}

TEST_P(runtime, block_on_takes_callables_with_captures_and_arguments) {
  silk::runtime runtime(virtual_time());
  const int sum = runtime.block_on([held = std::make_unique<int>(40)]() -> silk::task<int> {
    co_await silk::sleep(1s);
    co_return *held + 2;
  });
  EXPECT_EQ(sum, 42);
  const std::string joined = runtime.block_on(
      [](std::string a, const std::string& b) -> silk::task<std::string> {
        co_await silk::sleep(1s);
        co_return a + b;
      },
      "for", std::string("ever"));
  EXPECT_EQ(joined, "forever");
}

TEST_P(runtime, block_on_gives_values_of_any_kind) {
  silk::runtime runtime(virtual_time());
  int target = 0;
  const auto refers = [](int& to) -> silk::task<std::reference_wrapper<int>> {
    co_await silk::yield();
    co_return std::ref(to);
  };
  EXPECT_EQ(&runtime.block_on(refers(target)).get(), &target);
  const auto move_only = []() -> silk::task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  EXPECT_EQ(*runtime.block_on(move_only()), 7);
}

TEST_P(runtime, block_on_waits_for_futures_and_handles) {
  silk::runtime runtime(virtual_time());
  const silk::join_handle<int> handle = runtime.spawn(answer_after(1s, 42));
  EXPECT_EQ(runtime.block_on(handle), 42);
  EXPECT_EQ(runtime.block_on(handle), 42);  // the handle still has it
  silk::promise<int> promise;
  std::thread setter([&] { promise.set_value(7); });
  EXPECT_EQ(runtime.block_on(promise.get_future()), 7);
  setter.join();
  EXPECT_THROW(runtime.block_on(silk::future<int>()), silk::usage_error);
}

TEST_P(runtime, block_on_one_task_after_another_while_others_run_on) {
  silk::runtime runtime(virtual_time());
  std::atomic<bool> finished = false;
  auto handle = runtime.spawn([&]() -> silk::task<> {
    co_await silk::sleep(3h);
    finished = true;
  });
  for (int i = 0; i < 100; ++i) runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  runtime.block_on(handle);
  EXPECT_TRUE(finished);
}

TEST_P(runtime, block_on_may_be_called_by_many_threads_at_once) {
  silk::runtime runtime(virtual_time());
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) right += runtime.block_on(answer_after(k * 1ms, i)) == i;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 500);
}

TEST_P(runtime, block_on_from_a_worker_is_refused_and_starts_nothing) {
  silk::runtime other({.workers = 1, .time = silk::time_source::virtual_time});
  run([&]() -> silk::task<> {
    bool started = false;
    const auto body = [&]() -> silk::task<> {
      started = true;
      co_return;
    };
    auto held = std::make_shared<int>(0);
    const auto keeps = [](std::shared_ptr<int>) -> silk::task<> { co_return; };
    silk::runtime& here = silk::runtime::current();
    EXPECT_THROW(here.block_on(body), silk::usage_error);
    EXPECT_THROW(here.block_on(keeps(held)), silk::usage_error);
    EXPECT_THROW(other.block_on(body), silk::usage_error);
    EXPECT_THROW(here.block_on(silk::promise<>().get_future()), silk::usage_error);
    EXPECT_FALSE(started);
    EXPECT_EQ(held.use_count(), 1);
    co_await body();  // and here everything works on
    EXPECT_TRUE(started);
  });
}

// ---- spawn ----

TEST_P(runtime, spawns_from_foreign_threads) {
  silk::runtime runtime(virtual_time());
  std::vector<std::thread> threads;
  std::vector<silk::join_handle<int>> handles(10);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    threads.emplace_back([&, i] { handles[i] = runtime.spawn(answer_after(1s, 42)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& handle : handles) EXPECT_EQ(runtime.block_on(handle), 42);
  auto failing = runtime.spawn(fail_after(1s));
  EXPECT_THROW(runtime.block_on(failing), boom);
  auto stopped = runtime.spawn(never_ends());
  EXPECT_TRUE(stopped.cancel());
  EXPECT_THROW(runtime.block_on(stopped), silk::cancelled);
}

TEST_P(runtime, spawns_with_a_name_and_knows_where) {
  silk::runtime runtime(virtual_time());
  const auto line = std::source_location::current().line() + 1;
  const auto named = runtime.spawn(silk::spawn_options{.name = "Ann"}, asleep(1s));
  EXPECT_EQ(named.name(), "Ann");
  EXPECT_EQ(named.spawned_at().line(), line);
  const auto unnamed = runtime.spawn(asleep(1s));
  EXPECT_FALSE(unnamed.name().empty());
}

TEST_P(runtime, counts_its_live_tasks) {
  silk::runtime runtime(virtual_time());
  EXPECT_EQ(runtime.live_tasks(), 0u);
  std::vector<silk::join_handle<void>> handles;
  for (int i = 0; i < 100; ++i) handles.push_back(runtime.spawn(never_ends()));
  EXPECT_EQ(runtime.live_tasks(), 100u);
  for (auto& handle : handles) handle.cancel();
  for (auto& handle : handles) EXPECT_THROW(runtime.block_on(handle), silk::cancelled);
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

TEST_P(runtime, counts_the_jobs_of_its_workers) {
  silk::runtime runtime(virtual_time());
  const auto before = runtime.metrics();
  runtime.block_on([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) co_await silk::yield();
  });
  const auto after = runtime.metrics();
  EXPECT_GE(after.jobs, before.jobs + 100);
  if (workers() == 1) {
    EXPECT_EQ(after.steals, 0u);
  }
}

TEST(runtime_metrics, tell_of_work_that_was_stolen_and_of_sleep) {
  silk::runtime runtime({.workers = 2});
  runtime.block_on([]() -> silk::task<> {
    std::atomic<bool> elsewhere = false;
    const auto other = silk::spawn([&]() -> silk::task<> {
      elsewhere = true;
      co_return;
    });
    while (!elsewhere) std::this_thread::yield();  // keeps this worker
    co_await other;
  });
  EXPECT_GE(runtime.metrics().steals, 1u);
  while (runtime.metrics().parks < runtime.workers()) std::this_thread::yield();  // nothing to do
}

TEST_P(runtime, refuses_a_task_that_was_moved_from_and_stays_whole) {
  silk::runtime runtime(virtual_time());
  silk::task<> body = asleep(1s);
  const silk::task<> taken = std::move(body);
  EXPECT_THROW(runtime.spawn(std::move(body)), silk::usage_error);
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

TEST_P(runtime, is_the_current_one_inside_its_tasks_only) {
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  silk::runtime runtime(virtual_time());
  runtime.block_on([&]() -> silk::task<> {
    EXPECT_EQ(&silk::runtime::current(), &runtime);
    co_await silk::sleep(1s);
    EXPECT_EQ(&silk::runtime::current(), &runtime);
  });
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  EXPECT_THROW(silk::spawn(asleep()), silk::usage_error);
}

// ---- virtual time ----

TEST_P(runtime, virtual_time_stands_still_while_anything_runs) {
  run([]() -> silk::task<> {
    auto sleeper = silk::spawn(asleep(1ns));
    const auto works = []() -> silk::task<> {
      for (int i = 0; i < 2000; ++i) {
        EXPECT_EQ(silk::now().time_since_epoch(), 0ns);
        co_await silk::yield();
      }
    };
    co_await silk::gather(works(), works(), works());
    co_await sleeper;
    EXPECT_EQ(silk::now().time_since_epoch(), 1ns);
  });
}

TEST_P(runtime, virtual_time_stops_at_every_timer_in_order) {
  run([]() -> silk::task<> {
    std::mutex lock;
    std::vector<silk::duration> seen;
    std::vector<silk::task<>> all;
    const auto sleeps = [&](silk::duration d) -> silk::task<> {
      co_await silk::sleep(d);
      EXPECT_EQ(silk::now().time_since_epoch(), d);
      const std::lock_guard hold(lock);
      seen.push_back(d);
    };
    for (int i = 1000; i > 0; --i) all.push_back(sleeps(i * i * 1us));
    co_await silk::gather(std::move(all));
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(seen.size(), 1000u);
  });
}

TEST_P(runtime, virtual_time_passes_years_in_no_time) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) co_await silk::sleep(24h * 365);
    EXPECT_EQ(silk::now().time_since_epoch(), 100 * 24h * 365);
  });
}

}  // namespace
