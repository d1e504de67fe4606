// Rows of the area `debug`: what is recorded of where things were made, and where tasks were cancelled.
#include "row.hpp"
#include "support/trace_lines.hpp"

#include <cstdint>
#include <source_location>
#include <vector>

namespace {

using namespace silk_conformance;
using silk_tests::lines;
using silk_tests::lines_here;

std::string file_of(const std::source_location& where) { return where.file_name(); }
std::string function_of(const std::source_location& where) { return where.function_name(); }

silk::join_handle<> spawns_a_nap() {
  return silk::spawn([]() -> silk::task<> { co_await silk::sleep(1s); });
}
constexpr std::uint_least32_t spawn_line = __LINE__ - 2;

ROW(debug, task_creation_site) {
  silk::runtime_options chosen = options();
  chosen.debug = silk::debug_mode::on;
  silk::run(
      []() -> silk::task<> {
        const auto task = spawns_a_nap();
        const std::source_location where = silk::task_ref(task).spawned_at();
        EXPECT_EQ(file_of(where), file_of(std::source_location::current()));
        EXPECT_EQ(where.line(), spawn_line);
        EXPECT_NE(function_of(where).find("spawns_a_nap"), std::string::npos);
        EXPECT_EQ(task.created_at().line(), spawn_line);
        co_await task;
        EXPECT_EQ(silk::task_ref(task).spawned_at().line(), spawn_line);
      },
      chosen);
}

silk::future<int> makes_a_future(silk::promise<int>& to) {
  silk::promise<int> fresh;
  to = std::move(fresh);
  return to.get_future();
}
constexpr std::uint_least32_t promise_line = __LINE__ - 4;

ROW(debug, future_creation_site) {
  silk::runtime_options chosen = options();
  const auto made = [&] {
    return silk::run(
        []() -> silk::task<std::source_location> {
          silk::promise<int> promise;
          const auto future = makes_a_future(promise);
          const std::source_location before = future.created_at();
          promise.set_value(1);
          const int value = co_await future;
          EXPECT_EQ(value, 1);
          EXPECT_EQ(future.created_at().line(), before.line());
          co_return before;
        },
        chosen);
  };
  chosen.debug = silk::debug_mode::on;
  EXPECT_EQ(made().line(), promise_line);
  EXPECT_EQ(file_of(made()), file_of(std::source_location::current()));
  EXPECT_NE(function_of(made()).find("makes_a_future"), std::string::npos);

  chosen.debug = silk::debug_mode::off;
  EXPECT_EQ(made().line(), 0u);
  {
    // Other threads record it while any runtime is in debug mode.
    chosen.debug = silk::debug_mode::on;
    const silk::runtime debugged(chosen);
    silk::promise<int> promise;
    EXPECT_EQ(makes_a_future(promise).created_at().line(), promise_line);
    chosen.debug = silk::debug_mode::off;
    EXPECT_EQ(made().line(), 0u);
  }
  silk::promise<int> promise;
  EXPECT_EQ(makes_a_future(promise).created_at().line(), 0u);
  EXPECT_EQ(silk::future<int>().created_at().line(), 0u);
}

ROW(debug, handle_creation_site) {
  silk::runtime_options chosen = options();
  chosen.debug = silk::debug_mode::on;
  silk::runtime runtime(chosen);
  const auto line = std::source_location::current().line();
  const std::vector handles{
      runtime.post([] {}),
      runtime.call_after(1h, [] {}),
      runtime.call_at(silk::time_point(1h), [] {}),
  };
  for (std::size_t i = 0; i < handles.size(); ++i) {
    const std::source_location where = handles[i].posted_at();
    EXPECT_EQ(where.line(), line + 2 + i);
    EXPECT_EQ(file_of(where), file_of(std::source_location::current()));
    EXPECT_NE(function_of(where).find("prove"), std::string::npos);
    EXPECT_NE(handles[i].description().find("debug_sites_test.cpp:"), std::string::npos);
  }
}

constexpr std::uint_least32_t nap_line = __LINE__ + 1;
silk::task<> naps() { co_await silk::sleep(10s); }
constexpr std::uint_least32_t nested_line = __LINE__ + 1;
silk::task<> nested() { co_await naps(); }

ROW(debug, cancel_site_visible_result) {
  silk::runtime_options chosen = options();
  chosen.debug = silk::debug_mode::on;
  std::uint_least32_t await_line = 0;
  const auto program = [&]() -> silk::task<lines> {
    const auto task = silk::spawn(nested());
    co_await at_rest();
    task.cancel("enough");
    lines seen;
    try {
      await_line = __LINE__ + 1;
      co_await task;
    } catch (const silk::cancelled& stop) {
      EXPECT_EQ(stop.reason(), "enough");
      seen = lines_here(stop);
    }
    co_return seen;
  };
  const lines seen = silk::run(program, chosen);
  EXPECT_EQ(seen, lines({nap_line, nested_line, await_line}));
  chosen.debug = silk::debug_mode::off;
  EXPECT_EQ(silk::run(program, chosen), lines());
}

ROW(debug, cancel_site_visible_exception) {
  silk::runtime_options chosen = options();
  chosen.debug = silk::debug_mode::on;
  silk::run(
      [&]() -> silk::task<> {
        const auto task = silk::spawn(nested());
        co_await at_rest();
        task.cancel();
        const std::vector all{task};
        co_await silk::wait(all);
        for (int again = 0; again < 2; ++again) {
          try {
            static_cast<void>(task.exception());
            ADD_FAILURE();
          } catch (const silk::cancelled& stop) {
            EXPECT_EQ(lines_here(stop), lines({nap_line, nested_line}));
            EXPECT_NE(std::string(stop.trace().front().function_name()).find("naps"),
                      std::string::npos);
          }
        }
      },
      chosen);
}

}  // namespace
