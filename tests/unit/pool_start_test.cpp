// A pool that cannot be made leaves nothing behind.
#include "../../scheduler/pool.hpp"

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace {

using silk::scheduler::pool;

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

rlim_t address_space_in_use() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

// While alive, there is address space for `threads` more threads and some odds and ends.
class room_for_threads {
 public:
  explicit room_for_threads(rlim_t threads) {
    ::pthread_attr_t large;
    ::pthread_getattr_default_np(&before_);
    ::pthread_attr_init(&large);
    ::pthread_attr_setstacksize(&large, stack);
    ::pthread_setattr_default_np(&large);
    ::pthread_attr_destroy(&large);
    ::getrlimit(RLIMIT_AS, &limit_before_);
    rlimit limit = limit_before_;
    limit.rlim_cur = address_space_in_use() + threads * stack + stack / 2;
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~room_for_threads() {
    ::setrlimit(RLIMIT_AS, &limit_before_);
    ::pthread_setattr_default_np(&before_);
  }
  room_for_threads(const room_for_threads&) = delete;
  room_for_threads& operator=(const room_for_threads&) = delete;

 private:
  static constexpr std::size_t stack = std::size_t{1} << 33;
  ::pthread_attr_t before_;
  rlimit limit_before_;
};

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
