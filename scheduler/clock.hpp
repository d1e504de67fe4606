// clock: the time of one pool, in nanoseconds; steady or virtual.
//
// Steady time is CLOCK_MONOTONIC, the same as std::chrono::steady_clock. Virtual time starts at zero
// and stands still while anything can run; the last worker to go idle moves it to the next deadline
// (see idle protocol in worker.cpp), so a program that only sleeps ends in no time at all.
#pragma once

#include "sync.hpp"

#include <time.h>

#include <cstdint>

namespace silk::scheduler {

enum class clock_kind : std::uint8_t { steady, virtual_time };

class clock {
 public:
  explicit clock(clock_kind kind) noexcept : kind_(kind) {}

  bool is_virtual() const noexcept { return kind_ == clock_kind::virtual_time; }

  // Never goes backwards. [any]
  std::uint64_t now() const noexcept {
    // relaxed: whoever acts on a deadline got it through a queue or a lock
    return is_virtual() ? virtual_now_.load(sync::memory_order_relaxed) : steady_now();
  }

  // Virtual time only. Earlier times are ignored. [the worker that found the pool quiescent]
  void advance_to(std::uint64_t time) noexcept {
    // relaxed: the timers that fire are handed over through a shard's lock
    if (time > virtual_now_.load(sync::memory_order_relaxed)) {
      virtual_now_.store(time, sync::memory_order_relaxed);  // relaxed: as above
    }
  }

  static std::uint64_t steady_now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(time.tv_nsec);
  }

 private:
  clock_kind kind_;
  sync::atomic<std::uint64_t> virtual_now_{0};
};

}  // namespace silk::scheduler
