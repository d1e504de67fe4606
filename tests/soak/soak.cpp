// soak: all programs of the stress tests, one after the other and again, each time with another number of
// workers, while threads are delayed at every atomic operation and sleeps are interrupted (SILK_DELAYS).
//
//   silk_soak MINUTES [SEED [PART]]     only programs with PART in their names
//
// The oracle of each program ends the run when nothing moves (stress/liveness.hpp). Beside them a runtime of
// its own sleeps again and again and notes how late it wakes. After the first pass over all programs memory
// that is held between them must stay below a ceiling. The seed chooses programs, workers and where threads
// are delayed; what the kernel does is up to the kernel.
#include "../../scheduler/sync_delays.hpp"
#include "../stress/liveness.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Of the sanitizers' allocators; null without.
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

namespace {

using namespace std::chrono_literals;
using silk_stress::dice;
using silk_stress::life;
using std::chrono::steady_clock;

constexpr unsigned most_workers = 16;

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// What sanitizers keep of threads and memory that are gone is not ours, and grows with each thread.
double held_mib() {
  if (__sanitizer_get_current_allocated_bytes == nullptr) return resident_mib();
  return static_cast<double>(__sanitizer_get_current_allocated_bytes()) / (1 << 20);
}

// How late a sleeper wakes, by the clock of the system.
class probe {
 public:
  probe() : sleeper_(runtime_.spawn(sleeps(worst_, count_))) {}
  void stop() {
    sleeper_.cancel();
    runtime_.shutdown();
  }
  double worst_ms() const { return std::chrono::duration<double, std::milli>(worst_).count(); }
  int count() const { return count_; }

 private:
  static silk::task<> sleeps(steady_clock::duration& worst, int& count) {
    for (;; ++count) {
      const auto due = steady_clock::now() + 5ms;
      co_await silk::sleep(5ms);
      worst = std::max(worst, steady_clock::now() - due);
    }
  }

  steady_clock::duration worst_{};
  int count_ = 0;
  silk::runtime runtime_{{.workers = 2}};
  silk::join_handle<> sleeper_;
};

struct record {
  int rounds = 0;
  std::uint64_t operations = 0;
};

class soak {
 public:
  soak(double minutes, std::uint64_t seed, std::string_view part)
      : end_(steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                       std::chrono::duration<double, std::ratio<60>>(minutes))),
        random_(seed),
        programs_(names_with(part)) {}

  bool has_programs() const { return !programs_.empty(); }

  // False: something failed.
  bool run() {
    for (const std::string& each : programs_) {  // at least once
      if (!round(each)) return false;
    }
    warm_mib_ = held_mib();
    while (steady_clock::now() < end_) {
      if (!round(programs_[random_.below(static_cast<unsigned>(programs_.size()))])) return false;
      if (!memory_is_bounded()) return false;
    }
    return true;
  }

  void report() {
    probe_.stop();
    const auto delays = silk::scheduler::sync::delays_so_far();
    std::printf("\n%-76s %6s %10s\n", "program", "rounds", "operations");
    for (const auto& [name, done] : done_) {  // without "workers/" and "/1"
      std::printf("%-76s %6d %10llu\n", name.substr(8, name.size() - 10).c_str(), done.rounds,
                  number(done.operations));
    }
    std::printf("\nfaults injected   %llu yields, %llu naps, %llu interrupted sleeps\n",
                number(delays.yields), number(delays.naps), number(delays.interruptions));
    std::printf("worst latency     %.1f ms, of %d timers of 5 ms\n", probe_.worst_ms(),
                probe_.count());
    std::printf(
        "memory            %.1f MiB held after the first pass, %.1f at most (allowed: %.1f)\n",
        warm_mib_, most_mib_, ceiling_mib());
    std::printf("                  %.0f MiB resident at the end\n", resident_mib());
    std::printf("left behind       %lld lives of %llu\n",
                static_cast<long long>(life::begun - life::ended), number(life::begun));
  }

 private:
  static unsigned long long number(std::uint64_t n) { return n; }

  // One instance of each test: the number of workers is not the one that it is named after. Not those
  // about doing nothing.
  static std::vector<std::string> names_with(std::string_view part) {
    std::vector<std::string> all;
    const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
    for (int i = 0; i < tests.total_test_suite_count(); ++i) {
      const testing::TestSuite& suite = *tests.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); ++j) {
        const std::string name = std::string(suite.name()) + "." + suite.GetTestInfo(j)->name();
        if (name.ends_with("/1") && !name.starts_with("workers/idle_runtime.") &&
            name.find(part) != std::string::npos)
          all.push_back(name);
      }
    }
    return all;
  }

  bool round(const std::string& program) {
    const std::string workers = std::to_string(1 + random_.below(most_workers));
    const std::string seed = std::to_string(random_.roll());
    ::setenv("SILK_STRESS_WORKERS", workers.c_str(), 1);
    ::setenv("SILK_STRESS_SEED", seed.c_str(), 1);
    std::printf("SILK_STRESS_WORKERS=%s %s\n", workers.c_str(), program.c_str());
    GTEST_FLAG_SET(filter, program);
    const std::uint64_t before = life::begun;
    const bool passed = RUN_ALL_TESTS() == 0;
    record& done = done_[program];
    ++done.rounds;
    done.operations += life::begun - before;
    most_mib_ = std::max(most_mib_, held_mib());
    return passed;
  }

  // Between two programs nothing lives but runtimes' leavings: pools of frames, first of all.
  double ceiling_mib() const { return 2 * warm_mib_ + 16; }
  bool memory_is_bounded() const {
    const double now = held_mib();
    if (now <= ceiling_mib()) return true;
    std::printf("memory grows: %.1f MiB, more than %.1f MiB\n", now, ceiling_mib());
    return false;
  }

  const steady_clock::time_point end_;
  dice random_;
  const std::vector<std::string> programs_;
  std::map<std::string, record> done_;
  double warm_mib_ = 0;
  double most_mib_ = 0;
  probe probe_;
};

}  // namespace

int main(int argc, char** argv) {
  GTEST_FLAG_SET(brief, true);
  testing::InitGoogleTest(&argc, argv);
  const double minutes = argc > 1 ? std::atof(argv[1]) : 0;
  if (minutes <= 0) {
    std::fprintf(stderr, "usage: silk_soak MINUTES [SEED [PART]]\n");
    return 2;
  }
  const std::uint64_t seed =
      argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  const char* part = argc > 3 ? argv[3] : "";
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  silk::scheduler::sync::begin_delays(seed | 1);

  soak all(minutes, seed, part);
  if (!all.has_programs()) {
    std::fprintf(stderr,
                 "silk_soak: no program has '%s' in its name; silk_stress --gtest_list_tests\n",
                 part);
    return 2;
  }
  const bool held = all.run();
  all.report();
  std::printf("%s\n", held ? "all held" : "FAILED");
  return held && life::begun == life::ended ? 0 : 1;
}
