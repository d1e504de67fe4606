// add_done_callback: in order, once, soon, and never with a lock held.
#include "at_workers.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

class done_callback : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(done_callback);

TEST_P(done_callback, calls_in_the_order_of_adding) {
  run([]() -> silk::task<> {
    std::vector<int> called;
    const auto handle = silk::spawn(answer_after(1s, 7));
    for (int i = 0; i < 1'000; ++i) {
      handle.add_done_callback([&called, i](const silk::future<int>& done) {
        called.push_back(i);
        EXPECT_EQ(done.result(), 7);
      });
    }
    co_await silk::sleep(2s);
    EXPECT_EQ(called.size(), 1'000u);
    EXPECT_TRUE(std::is_sorted(called.begin(), called.end()));
  });
}

TEST_P(done_callback, may_add_and_remove_others_while_it_is_called) {
  run([]() -> silk::task<> {
    std::string called;
    const auto handle = silk::spawn(answer_after(1s, 7));
    silk::callback_token doomed;
    handle.add_done_callback([&](const silk::future<int>& done) {
      called += "a";
      EXPECT_TRUE(done.remove_done_callback(doomed));
      done.add_done_callback([&](const silk::future<int>&) { called += "d"; });
    });
    doomed = handle.add_done_callback([&](const silk::future<int>&) { called += "b"; });
    handle.add_done_callback([&](const silk::future<int>&) { called += "c"; });
    co_await silk::sleep(2s);
    EXPECT_EQ(called, "acd");
  });
}

TEST_P(done_callback, that_is_removed_drops_its_function_at_once) {
  run([]() -> silk::task<> {
    const auto held = std::make_shared<int>(0);
    const auto handle = silk::spawn(answer_after(1s, 7));
    const auto token = handle.add_done_callback([held](const silk::future<int>&) { ++*held; });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(handle.remove_done_callback(token));
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(handle.remove_done_callback(token));
    EXPECT_FALSE(handle.remove_done_callback(silk::callback_token()));
    co_await handle;
    co_await silk::sleep(1s);
    EXPECT_EQ(*held, 0);
  });
}

TEST_P(done_callback, is_not_removed_by_the_token_of_another_future) {
  run([]() -> silk::task<> {
    int called = 0;
    const auto count = [&called](const silk::future<int>&) { ++called; };
    const auto one = silk::spawn(answer_after(1s, 1));
    const auto other = silk::spawn(answer_after(2s, 2));
    const auto token = one.add_done_callback(count);
    other.add_done_callback(count);
    EXPECT_FALSE(other.remove_done_callback(token));
    EXPECT_TRUE(one.remove_done_callback(token));
    co_await silk::sleep(3s);
    EXPECT_EQ(called, 1);
  });
}

TEST_P(done_callback, that_throws_reaches_the_failure_handler_and_the_next_one_is_called) {
  std::atomic<int> reports = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure&) { ++reports; };
  bool called = false;
  silk::run(
      [&]() -> silk::task<> {
        const auto handle = silk::spawn(answer_after(1s, 7));
        handle.add_done_callback([](const silk::future<int>&) { throw boom(); });
        handle.add_done_callback([&](const silk::future<int>&) { called = true; });
        co_await silk::sleep(2s);
      },
      std::move(options));
  EXPECT_EQ(reports, 1);
  EXPECT_TRUE(called);
}

TEST_P(done_callback, may_be_added_by_any_thread_to_a_task) {
  silk::runtime runtime(virtual_time());
  std::atomic<int> calls = 0;
  silk::promise<> go;
  const auto handle = runtime.spawn(go.get_future());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          handle.add_done_callback([&](const silk::future<>&) { ++calls; });
        }
      });
    }
    go.set_value();  // while they add
  }
  while (calls < 400) std::this_thread::yield();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(calls, 400);
}

TEST_P(done_callback, of_a_plain_future_needs_somebody_who_calls) {
  silk::promise<int> made;
  const auto future = made.get_future();
  EXPECT_THROW(future.add_done_callback([](const silk::future<int>&) {}), silk::usage_error);
  std::atomic<bool> called = false;
  run([&]() -> silk::task<> {
    future.add_done_callback([&](const silk::future<int>&) { called = true; });
    made.set_value(1);
    co_await silk::sleep(1s);
  });
  EXPECT_TRUE(called);
}

TEST_P(done_callback, is_dropped_when_its_runtime_ends_before_the_outcome_comes) {
  silk::promise<int> made;
  const auto held = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    made.get_future().add_done_callback([held](const silk::future<int>&) { ++*held; });
    co_return;
  });
  made.set_value(1);
  EXPECT_EQ(*held, 0);
  made = silk::promise<int>();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
