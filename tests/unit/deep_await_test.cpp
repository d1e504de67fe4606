// However long a loop of awaits is that are ready, and however deep awaits nest, the stack of the worker
// does not grow. Also built at -O0 and -O1 (silk_deep_O0, silk_deep_O1): a jump from one coroutine to the
// next must not be left to the optimiser.
#include "support/programs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace {

using silk_tests::ending;
using silk_tests::virtual_time;

constexpr int million = 1'000'000;

// How much of its stack each worker has used between the calls of here(), at most.
class stack_gauge {
 public:
  static constexpr std::size_t much = 64 * 1024;

  stack_gauge() { most_ = 0; }
  // False: the stack grows; stop before it overflows, so that the test can tell.
  [[gnu::noinline]] bool here() noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    thread_local std::uintptr_t lowest = std::numeric_limits<std::uintptr_t>::max();
    thread_local std::uintptr_t highest = 0;
    thread_local std::uint64_t of = 0;
    if (of != number_) {
      of = number_;
      lowest = highest = at;
    }
    lowest = std::min(lowest, at);
    highest = std::max(highest, at);
    std::size_t before = most_;
    while (before < highest - lowest && !most_.compare_exchange_weak(before, highest - lowest)) {
    }
    return highest - lowest < much;
  }
  std::size_t most() const noexcept { return most_; }

 private:
  static inline std::atomic<std::uint64_t> gauges_ = 0;
  const std::uint64_t number_ = ++gauges_;
  std::atomic<std::size_t> most_;
};

template <class Body>
void run_with_gauge(Body body, unsigned workers = 1) {
  stack_gauge gauge;
  silk::run([&]() -> silk::task<> { co_await body(gauge); }, virtual_time(workers));
  EXPECT_LT(gauge.most(), stack_gauge::much);
}

silk::task<int> ready(stack_gauge& gauge, int n) {
  gauge.here();
  co_return n;
}

TEST(deep_await, a_million_calls_in_a_loop) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    std::int64_t sum = 0;
    for (int i = 0; i < million && gauge.here(); ++i) {
      const int value = co_await ready(gauge, i);
      sum += value;
    }
    EXPECT_EQ(sum, std::int64_t{million} * (million - 1) / 2);
  });
}

TEST(deep_await, a_million_futures_that_are_done) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    silk::promise<int> promise;
    promise.set_value(1);
    const silk::future<int> future = promise.get_future();
    int sum = 0;
    for (int i = 0; i < million && gauge.here(); ++i) {
      const int& value = co_await future;
      sum += value;
    }
    EXPECT_EQ(sum, million);
  });
}

TEST(deep_await, a_million_gathers_in_a_loop) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    int sum = 0;
    for (int i = 0; i < million && gauge.here(); ++i) {
      const auto [a, b] = co_await silk::gather(ready(gauge, 1), ready(gauge, 2));
      sum += a + b;
    }
    EXPECT_EQ(sum, 3 * million);
  });
}

TEST(deep_await, a_million_spawns_and_joins_in_a_loop) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    int sum = 0;
    for (int i = 0; i < million && gauge.here(); ++i) {
      const int value = co_await silk::spawn(ready(gauge, 1));
      sum += value;
    }
    EXPECT_EQ(sum, million);
  });
}

TEST(deep_await, many_gathers_and_spawns_with_a_thief_about) {
  auto body = [](stack_gauge& gauge) -> silk::task<> {
    int sum = 0;
    for (int i = 0; i < million / 10 && gauge.here(); ++i) {
      const auto [a, b] = co_await silk::gather(ready(gauge, 1), ready(gauge, 2));
      const int c = co_await silk::spawn(ready(gauge, 3));
      sum += a + b + c;
    }
    EXPECT_EQ(sum, 6 * (million / 10));
  };
  run_with_gauge(body, 2);
}

TEST(deep_await, a_million_yields_in_a_loop) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    for (int i = 0; i < million && gauge.here(); ++i) co_await silk::yield();
  });
}

TEST(deep_await, a_million_foreign_awaitables_that_are_ready) {
  struct ready_already {
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int await_resume() const noexcept { return 1; }
  };
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    int sum = 0;
    for (int i = 0; i < million && gauge.here(); ++i) sum += co_await ready_already();
    EXPECT_EQ(sum, million);
  });
}

silk::task<int> count_down(stack_gauge& gauge, int depth) {
  gauge.here();
  int below = 0;
  if (depth > 0) below = co_await count_down(gauge, depth - 1);
  gauge.here();
  co_return below + 1;
}

TEST(deep_await, a_hundred_thousand_nested_calls_unwind) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    const int frames = co_await count_down(gauge, 100'000);
    EXPECT_EQ(frames, 100'001);
  });
}

silk::task<int> count_down_by_gather(stack_gauge& gauge, int depth) {
  gauge.here();
  int below = 0;
  if (depth > 0) {
    const auto [a, b] =
        co_await silk::gather(count_down_by_gather(gauge, depth - 1), ready(gauge, 0));
    below = a + b;
  }
  gauge.here();
  co_return below + 1;
}

TEST(deep_await, a_hundred_thousand_nested_gathers_unwind) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    const int frames = co_await count_down_by_gather(gauge, 100'000);
    EXPECT_EQ(frames, 100'001);
  });
}

silk::task<> fail_below(stack_gauge& gauge, int depth, std::shared_ptr<int> token) {
  gauge.here();
  if (depth == 0) throw std::runtime_error("at the bottom");
  co_await fail_below(gauge, depth - 1, token);
}

TEST(deep_await, an_exception_through_ten_thousand_nested_calls) {
  auto token = std::make_shared<int>(0);
  run_with_gauge([&](stack_gauge& gauge) -> silk::task<> {
    const std::string end = co_await ending(fail_below(gauge, 10'000, token));
    EXPECT_EQ(end, "at the bottom");
    EXPECT_EQ(token.use_count(), 1);
  });
}

silk::task<> sleep_below(stack_gauge& gauge, int depth) {
  gauge.here();
  if (depth == 0) {
    co_await silk::sleep(std::chrono::hours(1));
  } else {
    co_await silk::gather(sleep_below(gauge, depth - 1));
  }
}

TEST(deep_await, a_cancel_through_a_thousand_nested_gathers) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    const auto handle = silk::spawn(sleep_below(gauge, 1000));
    co_await silk::sleep(std::chrono::seconds(1));
    EXPECT_TRUE(handle.cancel("enough"));
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
  });
}

// Hand-offs resume the other task in place of this one, a million times in a row.
TEST(deep_await, a_million_hand_offs_between_two_tasks) {
  run_with_gauge([](stack_gauge& gauge) -> silk::task<> {
    struct table {
      silk::promise<> ping, pong;
    };
    table ball;
    const auto partner = silk::spawn([&]() -> silk::task<> {
      for (int i = 0; i < million / 2 && gauge.here(); ++i) {
        co_await ball.ping.get_future();
        ball.ping = silk::promise<>();
        ball.pong.set_value();
      }
    });
    for (int i = 0; i < million / 2 && gauge.here(); ++i) {
      const silk::future<> back = ball.pong.get_future();
      ball.ping.set_value();
      co_await back;
      ball.pong = silk::promise<>();
    }
    co_await partner;
  });
}

}  // namespace
