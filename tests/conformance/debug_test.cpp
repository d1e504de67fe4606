// Rows of the area `debug`: the mode itself, and what keeps a worker for too long.
#include "row.hpp"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <source_location>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;
using silk::debug_mode;

// What the environment says as long as this lives.
class process_default {
 public:
  explicit process_default(const char* text) { set(text); }
  ~process_default() { set(before_ ? before_->c_str() : nullptr); }
  process_default(const process_default&) = delete;
  process_default& operator=(const process_default&) = delete;

 private:
  static std::optional<std::string> current() {
    const char* text = std::getenv("SILK_DEBUG");
    return text != nullptr ? std::optional<std::string>(text) : std::nullopt;
  }
  static void set(const char* text) {
    text != nullptr ? ::setenv("SILK_DEBUG", text, 1) : ::unsetenv("SILK_DEBUG");
  }
  std::optional<std::string> before_ = current();
};

ROW(debug, flag) {
  const process_default none(nullptr);
  silk::runtime_options chosen = options();
  EXPECT_FALSE(silk::runtime(chosen).debug());
  chosen.debug = debug_mode::on;
  silk::runtime runtime(chosen);
  EXPECT_TRUE(runtime.debug());
  runtime.set_debug(debug_mode::off);
  EXPECT_FALSE(runtime.debug());
  runtime.block_on([&]() -> silk::task<> {
    runtime.set_debug(debug_mode::on);
    co_await silk::yield();
    EXPECT_TRUE(silk::runtime::current().debug());
  });
  EXPECT_TRUE(runtime.debug());
  runtime.set_debug(debug_mode::as_the_process_says);
  EXPECT_FALSE(runtime.debug());
}

ROW(debug, run_parameter) {
  const auto seen = [&](debug_mode mode) {
    silk::runtime_options chosen = options();
    chosen.debug = mode;
    return silk::run([]() -> silk::task<bool> { co_return silk::runtime::current().debug(); },
                     chosen);
  };
  for (const char* text : {"1", "0", "", "yes"}) {
    const process_default says(text);
    EXPECT_TRUE(seen(debug_mode::on));
    EXPECT_FALSE(seen(debug_mode::off));
    const bool on = text == std::string("1") || text == std::string("yes");
    EXPECT_EQ(seen(debug_mode::as_the_process_says), on) << text;
    EXPECT_EQ(run([]() -> silk::task<bool> { co_return silk::runtime::current().debug(); }), on);
  }
  const process_default none(nullptr);
  EXPECT_FALSE(seen(debug_mode::as_the_process_says));
}

// Whatever a runtime takes may come from any thread. A task group belongs to its tasks.
ROW(debug, foreign_thread_check) {
  for (const debug_mode mode : {debug_mode::off, debug_mode::on}) {
    silk::runtime_options chosen = options();
    chosen.debug = mode;
    silk::runtime runtime(chosen);
    std::atomic<int> calls = 0;
    std::thread([&] {
      EXPECT_TRUE(runtime.post([&] { ++calls; }));
      EXPECT_TRUE(runtime.call_after(1s, [&] { ++calls; }));
      EXPECT_TRUE(runtime.call_at(silk::time_point(1s), [&] { ++calls; }));
      runtime.spawn([&]() -> silk::task<> {
        ++calls;
        co_return;
      });
    }).join();
    runtime.block_on(silk::sleep(2s));
    EXPECT_EQ(calls, 4);

    std::string spawned, by_the_body;
    runtime.block_on(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      testing::internal::CaptureStderr();  // in debug mode the refused task is told of
      std::thread([&] { spawned = told([&] { group.spawn(at_rest()); }); }).join();
      const std::string printed = testing::internal::GetCapturedStderr();
      EXPECT_EQ(printed.empty(), mode == debug_mode::off) << printed;
      by_the_body = told([&] { group.spawn(at_rest()); });
      co_return;
    }));
    EXPECT_EQ(spawned, mode == debug_mode::on ? "usage" : "value");
    EXPECT_EQ(by_the_body, "value");
  }
}

// The time that steps have spent on this thread, by their own word.
thread_local silk::duration worked{};
silk::duration work_clock() noexcept { return worked; }
void work(silk::duration d) { worked += d; }

