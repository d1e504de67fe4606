#include "worker_count.hpp"

#include "sync.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace silk::scheduler {

namespace {

namespace fs = std::filesystem;

enum class cgroup_version { v1, v2 };

// This process's place in one hierarchy that may limit CPU time.
struct membership {
  cgroup_version version;
  std::string path;  // as in /proc/self/cgroup
};

struct cgroup_mount {
  cgroup_version version;
  std::string root;  // the cgroup that is visible at `point`
  std::string point;
};

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> fields;
  std::istringstream in(text);
  for (std::string field; std::getline(in, field, separator);) fields.push_back(std::move(field));
  return fields;
}

bool lists_cpu(const std::string& comma_separated) {
  return std::ranges::count(split(comma_separated, ','), "cpu") != 0;
}

// "4:cpu,cpuacct:/user.slice" (version 1) or "0::/user.slice" (version 2).
std::optional<membership> parse_membership(const std::string& line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
  if (second == line.npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  std::string path = line.substr(second + 1);
  if (line.starts_with("0::")) return membership{cgroup_version::v2, std::move(path)};
  if (lists_cpu(controllers)) return membership{cgroup_version::v1, std::move(path)};
  return std::nullopt;
}

// mountinfo writes space, tab, newline and backslash as \ and three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    unsigned code = 0;
    const bool escaped = text.size() >= 4 && text[0] == '\\' &&
                         std::from_chars(&text[1], &text[1] + 3, code, 8).ptr == &text[1] + 3;
    plain += escaped ? static_cast<char>(code) : text[0];
    text.remove_prefix(escaped ? 4 : 1);
  }
  return plain;
}

// "36 35 98:0 /root /point options [optional...] - type source super,options"
std::optional<cgroup_mount> parse_mount(const std::string& line) {
  const std::vector<std::string> fields = split(line, ' ');
  const auto dash = std::ranges::find(fields, "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
  const std::string& type = dash[1];
  const bool is_v1 = type == "cgroup" && lists_cpu(dash[3]);
  if (!is_v1 && type != "cgroup2") return std::nullopt;
  return cgroup_mount{is_v1 ? cgroup_version::v1 : cgroup_version::v2, unescape(fields[3]),
                      unescape(fields[4])};
}

bool is_up(const fs::path& part) { return part == ".."; }

// The way from the mount point down to the cgroup `path`; nothing when the mount does not show it.
// Paths with ".." lead out of this process's cgroup namespace.
std::optional<fs::path> below_mount(const cgroup_mount& mount, const fs::path& path) {
  const fs::path root = mount.root, root_names = root.relative_path();
  const bool shows_an_ancestor = !root_names.empty() && std::ranges::all_of(root_names, is_up);
  if (shows_an_ancestor) return fs::path();  // the way down from there has no name that we know
  if (std::ranges::any_of(root, is_up) || std::ranges::any_of(path, is_up)) return std::nullopt;
  fs::path down = path.lexically_relative(root);
  if (down.empty() || is_up(*down.begin())) return std::nullopt;
  return down;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string first_line(const fs::path& file) {
  std::string line;
  std::ifstream in(file);
  std::getline(in, line);
  return line;
}

unsigned whole_cpus(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return no_cpu_limit;
  const std::int64_t cpus = *quota / *period + (*quota % *period != 0 ? 1 : 0);
  return static_cast<unsigned>(std::min<std::int64_t>(cpus, no_cpu_limit));
}

unsigned limit_of(cgroup_version version, const fs::path& cgroup) {
  if (version == cgroup_version::v1) {  // no limit is written -1
    return whole_cpus(parse_number(first_line(cgroup / "cpu.cfs_quota_us")),
                      parse_number(first_line(cgroup / "cpu.cfs_period_us")));
  }
  const std::vector<std::string> fields = split(first_line(cgroup / "cpu.max"), ' ');
  if (fields.size() != 2) return no_cpu_limit;
  return whole_cpus(parse_number(fields[0]), parse_number(fields[1]));  // no limit is written "max"
}

unsigned limit_of_path(cgroup_version version, fs::path cgroup, const fs::path& down) {
  unsigned limit = limit_of(version, cgroup);
  for (const fs::path& part : down) {
    cgroup /= part;
    limit = std::min(limit, limit_of(version, cgroup));
  }
  return limit;
}

template <class Parsed>
std::vector<Parsed> parse_lines(const fs::path& file,
                                std::optional<Parsed> (*parse)(const std::string&)) {
  std::vector<Parsed> all;
  for (const std::string& line : lines_of(file)) {
    if (std::optional<Parsed> parsed = parse(line)) all.push_back(std::move(*parsed));
  }
  return all;
}

}  // namespace

unsigned cgroup_cpu_limit(const std::string& root_folder) {
  const fs::path root = root_folder;
  const auto mounts = parse_lines(root / "proc/self/mountinfo", &parse_mount);
  unsigned limit = no_cpu_limit;
  for (const membership& own : parse_lines(root / "proc/self/cgroup", &parse_membership)) {
    for (const cgroup_mount& mount : mounts) {
      if (mount.version != own.version) continue;
      const std::optional<fs::path> down = below_mount(mount, own.path);
      if (!down) continue;
      const fs::path point = root / fs::path(mount.point).relative_path();
      limit = std::min(limit, limit_of_path(own.version, point, *down));
    }
  }
  return limit;
}

// The kernel refuses a set smaller than its own, which may be larger than cpu_set_t (1024 CPUs).
unsigned affinity_cpu_count(affinity_call get_affinity) {
  constexpr std::size_t most_cpus = std::size_t{1} << 20;
  for (std::size_t cpus = CPU_SETSIZE; cpus <= most_cpus; cpus *= 2) {
    std::vector<cpu_set_t> set(cpus / CPU_SETSIZE);
    const std::size_t bytes = set.size() * sizeof(cpu_set_t);
    if (get_affinity(0, bytes, set.data()) == 0) {
      return static_cast<unsigned>(CPU_COUNT_S(bytes, set.data()));
    }
    if (errno != EINVAL) break;
  }
  return no_cpu_limit;
}

unsigned default_worker_count() {
  unsigned allowed = affinity_cpu_count();
  if (allowed == no_cpu_limit) allowed = sync::thread::hardware_concurrency();
  return std::max(1u, std::min(allowed, cgroup_cpu_limit()));
}

}  // namespace silk::scheduler
