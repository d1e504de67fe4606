// A runtime without threads: who drives it, what a turn is, and how it ends.
#include "at_workers.hpp"

#include <signal.h>

#include <atomic>
#include <latch>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

silk::runtime_options in_virtual_time() { return {.time = silk::time_source::virtual_time}; }

// ---- who drives ----

TEST(manual_runtime, has_one_worker_and_refuses_more) {
  EXPECT_EQ(silk::manual_runtime().workers(), 1u);
  EXPECT_EQ(silk::manual_runtime({.workers = 1}).workers(), 1u);
  EXPECT_THROW(silk::manual_runtime({.workers = 2}), std::invalid_argument);
}

TEST(manual_runtime, runs_tasks_on_the_thread_that_drives_and_only_then) {
  silk::manual_runtime runtime(in_virtual_time());
  std::thread::id ran_on;
  const auto where = [&]() -> silk::task<> {
    ran_on = std::this_thread::get_id();
    co_return;
  };
  const auto first = runtime.spawn(where);
  EXPECT_FALSE(first.done());
  runtime.block_on(first);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  const auto second = runtime.spawn(where);
  std::thread other([&] { runtime.block_on(second); });
  const auto other_id = other.get_id();
  other.join();
  EXPECT_EQ(ran_on, other_id);
}

TEST(manual_runtime, may_be_driven_by_one_thread_at_a_time) {
  silk::manual_runtime runtime(in_virtual_time());
  std::latch driving{1}, tried{1};
  std::thread other([&] {
    runtime.block_on([&]() -> silk::task<> {
      driving.count_down();
      tried.wait();
      co_return;
    });
  });
  driving.wait();
  bool started = false;
  const auto body = [&]() -> silk::task<> {
    started = true;
    co_return;
  };
  EXPECT_THROW(runtime.block_on(body), silk::usage_error);
  EXPECT_THROW(runtime.run_once(), silk::usage_error);
  EXPECT_THROW(runtime.run_ready(), silk::usage_error);
  EXPECT_THROW(runtime.run_until_stopped(), silk::usage_error);
  EXPECT_THROW(runtime.shutdown(), silk::usage_error);
  tried.count_down();
  other.join();
  EXPECT_FALSE(started);
  runtime.block_on(body);
  EXPECT_TRUE(started);
}

TEST(manual_runtime, is_not_driven_by_tasks) {
  silk::manual_runtime runtime(in_virtual_time());
  silk::manual_runtime other(in_virtual_time());
  runtime.block_on([&]() -> silk::task<> {
    EXPECT_THROW(runtime.run_once(), silk::usage_error);
    EXPECT_THROW(runtime.run_until_stopped(), silk::usage_error);
    EXPECT_THROW(other.run_once(), silk::usage_error);
    EXPECT_THROW(other.block_on(asleep(1s)), silk::usage_error);
    EXPECT_THROW(runtime.shutdown(), silk::usage_error);
    co_return;
  });
  silk::manual_runtime::driving driving(runtime);
  EXPECT_THROW(runtime.run_once(), silk::usage_error);
  silk::spawn([&]() -> silk::task<> {
    EXPECT_THROW(driving.run_once(), silk::usage_error);
    co_return;
  });
  EXPECT_TRUE(driving.run_once());
}

TEST(manual_runtime, is_a_runtime) {
  silk::manual_runtime manual(in_virtual_time());
  silk::runtime& runtime = manual;
  EXPECT_EQ(runtime.block_on(answer_after(1h, 42)), 42);
  EXPECT_THROW(runtime.block_on(fail_after(1s)), boom);
  EXPECT_EQ(runtime.now().time_since_epoch(), 1h + 1s);
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_THROW(runtime.block_on(asleep(1s)), silk::usage_error);
}

// ---- turns ----

