// Rows of the area `run`: asyncio.run is silk::run; a runner and its scheduler are a silk::runtime, whose
// block_on is run_until_complete. From foreign threads: run_threads_test.cpp.
#include "row.hpp"

#include <atomic>
#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<int> gives_after_a_yield(int value) {
  co_await silk::yield();
  co_return value;
}
// Not a sleep: virtual time may pass it by between the end of a program and the end of its runtime.
silk::task<> never_ends() {
  silk::promise<> kept;
  co_await kept.get_future();
}
// Answers the cancel at the end of its runtime with an exception.
silk::task<> fails_when_stopped(std::string what) {
  bool stopped = false;
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) throw failure_e(what);
}

ROW(run, returns_value) {
  EXPECT_EQ(silk::run(gives_after_a_yield(42), options()), 42);
  EXPECT_EQ(run([] { return gives_after_a_yield(7); }), 7);
}

ROW(run, propagates_exception) {
  bool cleaned = false;
  const auto program = [&]() -> silk::task<> {
    silk::spawn([&]() -> silk::task<> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        cleaned = true;
        throw;
      }
    });
    co_await at_rest();
    throw failure_e("the same");
  };
  std::string end;
  bool cleaned_before = false;
  try {
    run(program);
  } catch (const failure_e& error) {
    cleaned_before = cleaned;
    end = error.what();
  }
  EXPECT_EQ(end, "the same");
  EXPECT_TRUE(cleaned_before);
}

template <class What>
concept can_run = requires(What what) { silk::run(std::move(what)); };
template <class What>
concept can_block_on =
    requires(silk::runtime& runtime, What what) { runtime.block_on(std::move(what)); };

ROW(run, rejects_non_coroutine) {
  static_assert(can_run<silk::task<int>>);
  static_assert(can_run<silk::task<> (*)()>);
  static_assert(!can_run<int>);
  static_assert(!can_run<std::string>);
  static_assert(!can_run<int (*)()>);
  static_assert(!can_run<silk::task<> (*)(int)>);  // without its argument
  EXPECT_FALSE(can_run<int>);
}

// As asyncio.run does; the runtime's block_on, which is Runner.run of 3.14, takes one.
ROW(run, rejects_future) {
  static_assert(!can_run<silk::future<int>>);
  static_assert(!can_run<silk::join_handle<int>>);
  static_assert(can_block_on<silk::future<int>>);
  EXPECT_FALSE(can_run<silk::future<int>>);
}

ROW(run, until_complete_type_error) {
  static_assert(can_block_on<silk::task<int>>);
  static_assert(!can_block_on<int>);
  static_assert(!can_block_on<std::string>);
  static_assert(!can_block_on<void (*)()>);
  EXPECT_FALSE(can_block_on<int>);
}

// An awaitable that knows nothing of silk.
struct answer_of_a_stranger {
  int answer;
  std::unique_ptr<int> only_moves = {};
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const noexcept { return answer; }
};

ROW(run, any_awaitable) {
  silk::runtime runtime(options());
  EXPECT_EQ(runtime.block_on(answer_of_a_stranger{.answer = 42}), 42);
  silk::promise<int> promise;
  promise.set_value(7);
  EXPECT_EQ(runtime.block_on(promise.get_future()), 7);
}

ROW(run, nested_rejected) {
  run([&]() -> silk::task<> {
    const auto held = std::make_shared<int>(0);
    bool started = false;
    const auto inner = [&](std::shared_ptr<int>) -> silk::task<> {
      started = true;
      co_return;
    };
    EXPECT_THROW(silk::run(inner(held), options()), silk::usage_error);
    EXPECT_THROW(silk::run([&] { return inner(held); }, options()), silk::usage_error);
    EXPECT_FALSE(started);
    EXPECT_EQ(held.use_count(), 1);
    co_await at_rest();
  });
}

