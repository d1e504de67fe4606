// to_thread: cancelled calls, and calls that are in flight when the runtime ends.
#include "at_workers.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class to_thread_cancel : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(to_thread_cancel);

// A call that says when it runs and waits to be let go.
struct call_gate {
  std::latch running{1};
  std::latch open{1};
  void pass() {
    running.count_down();
    open.wait();
  }
};

// docs/cancellation.md: w10a
TEST_P(to_thread_cancel, ends_the_wait_at_once_while_the_call_runs_on) {
  call_gate here;
  std::atomic<bool> returned = false;
  silk::runtime runtime(virtual_time());
  auto handle = runtime.spawn(silk::to_thread([&] {
    here.pass();
    returned = true;
    return std::make_unique<int>(1);
  }));
  here.running.wait();
  handle.cancel("enough");
  std::string reason;
  try {
    runtime.block_on(handle);
  } catch (const silk::cancelled& stopped) {
    reason = stopped.reason();
  }
  EXPECT_EQ(reason, "enough");
  EXPECT_FALSE(returned);
  here.open.count_down();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(returned);
}

TEST_P(to_thread_cancel, a_call_that_no_thread_has_begun_never_runs) {
  call_gate here;
  auto options = virtual_time();
  options.blocking_threads = 1;
  std::atomic<int> calls = 0;
  auto held = std::make_shared<int>(0);
  silk::runtime runtime(std::move(options));
  auto first = runtime.spawn(silk::to_thread([&] { here.pass(); }));
  here.running.wait();
  std::vector<silk::join_handle<void>> queued;
  for (int i = 0; i < 10; ++i) {
    queued.push_back(runtime.spawn(silk::to_thread([&calls, held] { ++calls; })));
  }
  runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  for (auto& one : queued) one.cancel();
  for (auto& one : queued) EXPECT_THROW(runtime.block_on(one), silk::cancelled);
  EXPECT_FALSE(first.done());
  here.open.count_down();
  runtime.block_on(first);
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(to_thread_cancel, a_call_that_no_thread_has_begun_leaves_the_queue_at_once) {
  call_gate here;
  auto options = virtual_time();
  options.blocking_threads = 1;
  silk::runtime runtime(std::move(options));
  auto first = runtime.spawn(silk::to_thread([&] { here.pass(); }));
  here.running.wait();
  runtime.block_on([]() -> silk::task<> {
    auto held = std::make_shared<int>(0);
    std::vector<silk::join_handle<>> queued;
    for (int i = 0; i < 5; ++i) {
      queued.push_back(
          silk::spawn({.start = silk::start::eager}, silk::to_thread([held] { ++*held; })));
    }
    for (const std::size_t i : {4u, 0u, 2u, 3u, 1u}) {
      queued[i].cancel();
      const std::string how = co_await ending(end_of(queued[i]));
      EXPECT_EQ(how, "cancelled");
    }
    EXPECT_EQ(held.use_count(), 1);
  });
  EXPECT_FALSE(first.done());
  here.open.count_down();
  runtime.block_on(first);
}

TEST_P(to_thread_cancel, of_a_timeout_leaves_the_call_alone) {
  call_gate here;
  std::atomic<bool> returned = false;
  silk::runtime runtime({.workers = GetParam()});  // steady: virtual time stands still meanwhile
  const std::string how = runtime.block_on([&]() -> silk::task<std::string> {
    const auto limited = [&]() -> silk::task<> {
      co_await silk::with_timeout(1ms, silk::to_thread([&] {
                                    here.pass();
                                    returned = true;
                                  }));
    };
    co_return co_await ending(limited());
  });
  EXPECT_EQ(how, "timeout");
  EXPECT_FALSE(returned);
  here.open.count_down();
}

// docs/cancellation.md: w10a
TEST_P(to_thread_cancel, drops_the_result_of_a_call_that_nobody_waits_for) {
  silk::runtime runtime(virtual_time());
  auto held = std::make_shared<int>(0);
  for (int i = 0; i < 50; ++i) {
    call_gate here;
    auto handle = runtime.spawn(silk::to_thread([&here, held] {
      here.pass();
      return held;
    }));
    here.running.wait();
    handle.cancel();
    EXPECT_THROW(runtime.block_on(std::move(handle)), silk::cancelled);
    here.open.count_down();
    runtime.block_on([]() -> silk::task<> { co_await silk::sleep(1s); });  // until the call is over
  }
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(to_thread_cancel, an_error_of_a_call_that_nobody_waits_for_reaches_the_failure_handler) {
  call_gate here;
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure& what) {
    EXPECT_THROW(std::rethrow_exception(what.error), boom);
    ++told;
  };
  {
    silk::runtime runtime(std::move(options));
    auto handle = runtime.spawn(silk::to_thread([&] {
      here.pass();
      throw boom();
    }));
    here.running.wait();
    handle.cancel();
    EXPECT_THROW(runtime.block_on(std::move(handle)), silk::cancelled);
    here.open.count_down();
  }
  EXPECT_EQ(told, 1);
}

TEST_P(to_thread_cancel, meets_calls_in_all_their_stages) {
  auto options = virtual_time();
  options.blocking_threads = 4;
  std::atomic<int> calls = 0;
  silk::run(
      [&]() -> silk::task<> {
        for (int round = 0; round < 20; ++round) {
          std::vector<silk::join_handle<int>> handles;
          for (int i = 0; i < 100; ++i) {
            handles.push_back(silk::spawn(silk::to_thread([&calls, i] {
              ++calls;
              return i;
            })));
          }
          co_await silk::yield();
          for (auto& handle : handles) handle.cancel();
          for (int i = 0; i < 100; ++i) {
            auto& handle = handles[static_cast<std::size_t>(i)];
            const std::string how = co_await ending(end_of(handle));
            EXPECT_TRUE(how == "value" || how == "cancelled");
            if (how == "value") {
              EXPECT_EQ(handle.result(), i);
            }
          }
        }
      },
      std::move(options));
  EXPECT_LE(calls, 2000);
}

// ---- the end of the runtime ----

TEST_P(to_thread_cancel, the_runtime_waits_for_calls_in_flight_when_it_ends) {
  call_gate here;
  std::atomic<bool> returned = false;
  std::thread opens;
  {
    silk::runtime runtime(virtual_time());
    auto handle = runtime.spawn(silk::to_thread([&] {
      here.pass();
      returned = true;
    }));
    here.running.wait();
    runtime.close();
    EXPECT_THROW(runtime.block_on(handle), silk::cancelled);  // the task does not wait
    opens = std::thread([&] { here.open.count_down(); });
  }
  EXPECT_TRUE(returned);
  opens.join();
}

TEST_P(to_thread_cancel, clean_up_code_may_call_while_the_runtime_closes) {
  std::atomic<int> calls = 0;
  silk::run(
      [&]() -> silk::task<> {
        silk::spawn([&calls]() -> silk::task<> {
          bool stopped = false;
          try {
            co_await never_ends();
          } catch (const silk::cancelled&) {
            stopped = true;
          }
          if (stopped) co_await silk::to_thread([&calls] { ++calls; });
        });
        co_await silk::sleep(1s);
      },
      virtual_time());
  EXPECT_EQ(calls, 1);
}

TEST_P(to_thread_cancel, leftover_queued_calls_are_dropped_when_the_runtime_ends) {
  call_gate here;
  std::atomic<int> calls = 0;
  std::thread opens;
  auto options = virtual_time();
  options.blocking_threads = 1;
  {
    silk::runtime runtime(std::move(options));
    runtime.spawn(silk::to_thread([&] { here.pass(); }));
    here.running.wait();
    for (int i = 0; i < 10; ++i) runtime.spawn(silk::to_thread([&calls] { ++calls; }));
    runtime.close();
    opens = std::thread([&] { here.open.count_down(); });
  }
  opens.join();
  EXPECT_EQ(calls, 0);
}

}  // namespace
