// A row of the area `run`, about Ctrl-C: asyncio.run's handling is runtime_options::sigint.
#include "row.hpp"

#include <signal.h>

#include <atomic>
#include <latch>
#include <thread>

namespace {

using namespace silk_conformance;

// Presses Ctrl-C when it is told to. Made outside of tasks: workers, and the threads they start, have
// signals blocked.
class presser {
 public:
  void press() { pressed_.count_down(); }
  ~presser() { thread_.join(); }

 private:
  std::latch pressed_{1};
  std::thread thread_{[this] {
    pressed_.wait();
    ::raise(SIGINT);
  }};
};

ROW(run, sigint_cancels_main) {
  ::signal(SIGINT, SIG_DFL);  // in a background job of a shell it is ignored
  auto chosen = options();
  chosen.sigint = silk::sigint::cancels_main;
  {
    presser ctrl_c;
    silk::promise<> never;
    const silk::future<> awaited = never.get_future();
    EXPECT_THROW(silk::run(
                     [&]() -> silk::task<> {
                       ctrl_c.press();
                       co_await awaited;
                     },
                     chosen),
                 silk::interrupted);
    EXPECT_TRUE(awaited.is_cancelled());
  }
  {
    presser ctrl_c;
    std::string seen;
    EXPECT_THROW(silk::run(
                     [&]() -> silk::task<> {
                       ctrl_c.press();
                       try {
                         for (;;) co_await silk::yield();
                       } catch (const silk::cancelled& stop) {
                         seen = stop.reason();
                         throw;
                       }
                     },
                     chosen),
                 silk::interrupted);
    EXPECT_EQ(seen, "interrupted");
  }
  // What main makes of it is what counts.
  presser ctrl_c;
  const int value = silk::run(
      [&]() -> silk::task<int> {
        ctrl_c.press();
        try {
          co_await never_ends();
        } catch (const silk::cancelled&) {
        }
        co_return 42;
      },
      chosen);
  EXPECT_EQ(value, 42);
}

}  // namespace
