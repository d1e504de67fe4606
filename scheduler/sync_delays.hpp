// sync_delays: atomics at which any thread may be delayed, for tests.
//
// With SILK_DELAYS, and after begin_delays, each operation on a sync::atomic may give the processor away
// before it, at random, or nap for a moment: so a thread that is interrupted between two of its steps,
// which is rare on an idle machine, happens all the time. A sleep on a futex may come back at once, as it
// does with EINTR.
#pragma once

#include <atomic>
#include <cstdint>

namespace silk::scheduler::sync {

// From now on. The seed, which is not 0, chooses where; threads and the kernel do the rest, so a run is
// alike, not the same. [any]
void begin_delays(std::uint64_t seed) noexcept;

struct delay_counts {
  std::uint64_t yields;
  std::uint64_t naps;
  std::uint64_t interruptions;  // of futexes
};
delay_counts delays_so_far() noexcept;  // of all threads [any]

namespace detail {

inline constinit std::atomic<std::uint64_t> delays_seed{0};  // 0: no delays yet
std::uint64_t first_delay_state(std::uint64_t seed) noexcept;
void delay_now(std::uint64_t random) noexcept;
bool is_interrupted() noexcept;

inline constinit thread_local std::uint64_t delay_state = 0;

inline void may_delay() noexcept {
  constexpr std::uint64_t one_in = 256;
  std::uint64_t x = delay_state;
  if (x == 0) [[unlikely]] {
    // relaxed: nothing comes with it
    const std::uint64_t seed = delays_seed.load(std::memory_order_relaxed);
    if (seed == 0) return;
    x = first_delay_state(seed);
  }
  x ^= x << 13;  // xorshift64 (Marsaglia 2003)
  x ^= x >> 7;
  x ^= x << 17;
  delay_state = x;
  if (x % one_in == 0) [[unlikely]]
    delay_now(x / one_in);
}

}  // namespace detail

// For tests alone: the orders' defaults, and the operators, which are those of std::atomic.
template <class T>
class delayed_atomic : public std::atomic<T> {
 public:
  using plain = std::atomic<T>;
  using order = std::memory_order;
  using plain::plain;
  using plain::operator=;

  T load(order o = order::seq_cst) const noexcept { return here().load(o); }
  void store(T value, order o = order::seq_cst) noexcept { here().store(value, o); }
  T exchange(T value, order o = order::seq_cst) noexcept { return here().exchange(value, o); }
  template <class... Orders>
  bool compare_exchange_strong(T& expected, T desired, Orders... orders) noexcept {
    return here().compare_exchange_strong(expected, desired, orders...);
  }
  template <class... Orders>
  bool compare_exchange_weak(T& expected, T desired, Orders... orders) noexcept {
    return here().compare_exchange_weak(expected, desired, orders...);
  }
  T fetch_add(T by, order o = order::seq_cst) noexcept { return here().fetch_add(by, o); }
  T fetch_sub(T by, order o = order::seq_cst) noexcept { return here().fetch_sub(by, o); }
  T fetch_or(T bits, order o = order::seq_cst) noexcept { return here().fetch_or(bits, o); }
  T fetch_and(T bits, order o = order::seq_cst) noexcept { return here().fetch_and(bits, o); }

 private:
  plain& here() noexcept {
    detail::may_delay();
    return *this;
  }
  const plain& here() const noexcept {
    detail::may_delay();
    return *this;
  }
};

}  // namespace silk::scheduler::sync
