// Where fatal exceptions come out, and where they do not.
#include "at_workers.hpp"

#include <atomic>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class fatal : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(fatal);

struct quit : silk::fatal {
  explicit quit(int number) noexcept : code(number) {}
  const char* what() const noexcept override { return "quit"; }
  int code;
};

silk::task<> quits(int code = 0) {
  co_await silk::sleep(1ms);
  throw quit(code);
}

TEST_P(fatal, is_no_std_exception_and_is_described) {
  static_assert(!std::is_base_of_v<std::exception, silk::fatal>);
  EXPECT_EQ(silk::detail::describe(std::make_exception_ptr(quit(1))), "quit");
}

TEST_P(fatal, comes_out_of_every_block_on) {
  silk::runtime runtime(virtual_time());
  std::latch waiting{4};
  std::atomic<int> got = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        runtime.block_on([&]() -> silk::task<> {
          waiting.count_down();
          co_await never_ends();
        });
      } catch (const quit& end) {
        got += end.code;
      }
    });
  }
  waiting.wait();
  const auto thrower = runtime.spawn(quits(3));
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(got, 12);
}

TEST_P(fatal, is_a_failure_as_any_when_nobody_is_in_block_on) {
  std::atomic<int> told = 0;
  std::latch reported{1};
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure& what) {
    EXPECT_TRUE(silk::detail::is_fatal(what.error));
    ++told;
    reported.count_down();
  };
  silk::runtime runtime(std::move(options));
  runtime.spawn(quits());
  reported.wait();
  EXPECT_EQ(runtime.block_on(answer_after(1s, 42)), 42);  // nor does a later one see it
  EXPECT_EQ(told, 1);
}

TEST_P(fatal, is_not_reported_when_others_end_with_it_after_it_has_come_out) {
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure&) { ++told; };
  const auto in_a_group = []() -> silk::task<> {
    const auto body = [](silk::task_group& group) -> silk::task<> {
      group.spawn(quits());
      co_await never_ends();
    };
    co_await silk::with_task_group(body);
  };
  const auto awaited = []() -> silk::task<> {
    const auto handle = silk::spawn(quits());
    co_await silk::gather(handle,
                          silk::spawn([](auto first) -> silk::task<> { co_await first; }, handle));
  };
  for (int round = 0; round < 20; ++round) {
    EXPECT_THROW(silk::run(in_a_group, options), quit);
    EXPECT_THROW(silk::run(awaited, options), quit);
  }
  EXPECT_EQ(told, 0);
}

TEST_P(fatal, that_a_task_catches_inside_goes_nowhere) {
  run([]() -> silk::task<> {
    bool caught = false;
    try {
      co_await quits();  // awaited: part of this task
    } catch (const quit&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    caught = false;
    try {
      co_await silk::gather(quits(), never_ends());
    } catch (const quit&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
  });
}

TEST_P(fatal, of_a_done_callback_comes_out) {
  silk::runtime runtime(virtual_time());
  const auto program = []() -> silk::task<> {
    const auto done = silk::spawn(answer_after(1s, 1));
    done.add_done_callback([](const silk::future<int>&) { throw quit(5); });
    co_await never_ends();
  };
  int code = 0;
  try {
    runtime.block_on(program);
  } catch (const quit& end) {
    code = end.code;
  }
  EXPECT_EQ(code, 5);
}

}  // namespace
