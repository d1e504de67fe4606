// driver: parks one worker until it is woken or a deadline has come.
//
// Every worker has one. The worker that holds the driver's role (idle.hpp) parks with the earliest
// deadline of the pool, all others without. Readiness of file descriptors will end a park here, too.
//
// A wake is a token: it is kept until the worker takes it, so a wake that comes before the park, or
// together with the deadline, is not lost. Whoever wakes has claimed the worker first, so there is at
// most one token at a time (I2).
//
// Edges   E:token     wake's store   -> the exchange in park
#pragma once

#include "clock.hpp"
#include "sync.hpp"
#include "timer_wheel.hpp"

#include <cstdint>

namespace silk::scheduler {

enum class [[nodiscard]] park_end : std::uint8_t { woken, due };

class driver {
 public:
  // Sleeps until wake(), and takes its token; at the latest until `deadline` on the steady clock,
  // no_deadline for ever. [owner]
  park_end park(std::uint64_t deadline) noexcept {
    // E:token in: what the waker published
    while (token_.exchange(0, sync::memory_order_acquire) == 0) {
      if (deadline == no_deadline) {
        sync::futex_wait(token_, 0);
      } else if (clock::steady_now() >= deadline) {
        return park_end::due;
      } else {
        sync::futex_wait_until(token_, 0, deadline);
      }
    }
    return park_end::woken;
  }

  // A wake that was not taken yet. A glance. [any]
  bool has_token() const noexcept {
    return token_.load(sync::memory_order_relaxed) != 0;  // relaxed: park takes it
  }

  void wake() noexcept {                          // [waker]
    token_.store(1, sync::memory_order_release);  // E:token out
    sync::futex_wake(token_, 1);
  }

 private:
  alignas(sync::no_sharing) sync::atomic<std::uint32_t> token_{0};  // 1: a wake that was not taken
};

}  // namespace silk::scheduler
