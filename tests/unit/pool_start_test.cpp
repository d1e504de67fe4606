// A pool that cannot be made leaves nothing behind.
#include "../../scheduler/pool.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <support/room_for_threads.hpp>
#include <system_error>

namespace {

using silk::scheduler::pool;
using silk_tests::room_for_threads;

// Not those of a sanitizer.
std::size_t workers_of_this_process() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    count += name.starts_with("silk-");
  }
  return count;
}

class refused_thread : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(after, refused_thread, testing::Values(0u, 1u, 3u),
                         testing::PrintToStringParamName());

TEST_P(refused_thread, fails_the_constructor_and_ends_the_threads_that_were_started) {
  {
    const room_for_threads few(GetParam());
    EXPECT_THROW(pool({.workers = 16}), std::system_error);
  }
  EXPECT_EQ(workers_of_this_process(), 0u);
  pool enough({.workers = 4});
  EXPECT_EQ(workers_of_this_process(), 4u);
}

}  // namespace
