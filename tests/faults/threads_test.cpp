// The system refuses a thread: the caller gets std::system_error, nothing is left behind, and the next one is
// asked for again.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <support/programs.hpp>
#include <support/room_for_threads.hpp>
#include <system_error>
#include <vector>

namespace {

using namespace silk_tests;

class refused_thread : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(after, refused_thread, testing::Values(0u, 1u, 2u, 3u),
                         testing::PrintToStringParamName());

TEST_P(refused_thread, fails_the_runtime_and_leaves_none_of_its_threads) {
  {
    const room_for_threads few(GetParam());
    EXPECT_THROW(silk::runtime({.workers = 16}), std::system_error);
  }
  EXPECT_EQ(silk_threads(), 0u);
  silk::runtime enough({.workers = 4});
  EXPECT_EQ(silk_threads(), 4u);
}

TEST_P(refused_thread, fails_the_program_that_run_is_given) {
  const room_for_threads few(GetParam());
  EXPECT_THROW(silk::run([]() -> silk::task<> { co_return; }, {.workers = 16}), std::system_error);
}

TEST(refused_blocking_thread, fails_the_call_that_has_no_other) {
  silk::runtime runtime(virtual_time(2));
  const auto call = [](int value) -> silk::task<int> {
    const auto gives_it_back = [](int given) { return given; };
    co_return co_await silk::to_thread(gives_it_back, value);
  };
  {
    const room_for_threads none(0);
    EXPECT_THROW(runtime.block_on(call(1)), std::system_error);
    EXPECT_THROW(runtime.block_on(call(2)), std::system_error);
  }
  EXPECT_EQ(runtime.block_on(call(3)), 3);
}

TEST(refused_blocking_thread, lets_its_call_wait_for_another_one) {
  silk::runtime runtime(virtual_time(2));
  const auto calls = []() -> silk::task<int> {
    std::vector<silk::task<int>> all;
    for (int i = 0; i < 10; ++i) {
      all.push_back(
          []() -> silk::task<int> { co_return co_await silk::to_thread([] { return 1; }); }());
    }
    int sum = 0;
    const std::vector<int> ones = co_await silk::gather(std::move(all));
    for (const int each : ones) sum += each;
    co_return sum;
  };
  const room_for_threads few(1);
  EXPECT_EQ(runtime.block_on(calls), 10);
}

}  // namespace
