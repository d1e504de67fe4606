// Failures that nobody retrieved, and those that somebody did.
#include "at_workers.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

// Keeps what the handler of a runtime is told.
struct listener {
  struct entry {
    std::exception_ptr error;
    std::string task_name;
    unsigned line;
  };
  std::mutex lock;
  std::vector<entry> entries;

  silk::failure_handler handler() {
    return [this](const silk::failure& what) {
      const std::lock_guard hold(lock);
      entries.push_back({what.error, std::string(what.task_name), what.spawned_at.line()});
    };
  }
  std::size_t count() {
    const std::lock_guard hold(lock);
    return entries.size();
  }
};

class failure : public at_workers {
 protected:
  silk::runtime_options options() {
    auto options = virtual_time();
    options.on_failure = heard_.handler();
    return options;
  }
  template <class F>
  void run_and_expect(std::size_t failures, F&& program) {
    silk::run(std::forward<F>(program), options());
    EXPECT_EQ(heard_.count(), failures);
  }
  listener heard_;
};
RUN_AT_1_2_AND_8_WORKERS(failure);

TEST_P(failure, of_a_task_is_told_once_when_the_last_handle_goes) {
  unsigned line = 0;
  run_and_expect(1, [&]() -> silk::task<> {
    line = std::source_location::current().line() + 1;
    auto handle = silk::spawn(silk::spawn_options{.name = "Ann"}, fail_after(1s, 7));
    auto copy = handle;
    co_await silk::sleep(2s);
    EXPECT_EQ(heard_.count(), 0u);
    handle = {};
    EXPECT_EQ(heard_.count(), 0u);
    copy = {};
    EXPECT_EQ(heard_.count(), 1u);
  });
  EXPECT_EQ(heard_.entries[0].task_name, "Ann");
  EXPECT_EQ(heard_.entries[0].line, line);
  EXPECT_THROW(std::rethrow_exception(heard_.entries[0].error), boom);
}

TEST_P(failure, of_a_detached_task_is_told_when_it_ends) {
  run_and_expect(1, [&]() -> silk::task<> {
    silk::spawn(fail_after(1s));
    co_await silk::sleep(2s);
    EXPECT_EQ(heard_.count(), 1u);
  });
}

TEST_P(failure, of_a_future_is_told_once_when_it_is_dropped) {
  run_and_expect(1, []() -> silk::task<> {
    silk::promise<int> promise;
    promise.set_exception(std::make_exception_ptr(boom()));
    co_return;
  });
  EXPECT_EQ(heard_.entries[0].task_name, "");
  EXPECT_EQ(heard_.entries[0].line, 0u);
}

TEST_P(failure, that_was_retrieved_is_not_told) {
  run_and_expect(0, []() -> silk::task<> {
    auto awaited = silk::spawn(fail_after(1s));
    const std::string how = co_await ending(awaited);
    EXPECT_EQ(how, "boom");
    auto asked = silk::spawn(fail_after(1s));
    auto read = silk::spawn(fail_after(1s));
    co_await silk::sleep(2s);
    EXPECT_NE(asked.exception(), nullptr);
    EXPECT_THROW(read.result(), boom);
    silk::promise<int> promise;
    promise.set_exception(std::make_exception_ptr(boom()));
    EXPECT_THROW(promise.get_future().result(), boom);
  });
}

TEST_P(failure, is_retrieved_by_gather_shield_timeout_and_block_on) {
  {
    silk::runtime runtime(options());
    EXPECT_THROW(runtime.block_on(fail_after(1s)), boom);
    auto handle = runtime.spawn(fail_after(1s));
    EXPECT_THROW(runtime.block_on(handle), boom);
    runtime.block_on([]() -> silk::task<> {
      const auto gathered = []() -> silk::task<> {
        co_await silk::gather(silk::spawn(fail_after(1s)), silk::spawn(asleep(1s)));
      };
      const auto shielded = []() -> silk::task<> { co_await silk::shield(fail_after(1s)); };
      const auto limited = []() -> silk::task<> {
        co_await silk::with_timeout(1h, silk::spawn(fail_after(1s)));
      };
      const std::string first = co_await ending(gathered());
      const std::string second = co_await ending(shielded());
      const std::string third = co_await ending(limited());
      EXPECT_TRUE(first == "boom" && second == "boom" && third == "boom");
      const auto all = co_await silk::gather_settled(silk::spawn(fail_after(1s)));
      EXPECT_NE(std::get<0>(all).exception(), nullptr);
    });
  }
  EXPECT_EQ(heard_.count(), 0u);
}