TEST(manual_runtime, runs_in_a_turn_what_is_runnable_when_it_begins) {
  silk::manual_runtime runtime(in_virtual_time());
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    runtime.spawn([&order, name]() -> silk::task<> {
      for (int i = 1; i <= 3; ++i) {
        order += name;
        order += static_cast<char>('0' + i);
        co_await silk::yield();
      }
    });
  }
  EXPECT_TRUE(runtime.run_once());
  EXPECT_EQ(order, "a1b1c1");
  EXPECT_TRUE(runtime.run_once());
  EXPECT_EQ(order, "a1b1c1a2b2c2");
  runtime.run_ready();
  EXPECT_EQ(order, "a1b1c1a2b2c2a3b3c3");
  EXPECT_FALSE(runtime.run_once());
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

TEST(manual_runtime, takes_more_in_a_turn_than_fits_in_a_queue) {
  silk::manual_runtime runtime(in_virtual_time());
  std::vector<int> order;
  for (int i = 0; i < 5000; ++i) runtime.post([&order, i] { order.push_back(i); });
  for (int i = 0; i < 5000; ++i) runtime.call_after(0s, [] {});
  EXPECT_TRUE(runtime.run_once());
  std::vector<int> expected(5000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
  EXPECT_FALSE(runtime.run_once());
}

TEST(manual_runtime, moves_virtual_time_only_when_it_waits) {
  silk::manual_runtime runtime(in_virtual_time());
  int called = 0;
  runtime.call_after(1s, [&] { ++called; });
  runtime.run_ready();
  EXPECT_FALSE(runtime.run_once());
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
  EXPECT_EQ(called, 0);
  runtime.block_on(asleep(2s));
  EXPECT_EQ(called, 1);
  EXPECT_EQ(runtime.now().time_since_epoch(), 2s);
}

TEST(manual_runtime, does_the_same_each_time) {
  const auto trace = [] {
    std::string order;
    silk::manual_runtime runtime(in_virtual_time());
    const auto leaf = [&order](int number) -> silk::task<> {
      order += std::to_string(number) + " ";
      if (number % 3 == 0) co_await silk::yield();
      if (number % 5 == 0) co_await silk::sleep(number % 7 * 1ms);
      order += std::to_string(-number) + " ";
    };
    runtime.block_on([&]() -> silk::task<> {
      for (int round = 0; round < 20; ++round) {
        std::vector<silk::task<>> children;
        for (int i = 0; i < 20; ++i) children.push_back(leaf(20 * round + i));
        const auto beside = silk::spawn(leaf(1000 + round));
        co_await silk::gather(std::move(children));
        co_await beside;
      }
    });
    return order;
  };
  const std::string first = trace();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(trace(), first);
}

// ---- waiting ----

TEST(manual_runtime, waits_for_other_threads_and_for_steady_time) {
  silk::manual_runtime runtime;
  silk::promise<int> answer;
  const silk::future<int> future = answer.get_future();
  std::latch waiting{1};
  std::thread other([&] {
    waiting.wait();
    answer.set_value(42);
  });
  const int value = runtime.block_on([&]() -> silk::task<int> {
    waiting.count_down();
    co_return co_await future;
  });
  EXPECT_EQ(value, 42);
  other.join();
  const silk::time_point before = runtime.now();
  runtime.block_on(asleep(5ms));
  EXPECT_GE(runtime.now() - before, 5ms);
  const int called = runtime.block_on(silk::to_thread([] { return 7; }));
  EXPECT_EQ(called, 7);
}

TEST(manual_runtime, block_on_a_future_of_another_thread_drives_meanwhile) {
  silk::manual_runtime runtime(in_virtual_time());
  silk::promise<int> answer;
  const silk::future<int> future = answer.get_future();
  std::latch ran{1};
  runtime.spawn([&]() -> silk::task<> {
    ran.count_down();
    co_return;
  });
  std::thread other([&] {
    ran.wait();
    answer.set_value(42);
  });
  EXPECT_EQ(runtime.block_on(future), 42);
  other.join();
}

TEST(manual_runtime, stops_from_any_thread_and_sleeps_until_then) {
  silk::manual_runtime runtime(in_virtual_time());
  for (int i = 0; i < 100; ++i) {
    std::thread other([&] { runtime.stop(); });
    runtime.run_until_stopped();
    other.join();
  }
}

TEST(manual_runtime, a_stop_is_used_up_by_a_turn) {
  silk::manual_runtime runtime(in_virtual_time());
  runtime.stop();
  runtime.run_once();
  EXPECT_EQ(runtime.block_on(answer_after(1s, 42)), 42);
  runtime.stop();
  EXPECT_EQ(runtime.block_on([]() -> silk::task<int> { co_return 7; }), 7);  // done in the one turn
  EXPECT_EQ(runtime.block_on(answer_after(1s, 42)), 42);
}

struct quit_it : silk::fatal {
  const char* what() const noexcept override { return "quit"; }
};

TEST(manual_runtime, lets_fatal_exceptions_out) {
  silk::manual_runtime runtime(in_virtual_time());
  const auto posts = []() -> silk::task<> {
    silk::runtime::current().post([] { throw quit_it(); });
    co_await never_ends();
  };
  EXPECT_THROW(runtime.block_on(posts), quit_it);
  EXPECT_EQ(runtime.block_on(answer_after(1s, 42)), 42);
}

TEST(manual_runtime, can_be_interrupted) {
  ::signal(SIGINT, SIG_DFL);  // in a background job of a shell it is ignored
  auto options = in_virtual_time();
  options.sigint = silk::sigint::cancels_main;
  silk::manual_runtime runtime(std::move(options));
  EXPECT_THROW(runtime.block_on([]() -> silk::task<> {
    ::raise(SIGINT);  // on the thread that drives
    co_await never_ends();
  }),
               silk::interrupted);
  std::latch began{1};
  std::thread fingers([&] {
    began.wait();
    ::raise(SIGINT);
  });
  EXPECT_THROW(runtime.block_on([&]() -> silk::task<> {
    began.count_down();
    co_await never_ends();
  }),
               silk::interrupted);
  fingers.join();
}

// ---- the end ----

TEST(manual_runtime, drives_until_all_have_ended_when_it_goes) {
  bool cleaned = false;
  {
    silk::manual_runtime runtime(in_virtual_time());
    runtime.spawn(cleans_up_for(1h, cleaned));
    runtime.run_ready();
  }
  EXPECT_TRUE(cleaned);
  const auto held = std::make_shared<int>(0);
  {
    silk::manual_runtime runtime(in_virtual_time());
    const auto never_run = runtime.spawn([held]() -> silk::task<> { co_return; });
    runtime.post([held] {});
    runtime.call_after(1h, [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(manual_runtime, may_end_inside_a_task_of_another_runtime) {
  silk::manual_runtime outer(in_virtual_time());
  outer.block_on([&]() -> silk::task<> {
    silk::current_task().set_name("Ann");
    bool cleaned = false;
    {
      silk::manual_runtime inner(in_virtual_time());
      inner.spawn({.start = silk::start::eager}, cleans_up_for(1h, cleaned));
      inner.spawn(never_ends());
    }
    EXPECT_EQ(&silk::runtime::current(), &outer);
    EXPECT_EQ(silk::current_task().name(), "Ann");
    co_await silk::sleep(1s);
  });
  EXPECT_EQ(outer.now().time_since_epoch(), 1s);
}

TEST(manual_runtime, shutdown_says_whether_all_ended_in_time) {
  silk::manual_runtime runtime;
  bool stubborn = true;
  runtime.spawn([&]() -> silk::task<> {
    while (stubborn) {
      try {
        co_await silk::sleep(1h);
      } catch (const silk::cancelled&) {
      }
    }
  });
  runtime.run_ready();
  EXPECT_FALSE(runtime.shutdown(1ms));
  stubborn = false;
  for (const auto& task : runtime.all_tasks()) task.cancel();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(runtime.shutdown());
}

TEST(manual_runtime, waits_at_the_end_for_calls_on_other_threads) {
  std::latch open{1};
  std::atomic<bool> returned = false;
  std::thread opens;
  {
    silk::manual_runtime runtime(in_virtual_time());
    std::latch running{1};
    const auto call = runtime.spawn(silk::to_thread([&] {
      running.count_down();
      open.wait();
      returned = true;
    }));
    runtime.run_ready();
    running.wait();
    opens = std::thread([&] { open.count_down(); });
  }
  EXPECT_TRUE(returned);
  opens.join();
}

}  // namespace
