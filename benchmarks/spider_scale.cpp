// spider_scale: what a crawl of 1,000 to 1,000,000 sites costs, as a table.
//
//   spider_scale [--quick]      --quick: up to 100,000 sites
//
// Each row is a process of its own (examples/spider --sites N --json), because the peak of a
// process's memory never goes down again. Bytes per site: the peak less that of a crawl of one site.
// This process stays small for the same reason: the kernel counts it into the peak of its children.

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

constexpr const char* spider = SILK_SPIDER;  // examples/spider of this build

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0) check(errno, "read");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// What a program that ends well prints.
std::string output_of(std::vector<std::string> command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> ends;
  check(::pipe(ends.data()) == 0 ? 0 : errno, "pipe");
  posix_spawn_file_actions_t actions;
  check(::posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addclose(&actions, ends[0]);
  ::posix_spawn_file_actions_addclose(&actions, ends[1]);
  pid_t child = 0;
  check(::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ),
        arguments[0]);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  check(::waitpid(child, &status, 0) == child ? 0 : errno, "waitpid");
  if (status != 0) throw std::runtime_error(command[0] + " failed");
  return text;
}

nlohmann::json crawl(std::uint64_t sites, std::vector<std::string> more = {}) {
  std::vector<std::string> command = {spider, "--json", "--sites", std::to_string(sites)};
  command.insert(command.end(), more.begin(), more.end());
  return nlohmann::json::parse(output_of(std::move(command)));
}

void print_table(std::uint64_t most_sites) {
  const nlohmann::json smallest = crawl(1, {"--pages", "1", "--delay", "0"});
  const auto base_kib = smallest["max_rss_kib"].get<double>();
  fmt::print("3 pages for each site, 1 s apart; {} workers\n\n", smallest["workers"].get<int>());
  fmt::print("{:>9} {:>9} {:>7} {:>7} {:>9} {:>10}   {}\n", "sites", "pages", "wall s", "CPU s",
             "peak MiB", "bytes/site", "late us: p50     p99     max");

  for (std::uint64_t sites = 1000; sites <= most_sites; sites *= 10) {
    const nlohmann::json row = crawl(sites);
    const auto number = [&row](const char* name) { return row[name].get<double>(); };
    if (row["pages"] != sites * 3) throw std::runtime_error("pages are missing: " + row.dump());
    fmt::print("{:>9} {:>9} {:>7.2f} {:>7.2f} {:>9.1f} {:>10.0f}   {:>12.0f} {:>7.0f} {:>7.0f}\n",
               sites, sites * 3, number("wall_s"), number("cpu_s"), number("max_rss_kib") / 1024,
               (number("max_rss_kib") - base_kib) * 1024 / static_cast<double>(sites),
               number("late_p50_us"), number("late_p99_us"), number("late_max_us"));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc == 2 && std::string_view(argv[1]) == "--quick";
  if (argc > 1 && !quick) {
    fmt::print(stderr, "usage: spider_scale [--quick]\n");
    return 2;
  }
  try {
    print_table(quick ? 100'000 : 1'000'000);
  } catch (const std::exception& error) {
    fmt::print(stderr, "spider_scale: {}\n", error.what());
    return 1;
  }
  return 0;
}
