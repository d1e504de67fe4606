// cancelled::trace(): in debug mode every await that is interrupted, or passed, is in it.
#include "at_workers.hpp"
#include "support/trace_lines.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

constexpr auto nap_line = __LINE__ + 1;
silk::task<> naps() { co_await silk::sleep(1h); }

class cancel_trace : public at_workers {
 protected:
  // Where a task that does this is interrupted.
  template <class Body>
  static lines of(Body body) {
    silk::runtime_options options = virtual_time();
    options.debug = silk::debug_mode::on;
    silk::runtime runtime(options);
    silk::join_handle<> handle;
    runtime.block_on([&]() -> silk::task<> {
      handle = silk::spawn(std::move(body));
      co_await silk::sleep(1ms);
      handle.cancel();
    });
    try {
      runtime.block_on(handle);
    } catch (const silk::cancelled& stop) {
      return lines_here(stop);
    }
    return {};
  }
};
RUN_AT_1_2_AND_8_WORKERS(cancel_trace);

TEST_P(cancel_trace, tells_of_each_kind_of_wait) {
  constexpr auto first = __LINE__ + 2;
  const auto mutex = of([]() -> silk::task<> {
    silk::mutex held;
    static_cast<void>(held.try_lock());
    co_await held.lock();
  });
  EXPECT_EQ(mutex, lines({first + 2}));

  const auto future = of([]() -> silk::task<> {
    silk::promise<> kept;
    co_await kept.get_future();
  });
  EXPECT_EQ(future, lines({first + 8}));

  const auto wait = of([]() -> silk::task<> {
    const std::vector all{silk::spawn(naps())};
    co_await silk::wait(all);
  });
  EXPECT_EQ(wait, lines({first + 14}));

  const auto gather = of([]() -> silk::task<> { co_await silk::gather(naps(), naps()); });
  EXPECT_EQ(gather, lines({first + 18}));

  const auto timeout = of([]() -> silk::task<> { co_await silk::with_timeout(2h, naps()); });
  EXPECT_EQ(timeout, lines({nap_line, first + 21}));
}

silk::task<> deep(int depth) {
  if (depth == 0) {
    co_await naps();
  } else {
    co_await deep(depth - 1);
  }
}

TEST_P(cancel_trace, keeps_the_innermost_of_very_many) {
  const lines all = of([]() -> silk::task<> { co_await deep(10'000); });
  ASSERT_EQ(all.size(), 256u);
  EXPECT_EQ(all.front(), nap_line + 0u);
}

// Each waiter has a trace of its own.
TEST_P(cancel_trace, differs_for_those_who_await_the_same) {
  silk::runtime_options options = virtual_time();
  options.debug = silk::debug_mode::on;
  silk::run(
      []() -> silk::task<> {
        const auto shared = silk::spawn(naps());
        const auto traced = [](auto awaited) -> silk::task<std::size_t> {
          std::size_t length = 0;
          try {
            co_await awaited;
          } catch (const silk::cancelled& stop) {
            length = lines_here(stop).size();
          }
          co_return length;
        };
        const auto one = silk::spawn(traced(shared)), two = silk::spawn(traced(shared));
        co_await silk::sleep(1s);
        shared.cancel();
        const std::size_t first = co_await one;
        const std::size_t second = co_await two;
        EXPECT_EQ(first, 2u);
        EXPECT_EQ(second, 2u);
      },
      options);
}

}  // namespace
