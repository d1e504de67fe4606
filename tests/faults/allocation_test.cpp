// Memory runs out: whatever a program does, its first allocation fails, then its second one, and so on until
// it needs no more. Each time the exception comes out where it was called, nothing is left behind, and the
// runtime works on.
#include "failing_memory.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <support/programs.hpp>
#include <vector>

namespace {

using namespace silk_faults;
using namespace silk_tests;

silk::task<int> one() {
  co_await silk::yield();
  co_return 1;
}

// Failures begin inside of a task of the runtime. What is allocated once and kept (rings, slabs of timers) is
// warm by then, or is so after it has failed once.
silk::task<std::string> with_failure(std::int64_t at, std::function<silk::task<>()> program,
                                     bool& failed) {
  std::exception_ptr error;
  silk::task<> running = program();
  fail_allocation(at);
  try {
    co_await std::move(running);
  } catch (...) {
    error = std::current_exception();
  }
  failed = stop_failing();
  co_return told_of(error);
}

enum class leaks : std::uint8_t { allowed, none };

// A runtime for each failure: its end waits for whatever the program has left running.
void fail_each_allocation(const std::function<silk::task<>()>& program, leaks allowed) {
  bool failed = true;
  for (int at = 1; failed; ++at) {
    const std::int64_t before = blocks_in_use();
    std::string end;
    {
      silk::runtime runtime(virtual_time(1, [](const silk::failure&) {}));
      runtime.block_on(program);  // what a runtime makes once is made
      end = runtime.block_on(with_failure(at, program, failed));
      EXPECT_TRUE(end == "value" || end == "std::bad_alloc" || end == "group") << end;
      EXPECT_EQ(runtime.block_on(one), 1);
    }
    if (allowed == leaks::allowed) continue;
    EXPECT_EQ(blocks_in_use(), before) << "after allocation " << at << ": " << end;
  }
}

void survives(const std::function<silk::task<>()>& program) {
  fail_each_allocation(program, leaks::allowed);  // what the process makes once is made
  fail_each_allocation(program, leaks::none);
}

TEST(no_memory, for_a_task) {
  survives([]() -> silk::task<> { co_await silk::spawn(one); });
}

TEST(no_memory, for_a_task_with_a_name) {
  survives([]() -> silk::task<> {
    co_await silk::spawn({.name = "a name that is too long for a small string"}, one);
  });
}

TEST(no_memory, for_a_task_with_arguments) {
  survives([]() -> silk::task<> {
    const std::string text(100, 'x');
    co_await silk::spawn([](std::string) -> silk::task<> { co_return; }, text);
  });
}

TEST(no_memory, for_a_gather) {
  survives([]() -> silk::task<> { co_await silk::gather(one(), one(), one()); });
}

TEST(no_memory, for_a_gather_of_many) {
  survives([]() -> silk::task<> {
    std::vector<silk::task<int>> all;
    for (int i = 0; i < 5; ++i) all.push_back(one());
    const std::vector<int> ones = co_await silk::gather(std::move(all));
    EXPECT_EQ(ones.size(), 5u);
  });
}

TEST(no_memory, for_a_gather_of_handles) {
  survives([]() -> silk::task<> {
    const auto first = silk::spawn(one);
    const auto second = silk::spawn(one);
    co_await silk::gather(first, second);
  });
}

TEST(no_memory, for_a_group) {
  survives([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      group.spawn(one);
      group.spawn(one);
      co_return;
    });
  });
}

TEST(no_memory, a_spawn_into_a_group_that_throws_has_started_nothing) {
  int spawned = 0, ran = 0;
  survives([&]() -> silk::task<> {
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn([&ran]() -> silk::task<> {
        ++ran;
        co_return;
      });
      ++spawned;
      co_return;
    });
  });
  EXPECT_LE(ran, spawned);  // one that has started may have no memory for its own frame
}

TEST(no_memory, for_a_timeout) {
  survives([]() -> silk::task<> { co_await silk::with_timeout(1s, one()); });
}

TEST(no_memory, for_many_sleepers) {
  survives([]() -> silk::task<> {
    std::vector<silk::task<>> all;
    for (int i = 0; i < 100; ++i) {
      all.push_back([](int seconds) -> silk::task<> {
        co_await silk::sleep(std::chrono::seconds(seconds));
      }(1 + 10 * i));
    }
    co_await silk::gather(std::move(all));
  });
}

TEST(no_memory, for_a_queue) {
  survives([]() -> silk::task<> {
    silk::queue<std::string> items;
    for (int i = 0; i < 40; ++i) co_await items.put(std::string(50, 'x'));
    for (int i = 0; i < 40; ++i) static_cast<void>(co_await items.get());
  });
}

