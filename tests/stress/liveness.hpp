// Shared by the stress tests: how long and with which seed, random choices, and the liveness oracle.
//
//   SILK_STRESS_SEED      makes the choices of a run those of an earlier one; printed by every test
//   SILK_STRESS_SECONDS   how long each test goes on; a quarter of a second by default
//   SILK_STRESS_WORKERS   so many workers, whatever the test is named after
//   SILK_STRESS_PATIENCE  after so many seconds without any progress the oracle ends the program
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace silk_stress {

inline double number_from(const char* variable, double otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::atof(given) : otherwise;
}

// Random choices (splitmix64). A value: every task and thread has dice of its own.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t roll() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  unsigned below(unsigned n) noexcept { return static_cast<unsigned>(roll() % n); }
  bool one_in(unsigned n) noexcept { return below(n) == 0; }
  dice another() noexcept { return dice(roll()); }

 private:
  std::uint64_t state_;
};

// What every test starts with.
inline dice seeded_dice() {
  const char* given = std::getenv("SILK_STRESS_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("SILK_STRESS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return dice(seed);
}

// True for as long as the test is to go on.
class stopwatch {
 public:
  bool running() const { return std::chrono::steady_clock::now() < end_; }

 private:
  std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::duration<double>(number_from("SILK_STRESS_SECONDS", 0.25)));
};

// A life that begins and must end: in a frame, in a closure, anywhere. Moving passes it on.
// The counts are relaxed, so that they order nothing that the library should have ordered.
class life {
 public:
  life() { begun.fetch_add(1, std::memory_order_relaxed); }
  life(life&& other) noexcept : mine_(std::exchange(other.mine_, false)) {}
  life& operator=(life&&) = delete;
  ~life() {
    if (mine_) ended.fetch_add(1, std::memory_order_relaxed);
  }

  static inline std::atomic<std::uint64_t> begun{0};
  static inline std::atomic<std::uint64_t> ended{0};

 private:
  bool mine_ = true;
};

// While alive: ends the program with a message when nothing begins and nothing ends for too long. At
// its own end, when the runtimes are gone, every life must have ended.
class liveness_oracle {
 public:
  liveness_oracle() : watch_([this] { watch(); }) {}
  ~liveness_oracle() {
    over_ = true;
    watch_.join();
    EXPECT_EQ(life::begun - life::ended, alive_before_) << "some lives have not ended";
  }
  liveness_oracle(const liveness_oracle&) = delete;
  liveness_oracle& operator=(const liveness_oracle&) = delete;

  // For progress that is no life.
  static void progress() { steps.fetch_add(1, std::memory_order_relaxed); }

 private:
  static inline std::atomic<std::uint64_t> steps{0};

  void watch() {
    using namespace std::chrono_literals;
    const double patience = number_from("SILK_STRESS_PATIENCE", 30);
    std::uint64_t last = 0;
    auto last_change = std::chrono::steady_clock::now();
    for (; !over_; std::this_thread::sleep_for(20ms)) {
      const std::uint64_t now = life::begun + life::ended + steps;
      const auto time = std::chrono::steady_clock::now();
      if (now != last) last_change = time;
      last = now;
      if (time - last_change < std::chrono::duration<double>(patience)) continue;
      std::fprintf(stderr,
                   "stuck: %llu lives have begun, %llu have ended, and nothing moves any more\n",
                   static_cast<unsigned long long>(life::begun),
                   static_cast<unsigned long long>(life::ended));
      std::abort();
    }
  }

  const std::uint64_t alive_before_ = life::begun - life::ended;  // left behind by a failed test
  std::atomic<bool> over_{false};
  std::thread watch_;
};

// A stress test that runs at one, two, four and sixteen workers, whatever the machine has.
class at_any_size : public testing::TestWithParam<unsigned> {
 protected:
  unsigned workers() const {
    return static_cast<unsigned>(number_from("SILK_STRESS_WORKERS", GetParam()));
  }

  dice random = seeded_dice();

 private:
  liveness_oracle oracle_;

 protected:
  stopwatch time;
};

#define SILK_STRESS_AT_ANY_SIZE(suite)                                       \
  INSTANTIATE_TEST_SUITE_P(workers, suite, testing::Values(1u, 2u, 4u, 16u), \
                           testing::PrintToStringParamName())

}  // namespace silk_stress