ROW(run, reports_leftover_errors) {
  struct told {
    std::string message, name, error;
    bool operator==(const told&) const = default;
  };
  std::vector<told> heard;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure& what) {
    heard.push_back({std::string(what.message), std::string(what.task_name), told_of(what.error)});
  };
  silk::join_handle<> kept;
  const int value = silk::run(
      [&]() -> silk::task<int> {
        kept = silk::spawn({.name = "Ann"}, fails_when_stopped("leftover"));
        co_await at_rest();
        co_return 42;
      },
      chosen);
  EXPECT_EQ(value, 42);
  const told expected{"the end of its runtime brought out the failure", "Ann", "leftover"};
  EXPECT_EQ(heard, std::vector{expected});
  EXPECT_EQ(told_of(kept.exception()), "leftover");
  kept = {};  // and not once more
  EXPECT_EQ(heard.size(), 1u);
}

ROW(run, leftover_errors_do_not_mask_main) {
  silk::join_handle<> leftover;
  std::atomic<int> told = 0;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure&) { ++told; };
  const std::string end = silk_conformance::told([&] {
    silk::run(
        [&]() -> silk::task<> {
          leftover = silk::spawn(fails_when_stopped("leftover"));
          co_await at_rest();
          throw failure_e("main");
        },
        chosen);
  });
  EXPECT_EQ(end, "main");
  EXPECT_TRUE(leftover.done());
  EXPECT_EQ(told_of(leftover.exception()), "leftover");
  EXPECT_EQ(told, 1);
}

ROW(run, closes_scheduler) {
  silk::runtime runtime(options());
  EXPECT_EQ(runtime.block_on(gives_after_a_yield(42)), 42);
  EXPECT_TRUE(runtime.shutdown());
  bool ran = false;
  const auto runs = [&]() -> silk::task<> {
    ran = true;
    co_return;
  };
  EXPECT_THROW(runtime.spawn(runs()), silk::usage_error);
  EXPECT_THROW(runtime.block_on(runs()), silk::usage_error);
  EXPECT_THROW(runtime.post([&] { ran = true; }), silk::usage_error);
  EXPECT_THROW(runtime.call_after(0s, [&] { ran = true; }), silk::usage_error);
  EXPECT_FALSE(ran);
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
}

ROW(run, close_idempotent) {
  silk::runtime runtime(options());
  const auto left = runtime.spawn(never_ends());
  runtime.close();
  runtime.close();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(runtime.shutdown());
  runtime.close();
  EXPECT_TRUE(left.is_cancelled());
  EXPECT_EQ(left.cancelling(), 1u);  // told once
}