class slow_steps {
 public:
  silk::runtime_options watched(silk::runtime_options chosen) {
    chosen.debug = debug_mode::on;
    chosen.step_clock = work_clock;
    chosen.on_slow_step = [this](const silk::slow_step& slow) {
      const std::lock_guard hold(lock_);
      EXPECT_LT(slow.worker, 8u);
      lines_.push_back(std::string(slow.description) + " " + std::to_string(slow.took / 1ms) +
                       " ms");
      lines_of_code_.push_back(slow.where.line());
    };
    return chosen;
  }
  std::vector<std::string> lines() {
    const std::lock_guard hold(lock_);
    return lines_;
  }
  std::vector<std::uint_least32_t> lines_of_code() {
    const std::lock_guard hold(lock_);
    return lines_of_code_;
  }

 private:
  std::mutex lock_;
  std::vector<std::string> lines_;
  std::vector<std::uint_least32_t> lines_of_code_;
};
using strings = std::vector<std::string>;

ROW(debug, slow_callback_warning) {
  slow_steps slow;
  silk::runtime runtime(slow.watched(options()));
  const auto wait = [&](silk::duration d) { runtime.block_on(silk::sleep(d)); };
  runtime.post({.name = "index"}, [] { work(250ms); });
  runtime.post([] { work(99ms); });
  wait(1ms);
  EXPECT_EQ(slow.lines(), strings({"callback 'index' 250 ms"}));
  const auto line = std::source_location::current().line() + 1;
  runtime.call_after(1s, [] { work(100ms); });
  wait(2s);
  EXPECT_EQ(slow.lines(), strings({"callback 'index' 250 ms", "callback 100 ms"}));
  EXPECT_EQ(slow.lines_of_code().back(), line);

  // What throws has taken its time, too.
  runtime.set_failure_handler([](const silk::failure&) {});
  runtime.post({.name = "throws"}, [] {
    work(1s);
    throw failure_e();
  });
  wait(1ms);
  EXPECT_EQ(slow.lines().back(), "callback 'throws' 1000 ms");

  runtime.block_on([]() -> silk::task<> {
    silk::promise<> promise;
    promise.get_future().add_done_callback([](const silk::future<>&) { work(3s); });
    promise.set_value();
    co_await at_rest();
  });
  EXPECT_EQ(slow.lines().back(), "done callbacks 3000 ms");
  EXPECT_EQ(slow.lines().size(), 4u);

  runtime.set_debug(debug_mode::off);
  runtime.post([] { work(1h); });
  wait(1ms);
  EXPECT_EQ(slow.lines().size(), 4u);
}

ROW(debug, slow_task_step_warning) {
  slow_steps slow;
  silk::runtime_options chosen = slow.watched(options());
  chosen.slow_callback = 200ms;
  const auto line = std::source_location::current().line() + 1;
  silk::run(
      []() -> silk::task<> {
        // Short steps are no slow step, however many.
        for (int i = 0; i < 10; ++i) {
          work(199ms);
          co_await silk::sleep(1s);
        }
        const auto crunch = silk::spawn({.name = "crunch"}, []() -> silk::task<> {
          co_await silk::sleep(1s);
          // Coroutines that are awaited are part of the step.
          const auto half = []() -> silk::task<> {
            work(150ms);
            co_return;
          };
          co_await half();
          co_await half();
        });
        co_await crunch;
        silk::task_ref me = silk::current_task();
        me.set_name("main");
        co_await silk::yield();
        work(200ms);
      },
      chosen);
  EXPECT_EQ(slow.lines(), strings({"task 'crunch' 300 ms", "task 'main' 200 ms"}));
  EXPECT_EQ(slow.lines_of_code().back(), line);

  // By default it is one line, here of the machine's own clock.
  testing::internal::CaptureStderr();
  chosen.on_slow_step = {};
  chosen.slow_callback = 0ms;
  chosen.step_clock = nullptr;
  silk::run(
      []() -> silk::task<> {
        silk::current_task().set_name("main");
        co_await silk::yield();
      },
      chosen);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("silk: task 'main' (made at "), std::string::npos) << text;
  EXPECT_NE(text.find("debug_test.cpp:"), std::string::npos) << text;
  EXPECT_NE(text.find(") kept worker "), std::string::npos) << text;
}

}  // namespace
