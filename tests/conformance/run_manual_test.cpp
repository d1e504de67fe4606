// Rows of the area `run`, about driving a scheduler by hand: run_forever and stop are members of a
// manual_runtime, which has one worker, the thread that drives it.
#include "row.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

silk::runtime_options by_hand() { return {.time = silk::time_source::virtual_time}; }

ROW(run, until_complete_stopped) {
  silk::manual_runtime runtime(by_hand());
  int x = 0;
  const auto task = runtime.spawn([&]() -> silk::task<> {
    while (x < 10) {
      co_await silk::sleep(150ms);
      if (++x == 2) runtime.stop();
    }
  });
  std::string what;
  try {
    runtime.block_on(task);
  } catch (const silk::usage_error& error) {
    what = error.what();
  }
  EXPECT_NE(what.find("stopped before what is awaited was done"), std::string::npos) << what;
  EXPECT_FALSE(task.done());
  EXPECT_EQ(x, 2);
  EXPECT_EQ(runtime.now().time_since_epoch(), 300ms);
  task.cancel();
  EXPECT_EQ(told([&] { runtime.block_on(task); }), "cancelled");

  // Or it goes on to its end.
  const auto slow = runtime.spawn([&]() -> silk::task<int> {
    co_await silk::sleep(1s);
    runtime.stop();
    co_await silk::sleep(1s);
    co_return 42;
  });
  EXPECT_EQ(told([&] { runtime.block_on(slow); }), "usage");
  EXPECT_EQ(runtime.block_on(slow), 42);
}

ROW(run, stop_before_run) {
  silk::manual_runtime runtime(by_hand());
  std::string order;
  runtime.post([&] {
    order += "a";
    runtime.post([&] { order += "c"; });
  });
  runtime.post([&] { order += "b"; });
  runtime.stop();
  runtime.run_until_stopped();
  EXPECT_EQ(order, "ab");  // one turn
  runtime.stop();
  runtime.run_until_stopped();
  EXPECT_EQ(order, "abc");
}

ROW(run, run_once_idiom) {
  silk::manual_runtime runtime(by_hand());
  int calls = 0;
  runtime.post([&] { ++calls; });
  runtime.post([&] { runtime.stop(); });
  runtime.run_until_stopped();
  EXPECT_EQ(calls, 1);
  runtime.post([&] { ++calls; });
  EXPECT_TRUE(runtime.run_once());
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(runtime.run_once());
  EXPECT_EQ(calls, 2);
}

// An event of another thread, and one of time.
ROW(run, no_double_dispatch_after_stop) {
  silk::manual_runtime runtime(by_hand());
  int events = 0;
  silk::promise<> event;
  runtime.spawn([&]() -> silk::task<> {
    co_await event.get_future();
    ++events;
    runtime.stop();
  });
  runtime.run_ready();  // it waits
  std::thread([&] { event.set_value(); }).join();
  runtime.run_until_stopped();
  EXPECT_EQ(events, 1);
  runtime.call_after(1s, [&] {
    ++events;
    runtime.stop();
  });
  runtime.run_until_stopped();
  EXPECT_EQ(events, 2);
  for (int i = 0; i < 5; ++i) {
    runtime.stop();
    runtime.run_until_stopped();
  }
  EXPECT_EQ(events, 2);
}

ROW(run, custom_drive) {
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  silk::manual_runtime runtime(by_hand());
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  int turns_taken = 0;
  {
    silk::manual_runtime::driving driving(runtime);
    EXPECT_EQ(&silk::runtime::current(), &runtime);
    const auto task = silk::spawn([&]() -> silk::task<int> {
      EXPECT_EQ(&silk::runtime::current(), &runtime);
      for (int i = 0; i < 3; ++i) co_await silk::yield();
      EXPECT_EQ(&silk::runtime::current(), &runtime);
      co_return 42;
    });
    while (!task.done()) {
      EXPECT_TRUE(driving.run_once());
      EXPECT_EQ(&silk::runtime::current(), &runtime);
      ++turns_taken;
    }
    EXPECT_EQ(task.result(), 42);
  }
  EXPECT_EQ(turns_taken, 4);
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  EXPECT_TRUE(runtime.shutdown());
}

}  // namespace