ROW(run, runner_not_reusable_after_close) {
  silk::runtime runtime(options());
  EXPECT_TRUE(runtime.shutdown());
  const auto held = std::make_shared<int>(0);
  bool ran = false;
  const auto runs = [&](std::shared_ptr<int>) -> silk::task<> {
    ran = true;
    co_return;
  };
  EXPECT_THROW(runtime.block_on(runs(held)), silk::usage_error);
  EXPECT_THROW(runtime.block_on(runs, held), silk::usage_error);
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

ROW(run, runner_many_runs) {
  silk::runtime runtime(options());
  for (int i = 0; i < 10; ++i) {
    const auto [value, where] =
        runtime.block_on([i]() -> silk::task<std::pair<int, silk::runtime*>> {
          co_await silk::sleep(1s);
          co_return std::pair(i, &silk::runtime::current());
        });
    EXPECT_EQ(value, i);
    EXPECT_EQ(where, &runtime);
  }
  EXPECT_EQ(runtime.now().time_since_epoch(), 10s);
}

ROW(run, runner_reentrancy_rejected) {
  silk::runtime runtime(options());
  const auto held = std::make_shared<int>(0);
  bool started = false;
  const int value = runtime.block_on([&]() -> silk::task<int> {
    const auto inner = [&](std::shared_ptr<int>) -> silk::task<> {
      started = true;
      co_return;
    };
    EXPECT_THROW(runtime.block_on(inner(held)), silk::usage_error);
    EXPECT_EQ(held.use_count(), 1);
    co_await at_rest();
    co_return 42;
  });
  EXPECT_EQ(value, 42);
  EXPECT_FALSE(started);
}

ROW(run, until_complete_nested_rejected) {
  silk::runtime runtime(options());
  runtime.block_on([&]() -> silk::task<> {
    bool started = false;
    EXPECT_THROW(runtime.block_on([&]() -> silk::task<> {
      started = true;
      co_return;
    }),
                 silk::usage_error);
    const auto other = silk::spawn(gives_after_a_yield(1));
    EXPECT_THROW(runtime.block_on(other), silk::usage_error);
    const int value = co_await other;
    EXPECT_EQ(value, 1);
    EXPECT_FALSE(started);
  });
}

// Options take the place of a factory: they are what a scheduler is made of.
ROW(run, custom_scheduler_factory) {
  auto chosen = options();
  chosen.start = silk::start::eager;
  silk::run(
      [&]() -> silk::task<> {
        EXPECT_EQ(silk::runtime::current().workers(), workers());
        EXPECT_EQ(silk::now().time_since_epoch(), 0s);  // the virtual clock
        bool ran = false;
        const auto eager = silk::spawn([&]() -> silk::task<> {
          ran = true;
          co_return;
        });
        EXPECT_TRUE(ran);
        co_await silk::sleep(1000h);
        EXPECT_EQ(silk::now().time_since_epoch(), 1000h);
      },
      chosen);
  silk::runtime own(options());
  EXPECT_EQ(
      own.block_on([]() -> silk::task<silk::runtime*> { co_return &silk::runtime::current(); }),
      &own);
}

ROW(run, sets_current_scheduler) {
  silk::runtime runtime(options());
  for (int i = 0; i < 3; ++i) {
    runtime.block_on([&]() -> silk::task<> {
      EXPECT_EQ(&silk::runtime::current(), &runtime);
      for (int n = 0; n < 10; ++n) {
        const auto other = silk::spawn([&]() -> silk::task<> {
          co_await silk::yield();
          EXPECT_EQ(&silk::runtime::current(), &runtime);
        });
        co_await other;
        EXPECT_EQ(&silk::runtime::current(), &runtime);  // perhaps on another worker now
      }
    });
    EXPECT_THROW(silk::runtime::current(), silk::usage_error);  // this thread is no worker
  }
}

ROW(run, current_scheduler_inside_task) {
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  silk::runtime runtime(options());
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  runtime.block_on([&]() -> silk::task<> {
    EXPECT_EQ(&silk::runtime::current(), &runtime);
    co_await silk::sleep(1s);
    EXPECT_EQ(&silk::runtime::current(), &runtime);
  });
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_THROW(silk::runtime::current(), silk::usage_error);
}

// On the machine's clock, hence for real.
ROW(run, until_complete) {
  const auto start = std::chrono::steady_clock::now();
  silk::runtime runtime({.workers = workers()});
  runtime.block_on([]() -> silk::task<> { co_await silk::sleep(100ms); });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
}

ROW(run, close_while_running_rejected) {
  silk::runtime runtime(options());
  const auto other = runtime.spawn([]() -> silk::task<int> {
    co_await silk::sleep(10s);
    co_return 42;
  });
  const int value = runtime.block_on([&]() -> silk::task<int> {
    EXPECT_THROW(runtime.shutdown(), silk::usage_error);
    EXPECT_THROW(runtime.shutdown(0s), silk::usage_error);
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
    co_return co_await other;
  });
  EXPECT_EQ(value, 42);
}

ROW(run, main_cancelled_propagates) {
  bool cleaned = false;
  const std::string end = told([&] {
    run([&]() -> silk::task<> {
      silk::spawn([&]() -> silk::task<> {
        try {
          co_await never_ends();
        } catch (const silk::cancelled&) {
          cleaned = true;
          throw;
        }
      });
      co_await at_rest();
      silk::current_task().cancel("enough");
      co_await silk::sleep(1s);
    });
  });
  EXPECT_EQ(end, "cancelled: enough");
  EXPECT_TRUE(cleaned);
}

}  // namespace
