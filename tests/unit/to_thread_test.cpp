// What a call gives, and where it runs. Cancelled calls and the end: to_thread_cancel_test.cpp.
#include "at_workers.hpp"

#include <pthread.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class to_thread : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(to_thread);

TEST_P(to_thread, gives_the_value_of_the_call) {
  run([]() -> silk::task<> {
    const int sum = co_await silk::to_thread([](int a, int b) { return a + b; }, 40, 2);
    EXPECT_EQ(sum, 42);
  });
}

TEST_P(to_thread, throws_what_the_call_throws) {
  run([]() -> silk::task<> {
    int number = 0;
    try {
      co_await silk::to_thread([] { throw boom(5); });
    } catch (const boom& error) {
      number = error.number;
    }
    EXPECT_EQ(number, 5);
    std::string reason;
    try {
      co_await silk::to_thread([]() -> int { throw silk::cancelled("enough"); });
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
  });
}

TEST_P(to_thread, takes_calls_that_give_nothing) {
  run([]() -> silk::task<> {
    std::atomic<int> calls = 0;
    co_await silk::to_thread([&calls] { ++calls; });
    EXPECT_EQ(calls, 1);
  });
}

struct number_without_default {
  explicit number_without_default(int n) : number(n) {}
  int number;
};

TEST_P(to_thread, passes_on_values_and_arguments_that_only_move) {
  run([]() -> silk::task<> {
    auto made = std::make_unique<int>(1);
    const auto adds_one = [](std::unique_ptr<int> given) {
      ++*given;
      return given;
    };
    const std::unique_ptr<int> back = co_await silk::to_thread(adds_one, std::move(made));
    EXPECT_EQ(*back, 2);
    const auto holds = [held = std::make_unique<int>(3)]() mutable { return std::move(held); };
    auto call =
        silk::to_thread(std::move(const_cast<std::remove_const_t<decltype(holds)>&>(holds)));
    const std::unique_ptr<int> captured = co_await std::move(call);
    EXPECT_EQ(*captured, 3);
    const number_without_default object =
        co_await silk::to_thread([] { return number_without_default(4); });
    EXPECT_EQ(object.number, 4);
  });
}

TEST_P(to_thread, passes_references_that_are_wrapped) {
  run([]() -> silk::task<> {
    int target = 1;
    const auto refers = [](int& to) {
      ++to;
      return std::ref(to);
    };
    const std::reference_wrapper<int> back = co_await silk::to_thread(refers, std::ref(target));
    EXPECT_EQ(&back.get(), &target);
    EXPECT_EQ(target, 2);
  });
}

TEST_P(to_thread, copies_arguments_and_calls_members) {
  run([]() -> silk::task<> {
    std::string text = "text";
    auto call = silk::to_thread([](const std::string& given) { return given; }, text);
    text = "changed";
    const std::string copied = co_await std::move(call);
    EXPECT_EQ(copied, "text");
    const std::size_t size = co_await silk::to_thread(&std::string::size, text);
    EXPECT_EQ(size, 7u);
  });
}

TEST_P(to_thread, calls_only_once_it_is_awaited) {
  run([]() -> silk::task<> {
    std::atomic<int> calls = 0;
    {
      const silk::task<> dropped = silk::to_thread([&calls] { ++calls; });
    }
    silk::task<> kept = silk::to_thread([&calls] { ++calls; });
    co_await silk::sleep(1s);
    EXPECT_EQ(calls, 0);
    co_await std::move(kept);
    EXPECT_EQ(calls, 1);
  });
}

TEST_P(to_thread, calls_on_a_thread_that_is_no_worker) {
  run([]() -> silk::task<> {
    std::string name;
    bool refused = false;
    co_await silk::to_thread([&] {
      char text[16] = {};
      ::pthread_getname_np(::pthread_self(), text, sizeof text);
      name = text;
      try {
        static_cast<void>(silk::spawn(asleep()));
      } catch (const silk::usage_error&) {
        refused = true;
      }
    });
    EXPECT_EQ(name, "silk-blocking");
    EXPECT_TRUE(refused);
  });
}

TEST_P(to_thread, may_block_on_the_runtime_that_waits_for_it) {
  run([]() -> silk::task<> {
    silk::runtime& runtime = silk::runtime::current();
    const auto answers = []() -> silk::task<int> {
      co_await silk::yield();
      co_return 42;
    };
    const int value = co_await silk::to_thread([&] { return runtime.block_on(answers()); });
    EXPECT_EQ(value, 42);
  });
}

TEST_P(to_thread, runs_as_many_calls_at_once_as_there_are_threads) {
  auto options = virtual_time();
  options.blocking_threads = 4;
  silk::run(
      []() -> silk::task<> {
        std::latch all_here{4};
        const auto meets = [](std::latch& others) { others.arrive_and_wait(); };
        std::vector<silk::task<>> calls;
        for (int i = 0; i < 4; ++i) calls.push_back(silk::to_thread(meets, std::ref(all_here)));
        co_await silk::gather(std::move(calls));
      },
      std::move(options));
}

TEST_P(to_thread, queues_more_calls_than_there_are_threads) {
  auto options = virtual_time();
  options.blocking_threads = 2;
  silk::run(
      []() -> silk::task<> {
        std::atomic<int> running = 0, most = 0, calls = 0;
        const auto call = [&] {
          const int now = ++running;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          ++calls;
          --running;
        };
        std::vector<silk::task<>> all;
        for (int i = 0; i < 1000; ++i) all.push_back(silk::to_thread(std::ref(call)));
        co_await silk::gather(std::move(all));
        EXPECT_EQ(calls, 1000);
        EXPECT_LE(most, 2);
      },
      std::move(options));
}

TEST_P(to_thread, gathers_ten_calls) {
  run([]() -> silk::task<> {
    std::vector<silk::task<int>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(silk::to_thread([i] { return i * i; }));
    const std::vector<int> squares = co_await silk::gather(std::move(calls));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
  });
}

TEST_P(to_thread, holds_virtual_time_while_a_call_runs) {
  silk::runtime runtime(virtual_time());
  runtime.block_on([&]() -> silk::task<> {
    const auto looks_at_the_clock = [&runtime] {
      let_time_pass_if_it_can(runtime);
      return runtime.now();
    };
    const auto sleeps = []() -> silk::task<silk::time_point> {
      co_await silk::sleep(1s);
      co_return silk::now();
    };
    const auto [during, after] =
        co_await silk::gather(silk::to_thread(looks_at_the_clock), sleeps());
    EXPECT_EQ(during.time_since_epoch(), 0s);
    EXPECT_EQ(after.time_since_epoch(), 1s);
  });
}

TEST_P(to_thread, lets_virtual_time_go_on_while_a_call_waits_for_the_runtime) {
  run([]() -> silk::task<> {
    silk::runtime& here = silk::runtime::current();
    const auto ticker = silk::spawn([]() -> silk::task<> {
      for (;;) co_await silk::sleep(1s);
    });
    const auto seen = co_await silk::to_thread([&here] {
      const int value = here.block_on(answer_after(3500ms, 7));
      std::this_thread::yield();  // time stands still again
      return std::pair(value, here.now());
    });
    EXPECT_EQ(seen.first, 7);
    EXPECT_EQ(seen.second.time_since_epoch(), 3500ms);
    EXPECT_EQ(silk::now().time_since_epoch(), 3500ms);
    ticker.cancel();
  });
}

TEST_P(to_thread, destroys_the_callable_when_the_call_is_over) {
  run([]() -> silk::task<> {
    auto held = std::make_shared<int>(42);
    const auto reads = [](std::shared_ptr<int> given) { return *given; };
    auto handle = silk::spawn(silk::to_thread(reads, held));
    const int value = co_await handle;
    EXPECT_EQ(value, 42);
    co_await silk::sleep(1s);  // time goes on when the thread has let go of the call
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST(to_thread_type, refuses_coroutines_at_compile_time) {
  // A callable that gives a task belongs to spawn; the static_assert says so. Others are accepted:
  static_assert(std::is_same_v<decltype(silk::to_thread([] { return 1; })), silk::task<int>>);
  static_assert(std::is_same_v<decltype(silk::to_thread([] {})), silk::task<void>>);
}

TEST(to_thread_type, needs_a_running_task) {
  silk::task<int> call = silk::to_thread([] { return 1; });  // lazy: no task needed yet
  EXPECT_TRUE(static_cast<bool>(call));
  EXPECT_EQ(silk::run(std::move(call), {.workers = 1}), 1);
}

}  // namespace
