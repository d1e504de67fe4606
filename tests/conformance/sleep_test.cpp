// Rows of the area `sleep`.
#include "row.hpp"

#include <atomic>
#include <chrono>
#include <limits>

namespace {

using namespace silk_conformance;

ROW(sleep, duration_and_result) {
  run([]() -> silk::task<> {
    co_await silk::sleep(50ms);
    EXPECT_EQ(elapsed(), 50ms);
    const std::string value = co_await silk::sleep(50ms, std::string("value"));
    EXPECT_EQ(elapsed(), 100ms);
    EXPECT_EQ(value, "value");
  });
}

ROW(sleep, cancel_disarms_timer) {
  silk::runtime runtime(options());
  runtime.block_on([]() -> silk::task<> {
    const auto sleeper = silk::spawn([]() -> silk::task<> { co_await silk::sleep(1h); });
    co_await silk::sleep(1s);
    EXPECT_TRUE(sleeper.cancel());
    const std::string end = co_await ending(sleeper);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(elapsed(), 1s);
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 1s);
}

ROW(sleep, zero_yields_once) {
  run([&]() -> silk::task<> {
    std::atomic<int> called{0};
    for (int i = 0; i < 3; ++i) silk::runtime::current().post([&] { ++called; });
    const int value = co_await silk::sleep(0s, 7);
    EXPECT_EQ(value, 7);
    if (workers() == 1) {
      EXPECT_EQ(called, 3);
    }
    // Once: who yields as often as another has steps keeps up with it.
    if (workers() == 1) {
      int steps = 0;
      const auto other = silk::spawn([&]() -> silk::task<> {
        for (int i = 0; i < 3; ++i) {
          ++steps;
          co_await silk::yield();
        }
      });
      for (int i = 1; i <= 3; ++i) {
        co_await silk::sleep(0s);
        EXPECT_EQ(steps, i);
      }
      co_await other;
    }
    EXPECT_EQ(elapsed(), 0s);
    co_await at_rest();
    EXPECT_EQ(called, 3);
  });
}

ROW(sleep, negative_like_zero) {
  run([&]() -> silk::task<> {
    std::atomic<int> called{0};
    silk::runtime::current().post([&] { ++called; });
    const int value = co_await silk::sleep(-1h, 7);
    EXPECT_EQ(value, 7);
    if (workers() == 1) {
      EXPECT_EQ(called, 1);
    }
    EXPECT_EQ(elapsed(), 0s);
    co_await at_rest();
    EXPECT_EQ(elapsed(), 1ms);
  });
}

ROW(sleep, nan_rejected) {
  run([]() -> silk::task<> {
    const std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(told([&] { static_cast<void>(silk::sleep(nan)); }), "invalid argument");
    EXPECT_EQ(told([&] { static_cast<void>(silk::sleep(nan, 7)); }), "invalid argument");
    co_return;
  });
}

// The only row that needs the machine's clock.
ROW(sleep, never_early) {
  silk::run(
      []() -> silk::task<> {
        const auto before = std::chrono::steady_clock::now();
        co_await silk::sleep(100ms);
        EXPECT_GE(std::chrono::steady_clock::now() - before, 100ms);
      },
      {.workers = workers()});
}

}  // namespace
