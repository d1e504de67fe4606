// room_for_threads: the system refuses threads beyond so many. And how many there are.
#pragma once

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace silk_tests {

inline rlim_t address_space_in_use() {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

// Silk's threads in this process; not those of a sanitizer.
inline std::size_t silk_threads() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    count += name.starts_with("silk-");
  }
  return count;
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

}  // namespace silk_tests