TEST(no_memory, for_a_wait) {
  survives([]() -> silk::task<> {
    const std::vector<silk::future<int>> all{silk::spawn(one), silk::spawn(one)};
    const auto ended = co_await silk::wait(all);
    EXPECT_EQ(ended.done.size(), 2u);
  });
}

TEST(no_memory, for_outcomes_as_they_come) {
  survives([]() -> silk::task<> {
    const std::vector<silk::future<int>> all{silk::spawn(one), silk::spawn(one)};
    auto outcomes = silk::as_completed(all);
    while (auto next = co_await outcomes.next()) EXPECT_EQ(next->result(), 1);
  });
}

TEST(no_memory, for_a_shield) {
  survives([]() -> silk::task<> { co_await silk::shield(silk::spawn(one)); });
}

TEST(no_memory, for_a_promise) {
  survives([]() -> silk::task<> {
    silk::promise<int> made;
    silk::future<int> awaited = made.get_future();
    made.set_value(1);
    EXPECT_EQ(co_await awaited, 1);
  });
}

TEST(no_memory, for_a_callback) {
  survives([]() -> silk::task<> {
    const silk::future<int> done = silk::spawn(one);
    done.add_done_callback([](const silk::future<int>&) {});
    EXPECT_EQ(co_await done, 1);
    co_await silk::yield();
  });
}

TEST(no_memory, for_a_context_variable) {
  static const silk::context_var<std::string> name(std::string("nobody"));
  survives([]() -> silk::task<> {
    co_await name.set(std::string(50, 'x'));
    co_await silk::spawn(one);
  });
}

TEST(no_memory, for_a_blocking_call) {
  survives([]() -> silk::task<> { co_await silk::to_thread([] {}); });
}

silk::task<> is_cancelled(std::function<silk::task<>()> body) {
  const auto handle = silk::spawn(std::move(body));
  co_await silk::yield();
  handle.cancel();
  co_await silk::gather_settled(handle);
}

TEST(no_memory, for_a_cancel) {
  survives([] { return is_cancelled([] { return never_ends(); }); });
}

TEST(no_memory, for_a_cancel_of_a_gather) {
  survives([] {
    return is_cancelled(
        []() -> silk::task<> { co_await silk::gather(never_ends(), never_ends()); });
  });
}

// What it is passed on to must be remembered, and a cancel cannot fail.
TEST(no_memory, for_a_cancel_that_is_passed_on_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    return is_cancelled([]() -> silk::task<> {
      co_await silk::gather(silk::spawn(never_ends), silk::spawn(never_ends));
    });
  };
  EXPECT_DEATH(fail_each_allocation(program, leaks::allowed), "out of memory for a cancel");
}

// In a process of its own, since it is the first one that counts: once it made the reason that a Ctrl-C gives,
// where nothing may be thrown.
TEST(no_memory, for_the_first_call_that_blocks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto wait_without_memory = [] {
    bool failed = true;
    for (int at = 1; failed; ++at) {
      silk::promise<void> made;
      silk::manual_runtime runtime;  // its end may make the call
      runtime.post([&] { made.set_value(); });
      fail_allocation(at);
      const std::string end = told([&] { runtime.block_on(made.get_future()); });
      failed = stop_failing();
      if (end != (failed ? "std::bad_alloc" : "value")) std::_Exit(1);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(wait_without_memory(), testing::ExitedWithCode(0), "");
}

TEST(no_memory, for_a_runtime) {
  const auto make = [] { const silk::runtime runtime(virtual_time(2)); };
  make();
  bool failed = true;
  for (int at = 1; failed; ++at) {
    const std::int64_t before = blocks_in_use();
    fail_allocation(at);
    const std::string end = told(make);
    failed = stop_failing();
    EXPECT_EQ(end, failed ? "std::bad_alloc" : "value");
    EXPECT_EQ(blocks_in_use(), before) << "at allocation " << at;
  }
}

#ifndef SILK_SANITIZED  // else frames come from operator new, and fail in all tests above
TEST(no_memory, for_coroutines) {
  silk::runtime runtime(virtual_time(1));
  runtime.block_on([]() -> silk::task<> {
    std::vector<silk::task<int>> made;
    fail_maps_from(1);
    bool refused = false;
    while (!refused) {
      try {
        made.push_back(one());
      } catch (const std::bad_alloc&) {
        refused = true;
      }
    }
    EXPECT_TRUE(stop_failing());
    EXPECT_FALSE(made.empty());
    const std::size_t count = made.size();
    const std::vector<int> ones = co_await silk::gather(std::move(made));
    EXPECT_EQ(ones.size(), count);
  });
}
#endif

}  // namespace
