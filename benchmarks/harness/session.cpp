#include "session.hpp"

#include "allocations.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

namespace bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The most memory that was resident so far. That of getrusage would begin with what our parent had.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

// Pairs of an upper bound in microseconds and the count of values up to it, above that of the last pair.
nlohmann::json told(const histogram& late) {
  nlohmann::json buckets = nlohmann::json::array();
  for (std::size_t i = 0; i < histogram::bucket_count; ++i) {
    if (const auto count = late.count_in(i); count != 0) {
      buckets.push_back({static_cast<double>(histogram::upper_ns(i)) / 1e3, count});
    }
  }
  return buckets;
}

nlohmann::json told(const std::vector<variant>& variants) {
  nlohmann::json all = nlohmann::json::array();
  for (const variant& each : variants) {
    nlohmann::json one = {{"variant", each.name}, {"operations", each.operations}};
    for (const auto& [name, value] : each.parameters) one[name] = value;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

session::session(int argc, char** argv, std::vector<variant> (*variants)(size))
    : path_(argv[0]), workers_(std::max(1U, std::thread::hardware_concurrency())) {
  CLI::App app("Runs one problem of the benchmarks and prints what it took as JSON.");
  bool list = false;
  std::string chosen;
  std::string wanted_size = "full";
  app.add_option("--workers", workers_, "threads that work")->check(CLI::Range(1, 4096));
  app.add_option("--repetitions", repetitions_, "how often at most")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--enough", enough_s_, "seconds after which there are no more repetitions");
  app.add_option("--size", wanted_size, "quick or full")->check(CLI::IsMember({"quick", "full"}));
  app.add_option("--variant", chosen, "which of those that --list tells; the first by default");
  app.add_flag("--list", list, "tell the variants of this size and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    std::exit(0);
  } catch (const CLI::ParseError& wrong) {
    refuse(wrong.what());
  }

  size_ = wanted_size == "quick" ? size::quick : size::full;
  variants_ = variants(size_);
  if (list) {
    std::cout << told(variants_) << '\n';
    std::exit(0);
  }
  if (!chosen.empty()) {
    const auto found = std::ranges::find(variants_, chosen, &variant::name);
    if (found == variants_.end()) refuse("no variant " + chosen + " of this size; see --list");
    variant_ = static_cast<std::size_t>(found - variants_.begin());
  }
  resident_at_first_kib_ = peak_kib();
}

void session::refuse(const std::string& why) const {
  std::cerr << path_ << ": " << why << '\n';
  std::exit(2);
}

session::usage session::used_by_now() const {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return {.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime),
          .allocations = allocations(),
          .workers = count_ ? count_() : worker_counts{}};
}

void session::start() {
  before_ = used_by_now();
  started_ = clock::now();
}

void session::stop() { stop(clock::now() - started_); }

void session::stop(std::chrono::nanoseconds instead) {
  elapsed_ += clock::now() - started_;
  const usage now = used_by_now();
  used_.cpu_s += now.cpu_s - before_.cpu_s;
  used_.allocations += now.allocations - before_.allocations;
  used_.workers.steals += now.workers.steals - before_.workers.steals;
  used_.workers.parks += now.workers.parks - before_.workers.parks;
  seconds_.push_back(std::chrono::duration<double>(instead).count());
}

void session::forget() {
  used_ = {};
  elapsed_ = {};
  seconds_.clear();
  late_.clear();
}

bool session::wants_more() const noexcept {
  return seconds_.size() < repetitions_ &&
         std::chrono::duration<double>(elapsed_).count() < enough_s_;
}

int session::wrong_answer() const { return fail("wrong answer"); }

int session::fail(const std::string& why) const {
  std::cerr << path_ << " (" << variants_[variant_].name << "): " << why << '\n';
  return 1;
}

int session::print() const {
  if (late_.early() != 0) return fail(std::to_string(late_.early()) + " came too early");
  const std::uint64_t operations = variants_[variant_].operations;
  const auto repetitions = static_cast<double>(seconds_.size());
  const double all_operations = static_cast<double>(operations) * repetitions;
  const long resident_kib = peak_kib();
  const auto grown_bytes = static_cast<double>(resident_kib - resident_at_first_kib_) * 1024;
  nlohmann::json what_it_took = {
      {"variant", variants_[variant_].name},
      {"workers", workers_},
      {"operations", operations},
      {"seconds", seconds_},
      {"cpu_s", used_.cpu_s / repetitions},
      {"allocations_per_operation", static_cast<double>(used_.allocations) / all_operations},
      {"max_rss_kib", resident_kib},
      {"bytes_per_operation", grown_bytes / static_cast<double>(operations)},
  };
  if (count_) {
    what_it_took["steals"] = static_cast<double>(used_.workers.steals) / repetitions;
    what_it_took["parks"] = static_cast<double>(used_.workers.parks) / repetitions;
  }
  if (late_.count() != 0) what_it_took["late_us"] = told(late_);
  std::cout << what_it_took << '\n';
  return 0;
}

}  // namespace bench
