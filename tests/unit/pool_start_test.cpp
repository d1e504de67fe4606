// A pool that cannot be made leaves nothing behind.
#include "../../scheduler/pool.hpp"

#include <gtest/gtest.h>

#include <support/room_for_threads.hpp>
#include <system_error>

namespace {

using silk::scheduler::pool;
using silk_tests::room_for_threads;
using silk_tests::silk_threads;

class refused_thread : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(after, refused_thread, testing::Values(0u, 1u, 3u),
                         testing::PrintToStringParamName());

TEST_P(refused_thread, fails_the_constructor_and_ends_the_threads_that_were_started) {
  {
    const room_for_threads few(GetParam());
    EXPECT_THROW(pool({.workers = 16}), std::system_error);
  }
  EXPECT_EQ(silk_threads(), 0u);
  pool enough({.workers = 4});
  EXPECT_EQ(silk_threads(), 4u);
}

}  // namespace
