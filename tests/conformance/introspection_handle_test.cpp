// Rows of the area `introspection`: what the handles of callbacks say of themselves.
#include "row.hpp"

#include <source_location>
#include <thread>

namespace {

using namespace silk_conformance;

std::string at(std::uint_least32_t line) {
  std::string text = ", posted at ";
  text += std::source_location::current().file_name();
  return text += ":" + std::to_string(line);
}

ROW(introspection, handle_text) {
  const auto once_called = [](const silk::callback_handle& handle) -> silk::task<std::string> {
    std::string text = handle.description();
    while (text.find("waiting") != std::string::npos) {
      co_await silk::yield();
      text = handle.description();
    }
    co_return text;
  };
  silk::runtime runtime(options());
  const auto named = runtime.post({.name = "flush"}, [] {});
  const auto bare = runtime.post([] {});
  const auto line = std::source_location::current().line();
  EXPECT_EQ(named.name(), "flush");
  EXPECT_EQ(bare.name(), "");
  EXPECT_EQ(runtime.block_on(once_called(named)), "callback 'flush' called" + at(line - 2));
  EXPECT_EQ(runtime.block_on(once_called(bare)), "callback called" + at(line - 1));

  runtime.block_on([&]() -> silk::task<> {
    const auto late = runtime.call_after({.name = "late"}, 1h, [] {});
    late.cancel();
    EXPECT_NE(late.description().find("callback 'late' cancelled"), std::string::npos);
    EXPECT_EQ(late.name(), "late");
    co_return;
  });
  EXPECT_EQ(silk::callback_handle().description(), "no callback");
  EXPECT_EQ(silk::callback_handle().name(), "");
}

// On one worker nobody can call it, or look for it, before the task has had its turn.
TEST(introspection, handle_text_of_a_post_that_waits) {
  silk::run(
      []() -> silk::task<> {
        const auto handle = silk::runtime::current().post({.name = "flush"}, [] {});
        EXPECT_EQ(handle.description().find("callback 'flush' waiting"), 0u);
        EXPECT_TRUE(handle.cancel());
        EXPECT_EQ(handle.description().find("callback 'flush' cancelled"), 0u);
        co_return;
      },
      {.workers = 1, .time = silk::time_source::virtual_time});
}

ROW(introspection, timer_handle_text) {
  run([]() -> silk::task<> {
    silk::runtime& runtime = silk::runtime::current();
    const auto after = runtime.call_after(1500ms, [] {});
    const auto until = runtime.call_at({.name = "alarm"}, silk::time_point(2s), [] {});
    const auto line = std::source_location::current().line();
    EXPECT_EQ(after.description(), "callback waiting, due at 1.5 s" + at(line - 2));
    EXPECT_EQ(until.description(), "callback 'alarm' waiting, due at 2 s" + at(line - 1));
    co_await silk::sleep(1750ms);
    EXPECT_EQ(after.description(), "callback called, due at 1.5 s" + at(line - 2));
    until.cancel();
    EXPECT_EQ(until.description(), "callback 'alarm' cancelled, due at 2 s" + at(line - 1));
  });
}

// Any thread may ask, also while the callback runs.
TEST(introspection, handle_text_from_other_threads) {
  silk::runtime runtime({.workers = 2});
  for (int i = 0; i < 200; ++i) {
    const auto handle = runtime.post({.name = "raced"}, [] {});
    std::thread asks([handle] { EXPECT_EQ(handle.description().find("callback 'raced' "), 0u); });
    handle.cancel();
    asks.join();
  }
}

}  // namespace
