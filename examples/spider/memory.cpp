#include "memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace spider {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

// Measured, with room to spare. For gather: 220 bytes for slot, frame and timer, and 150 more while a
// cancel's exceptions fly. For spawn: state, handle and frame, and the lists of a wait.
constexpr std::uint64_t bytes_per_site(until mode) { return mode == until::all ? 400 : 768; }
constexpr std::uint64_t bytes_of_the_rest = std::uint64_t{32} << 20;

// The number a file holds; no_limit when there is none ("max", or no such file).
std::uint64_t number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  return in >> number ? number : no_limit;
}

std::uint64_t available_memory() {
  std::ifstream in("/proc/meminfo");
  std::uint64_t kib = 0;
  for (std::string word; in >> word;) {
    if (word == "MemAvailable:" && in >> kib) return kib * 1024;
  }
  return no_limit;
}

// `file` of the cgroup and of everything above it, as far as `mount` shows them.
std::uint64_t limit_of(const fs::path& mount, fs::path cgroup, const char* file) {
  std::uint64_t limit = no_limit;
  for (cgroup = cgroup.relative_path();; cgroup = cgroup.parent_path()) {
    limit = std::min(limit, number_in(mount / cgroup / file));
    if (cgroup.empty()) return limit;
  }
}

// Lines such as "4:memory:/user.slice" (version 1) and "0::/user.slice" (version 2).
std::uint64_t cgroup_limit() {
  std::uint64_t limit = no_limit;
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t path = line.find(":/");
    if (path == line.npos) continue;
    const std::string cgroup = line.substr(path + 1);
    if (line.starts_with("0::")) {
      limit = std::min(limit, limit_of("/sys/fs/cgroup", cgroup, "memory.max"));
    } else if (line.find(":memory:") != line.npos) {
      limit = std::min(limit, limit_of("/sys/fs/cgroup/memory", cgroup, "memory.limit_in_bytes"));
    }
  }
  return limit;
}

std::uint64_t address_space_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return no_limit;
  return limit.rlim_cur;
}

}  // namespace

std::uint64_t sites_that_fit_in_memory(until mode) {
  const std::uint64_t bytes = std::min({available_memory(), cgroup_limit(), address_space_limit()});
  const std::uint64_t for_sites = bytes - std::min(bytes, bytes_of_the_rest);
  return std::max<std::uint64_t>(1, for_sites / bytes_per_site(mode));
}

}  // namespace spider
