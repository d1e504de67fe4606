// Real threads beside a simulation.
#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

TEST(simulate_threads, notices_that_another_thread_takes_part) {
  const auto uses_a_thread = []() -> silk::task<> {
    silk::promise<> made;
    auto awaited = made.get_future();
    const auto waits = [](silk::future<> until) -> silk::task<> { co_await until; };
    const auto waiter = silk::spawn(waits, awaited);
    co_await silk::yield();
    while (awaited.waiting() == 0) co_await silk::yield();
    std::thread([&] { made.set_value(); }).join();
    co_await waiter;
  };
  EXPECT_THROW(silk::testing::simulate(uses_a_thread), silk::usage_error);
}

TEST(simulate_threads, simulates_on_several_at_the_same_time) {
  const auto sleeps = []() -> silk::task<> {
    const auto naps = []() -> silk::task<> {
      for (int i = 0; i < 20; ++i) co_await silk::sleep(1ms);
    };
    co_await silk::gather(naps(), naps(), silk::spawn(naps()));
  };
  const std::string alone = silk::testing::simulate(sleeps, {.seed = 11}).trace();
  std::string beside[2];
  {
    std::jthread one([&] { beside[0] = silk::testing::simulate(sleeps, {.seed = 11}).trace(); });
    std::jthread two([&] { beside[1] = silk::testing::simulate(sleeps, {.seed = 11}).trace(); });
  }
  EXPECT_EQ(beside[0], alone);
  EXPECT_EQ(beside[1], alone);
}

}  // namespace