TEST_P(failure, is_not_retrieved_by_wait) {
  run_and_expect(1, []() -> silk::task<> {
    std::vector<silk::join_handle<void>> handles;
    handles.push_back(silk::spawn(fail_after(1s)));
    const auto result = co_await silk::wait(std::move(handles));
    EXPECT_EQ(result.done.size(), 1u);
  });
}

TEST_P(failure, is_retrieved_by_a_cancel_that_came_too_late) {
  run_and_expect(0, []() -> silk::task<> {
    auto handle = silk::spawn(fail_after(1s));
    co_await silk::sleep(2s);
    EXPECT_FALSE(handle.cancel());
    silk::promise<int> promise;
    promise.set_exception(std::make_exception_ptr(boom()));
    EXPECT_FALSE(promise.get_future().cancel());
  });
}

TEST_P(failure, is_nothing_that_ended_well_or_cancelled_or_never_began) {
  run_and_expect(0, []() -> silk::task<> {
    silk::spawn(answer_after(1s, 42));
    silk::spawn([]() -> silk::task<> {
      co_await silk::sleep(1s);
      throw silk::cancelled("enough");
    });
    silk::spawn(never_ends()).cancel();
    silk::promise<int> unset, set, stopped;
    set.set_value(1);
    stopped.get_future().cancel();
    const silk::future<int> broken = silk::promise<int>().get_future();
    const silk::task<> never_started = fail_after(0s);
    co_await silk::sleep(2s);
  });
}

TEST_P(failure, of_many_tasks_is_told_of_each) {
  std::latch done{500};
  auto options = virtual_time();
  std::atomic<int> sum = 0;
  options.on_failure = [&](const silk::failure& what) {  // several threads at once
    try {
      std::rethrow_exception(what.error);
    } catch (const boom& error) {
      sum += error.number;
    }
    done.count_down();
  };
  silk::runtime runtime(std::move(options));
  for (int i = 1; i <= 500; ++i) runtime.spawn(fail_after(i % 3 * 1ms, i));
  done.wait();
  EXPECT_EQ(sum, 500 * 501 / 2);
}

TEST_P(failure, at_the_end_of_the_runtime_is_told) {
  {
    silk::runtime runtime(options());
    silk::promise<> started;
    runtime.spawn([&]() -> silk::task<> {
      bool stopped = false;
      started.set_value();
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) throw boom();
    });
    runtime.block_on(started.get_future());
  }
  EXPECT_EQ(heard_.count(), 1u);
}

// ---- without a handler, or without a runtime ----

std::string stderr_of(auto&& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST_P(failure, is_printed_when_there_is_no_handler) {
  const std::string text = stderr_of([] {
    run([]() -> silk::task<> {
      silk::spawn(silk::spawn_options{.name = "Ann"}, fail_after(1s));
      co_await silk::sleep(2s);
    });
  });
  EXPECT_NE(text.find("task 'Ann'"), std::string::npos) << text;
  EXPECT_NE(text.find("boom"), std::string::npos) << text;
}

TEST_P(failure, is_printed_when_the_runtime_is_gone) {
  silk::join_handle<void> handle;
  {
    silk::runtime runtime(options());
    handle = runtime.spawn(silk::spawn_options{.name = "Ann"}, fail_after(0s));
    while (!handle.done()) std::this_thread::yield();
  }
  const std::string text = stderr_of([&] { handle = {}; });
  EXPECT_NE(text.find("task 'Ann'"), std::string::npos) << text;
  EXPECT_EQ(heard_.count(), 0u);
}

TEST_P(failure, is_printed_when_a_future_is_dropped_outside_of_any_runtime) {
  const std::string text = stderr_of([] {
    silk::promise<int> promise;
    promise.set_exception(std::make_exception_ptr(boom()));
  });
  EXPECT_NE(text.find("boom"), std::string::npos) << text;
}

TEST_P(failure, is_not_told_to_a_later_runtime_that_lives_in_the_same_place) {
  silk::join_handle<void> handle;
  std::optional<silk::runtime> runtime(std::in_place, virtual_time());
  handle = runtime->spawn(fail_after(0s));
  while (!handle.done()) std::this_thread::yield();
  runtime.reset();
  runtime.emplace(options());
  const std::string text = stderr_of([&] { handle = {}; });
  EXPECT_EQ(heard_.count(), 0u);
  EXPECT_NE(text.find("boom"), std::string::npos) << text;
}

TEST_P(failure, that_is_dropped_by_a_foreign_thread_reaches_the_runtime_of_its_task) {
  silk::runtime runtime(options());
  auto handle = runtime.spawn(fail_after(0s));
  while (!handle.done()) std::this_thread::yield();
  std::thread([dropped = std::move(handle)] {}).join();
  EXPECT_EQ(heard_.count(), 1u);
}

}  // namespace
