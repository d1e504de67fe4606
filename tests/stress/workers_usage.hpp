// What the workers' threads have used, as the system tells, and whether they rest.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace silk_stress {

using namespace std::chrono_literals;

struct usage {
  std::uint64_t sleeps = 0;  // times that a thread gave the processor away by itself
  std::uint64_t cpu_ns = 0;
  std::string state;
};

// Of every worker thread in this process, by thread id.
inline std::map<std::string, usage> workers_usage() {
  std::map<std::string, usage> all;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (!name.starts_with("silk-") || name == "silk-blocking") continue;
    usage now;
    std::ifstream status(task.path() / "status");
    for (std::string key; status >> key;) {
      if (key == "State:") status >> now.state;
      if (key == "voluntary_ctxt_switches:") status >> now.sleeps;
    }
    std::ifstream(task.path() / "schedstat") >> now.cpu_ns;
    all[task.path().filename()] = now;
  }
  return all;
}

inline bool all_sleep() {
  for (const auto& [thread, now] : workers_usage()) {
    if (now.state != "S") return false;
  }
  return true;
}

// Waits until every worker is asleep and stays so for a moment.
inline void settle() {
  for (int quiet = 0; quiet < 3;) {
    std::this_thread::sleep_for(10ms);
    quiet = all_sleep() ? quiet + 1 : 0;
  }
}

struct window {
  std::uint64_t wake_ups = 0;
  std::uint64_t cpu_ns = 0;
};

inline window observe(std::chrono::milliseconds length) {
  const auto before = workers_usage();
  std::this_thread::sleep_for(length);
  window seen;
  for (const auto& [thread, after] : workers_usage()) {
    seen.wake_ups += after.sleeps - before.at(thread).sleeps;
    seen.cpu_ns += after.cpu_ns - before.at(thread).cpu_ns;
  }
  return seen;
}

inline void expect_idle() {
  settle();
  const window seen = observe(300ms);
  EXPECT_EQ(seen.wake_ups, 0u);
  EXPECT_EQ(seen.cpu_ns, 0u);
}

}  // namespace silk_stress
