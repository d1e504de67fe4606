// post, call_after, call_at and their handles. The order of posts: post_order_test.cpp.
#include "at_workers.hpp"

#include <atomic>
#include <cmath>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class callback : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(callback);

silk::runtime_options one_worker() {
  return {.workers = 1, .time = silk::time_source::virtual_time};
}

// ---- post ----

TEST_P(callback, is_called_once_each_when_many_threads_post) {
  silk::runtime runtime(virtual_time());
  std::vector<std::atomic<int>> calls(4000);
  std::latch done{4000};
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      for (std::size_t i = 0; i < 1000; ++i) {
        runtime.post([&, at = n * 1000 + i] {
          ++calls[at];
          done.count_down();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.wait();
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST_P(callback, runs_on_a_worker_and_may_spawn_and_post) {
  silk::runtime runtime(virtual_time());
  std::latch done{2};
  runtime.post([&] {
    EXPECT_EQ(&silk::runtime::current(), &runtime);
    runtime.post([&] { done.count_down(); });
    silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      done.count_down();
    });
    EXPECT_THROW(runtime.block_on(asleep()), silk::usage_error);
  });
  done.wait();
}

// Real time, since virtual time stands still while anything runs.
TEST_P(callback, that_posts_itself_for_ever_starves_no_timer) {
  silk::runtime runtime({.workers = GetParam()});
  std::atomic<bool> stop = false;
  std::latch stopped{1};
  struct again {
    silk::runtime& runtime;
    std::atomic<bool>& stop;
    std::latch& stopped;
    void operator()() const {
      if (stop) return stopped.count_down();
      runtime.post(again(*this));
    }
  };
  runtime.post(again{runtime, stop, stopped});
  runtime.call_after(1ms, [&] { stop = true; });
  stopped.wait();
}

TEST_P(callback, takes_what_only_moves) {
  silk::runtime runtime(virtual_time());
  std::latch done{2};
  runtime.post([&, held = std::make_unique<int>(42)] {
    EXPECT_EQ(*held, 42);
    done.count_down();
  });
  runtime.call_after(1s, [&, held = std::make_unique<int>(42)] {
    EXPECT_EQ(*held, 42);
    done.count_down();
  });
  done.wait();
}

template <class F>
concept can_be_posted = requires(silk::runtime& runtime, F f) { runtime.post(std::move(f)); };

TEST(post, takes_what_can_be_called_only) {
  static_assert(can_be_posted<void (*)()>);
  static_assert(can_be_posted<int (*)()>);
  static_assert(!can_be_posted<int>);
  static_assert(!can_be_posted<void (*)(int)>);
}

// ---- timers ----

TEST_P(callback, is_called_at_its_time_and_not_before) {
  silk::runtime runtime(virtual_time());
  std::latch done{3};
  const auto handle = runtime.call_after(5s, [&] {
    EXPECT_EQ(runtime.now().time_since_epoch(), 5s);
    done.count_down();
  });
  EXPECT_FALSE(handle.is_cancelled());
  runtime.block_on([&]() -> silk::task<> {
    const silk::time_point later = silk::now() + 10s;
    const auto other = runtime.call_at(later, [&, later] {
      EXPECT_EQ(runtime.now(), later);
      done.count_down();
    });
    EXPECT_EQ(other.when(), later);
    const auto third = runtime.call_after(2s, [&] { done.count_down(); });
    EXPECT_EQ(third.when(), later - 8s);
    co_await silk::sleep(20s);
  });
  done.wait();
  EXPECT_EQ(silk::callback_handle().when(), silk::time_point());
}

TEST_P(callback, is_never_early_in_real_time) {
  silk::runtime runtime({.workers = GetParam()});
  std::latch done{20};
  for (int i = 1; i <= 20; ++i) {
    const silk::time_point deadline = runtime.now() + i * 100us;
    runtime.call_at(deadline, [&, deadline] {
      EXPECT_GE(runtime.now(), deadline);
      done.count_down();
    });
  }
  done.wait();
}

TEST(call_after, calls_in_order_of_deadline) {
  silk::runtime runtime(one_worker());
  std::vector<int> order;
  runtime.block_on([&]() -> silk::task<> {
    co_await silk::sleep(10s);
    for (const int i : {7, 3, 9, 1, 5, 8, 2, 6, 4}) {
      runtime.call_after(i * 1ms, [&order, i] { order.push_back(i); });
    }
    co_await silk::sleep(1s);
  });
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(call_after, zero_or_less_is_soon_and_nan_is_refused) {
  silk::runtime runtime(one_worker());
  std::latch done{3};
  runtime.call_after(0s, [&] { done.count_down(); });
  runtime.call_after(-1h, [&] { done.count_down(); });
  runtime.call_at(silk::time_point::min(), [&] { done.count_down(); });
  done.wait();
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
  EXPECT_THROW(runtime.call_after(std::chrono::duration<double>(std::nan("")), [] {}),
               std::invalid_argument);
}

// ---- cancel ----

// docs/cancellation.md: k5
TEST_P(callback, that_was_cancelled_is_never_called_and_lets_go_at_once) {
  silk::runtime runtime(virtual_time());
  auto held = std::make_shared<int>(0);
  std::atomic<int> calls = 0;
  runtime.block_on([&]() -> silk::task<> {  // inside, so that time stands still meanwhile
    const auto handle = runtime.call_after(1h, [&calls, held] { ++calls; });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_TRUE(handle.cancel());
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(handle.cancel());
    co_await silk::sleep(2h);
  });
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(silk::callback_handle().cancel());
}

// docs/cancellation.md: k5
TEST_P(callback, that_was_called_cannot_be_cancelled) {
  silk::runtime runtime(virtual_time());
  std::latch done{1};
  const auto handle = runtime.post([&] { done.count_down(); });
  done.wait();
  EXPECT_FALSE(handle.cancel());
  EXPECT_FALSE(handle.is_cancelled());
}

TEST_P(callback, that_was_cancelled_is_not_waited_for) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([&]() -> silk::task<> {  // inside, so that time stands still meanwhile
    const auto handle = runtime.call_after(1h, [] {});
    handle.cancel();
    co_return;
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

// docs/cancellation.md: k5
TEST_P(callback, is_called_or_cancelled_when_both_meet) {
  silk::runtime runtime(virtual_time());
  constexpr int count = 2000;
  std::atomic<int> called = 0;
  std::vector<silk::callback_handle> handles;
  int cancelled = 0;
  for (int i = 0; i < count; ++i) {
    handles.push_back(i % 2 == 0 ? runtime.post([&] { ++called; })
                                 : runtime.call_after(1ms, [&] { ++called; }));
    if (i >= 10) cancelled += handles[static_cast<std::size_t>(i - 10)].cancel();
  }
  for (const auto& handle : handles) cancelled += handle.cancel();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(called + cancelled, count);
}

// ---- errors ----

TEST_P(callback, that_throws_is_reported_and_stops_nobody) {
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure& what) {
    EXPECT_TRUE(what.task_name.empty());
    EXPECT_NE(what.spawned_at.line(), 0u);
    EXPECT_EQ(what.spawned_at.line(), what.callback.posted_at().line());
    EXPECT_THROW(std::rethrow_exception(what.error), boom);
    ++told;
  };
  silk::runtime runtime(std::move(options));
  std::latch done{1};
  runtime.post([] { throw boom(); });
  runtime.call_after(1s, [] { throw boom(); });
  runtime.call_after(2s, [&] { done.count_down(); });
  done.wait();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(told, 2);
}

// ---- the end of the runtime ----

TEST_P(callback, whose_time_has_not_come_is_dropped_when_the_runtime_ends) {
  auto held = std::make_shared<int>(0);
  std::atomic<int> calls = 0;
  std::vector<silk::callback_handle> handles;
  {
    silk::runtime runtime({.workers = GetParam()});  // in real time the hour does not pass
    for (int i = 0; i < 100; ++i) {
      handles.push_back(runtime.call_after(1h + i * 1s, [&calls, held] { ++calls; }));
    }
  }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(held.use_count(), 1);
  for (const auto& handle : handles) {
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_FALSE(handle.cancel());
  }
}

TEST_P(callback, that_was_posted_before_the_end_is_called) {
  std::atomic<int> calls = 0;
  {
    silk::runtime runtime(virtual_time());
    for (int i = 0; i < 1000; ++i) runtime.post([&] { ++calls; });
  }
  EXPECT_EQ(calls, 1000);
}

TEST_P(callback, is_refused_after_the_end) {
  silk::runtime runtime(virtual_time());
  EXPECT_TRUE(runtime.shutdown());
  auto held = std::make_shared<int>(0);
  EXPECT_THROW(runtime.post([held] {}), silk::usage_error);
  EXPECT_THROW(runtime.call_after(1s, [held] {}), silk::usage_error);
  EXPECT_THROW(runtime.call_at(silk::time_point(), [held] {}), silk::usage_error);
  EXPECT_EQ(held.use_count(), 1);
}

// A handle may be used while its runtime goes: cancel decides first, then wants the timer back.
TEST_P(callback, may_be_cancelled_while_its_runtime_ends) {
  for (int round = 0; round < 20; ++round) {
    std::optional<silk::runtime> runtime(std::in_place,
                                         silk::runtime_options{.workers = GetParam()});
    std::atomic<int> cancelled = 0;
    auto held = std::make_shared<int>(0);
    std::vector<silk::callback_handle> handles;
    for (int i = 0; i < 500; ++i) handles.push_back(runtime->call_after(1h, [held] {}));
    std::latch go{2};
    std::thread canceller([&] {
      go.arrive_and_wait();
      for (const auto& handle : handles) cancelled += handle.cancel();
    });
    go.arrive_and_wait();
    runtime.reset();
    canceller.join();
    EXPECT_LE(cancelled, 500);
    for (const auto& handle : handles) EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(held.use_count(), 1);
  }
}

}  // namespace
