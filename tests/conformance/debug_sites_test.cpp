// Rows of the area `debug`: what is recorded of where things were made, and where tasks were cancelled.
#include "row.hpp"

#include <cstdint>
#include <source_location>
#include <vector>

namespace {

using namespace silk_conformance;
using lines = std::vector<std::uint_least32_t>;

// The lines of this file among the awaits through which a `cancelled` has come.
lines lines_of(const silk::cancelled& stop) {
  lines all;
  const std::string here = std::source_location::current().file_name();
  for (const std::source_location& where : stop.trace()) {
    if (where.file_name() == here) all.push_back(where.line());
  }
  return all;
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
    co_await silk::yield();
    task.cancel("enough");
    lines seen;
    try {
      await_line = __LINE__ + 1;
      co_await task;
    } catch (const silk::cancelled& stop) {
      EXPECT_EQ(stop.reason(), "enough");
      seen = lines_of(stop);
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
        co_await silk::yield();
        task.cancel();
        const std::vector all{task};
        co_await silk::wait(all);
        for (int again = 0; again < 2; ++again) {
          try {
            static_cast<void>(task.exception());
            ADD_FAILURE();
          } catch (const silk::cancelled& stop) {
            EXPECT_EQ(lines_of(stop), lines({nap_line, nested_line}));
            EXPECT_NE(std::string(stop.trace().front().function_name()).find("naps"),
                      std::string::npos);
          }
        }
      },
      chosen);
}

}  // namespace
