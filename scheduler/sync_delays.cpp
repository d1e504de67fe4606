#include "sync_delays.hpp"

#ifdef SILK_DELAYS

#include <sched.h>
#include <time.h>

namespace silk::scheduler::sync {

namespace {

// relaxed, all of them: counts for a report
std::atomic<std::uint64_t> yields{0}, naps{0}, interruptions{0};
std::atomic<std::uint64_t> threads{0};

void nap(long nanoseconds) noexcept {
  const timespec length{.tv_sec = 0, .tv_nsec = nanoseconds};
  ::nanosleep(&length, nullptr);
}

}  // namespace

void begin_delays(std::uint64_t seed) noexcept {
  detail::delays_seed.store(seed, std::memory_order_relaxed);  // relaxed: nothing comes with it
}

delay_counts delays_so_far() noexcept {
  return {yields.load(std::memory_order_relaxed),  // relaxed: as above
          naps.load(std::memory_order_relaxed), interruptions.load(std::memory_order_relaxed)};
}

// Another sequence for each thread (splitmix64); never 0.
std::uint64_t detail::first_delay_state(std::uint64_t seed) noexcept {
  // relaxed: only has to be distinct
  std::uint64_t z = seed + threads.fetch_add(1, std::memory_order_relaxed) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (z ^ (z >> 31)) | 1;
}

void detail::delay_now(std::uint64_t random) noexcept {
  constexpr std::uint64_t one_nap_in = 64;
  if (random % one_nap_in != 0) {
    yields.fetch_add(1, std::memory_order_relaxed);  // relaxed: as above
    ::sched_yield();
    return;
  }
  naps.fetch_add(1, std::memory_order_relaxed);  // relaxed: as above
  nap(static_cast<long>(random / one_nap_in % 200'000));
}

bool detail::is_interrupted() noexcept {
  may_delay();
  if (delay_state == 0 || delay_state % 16 != 0) return false;
  interruptions.fetch_add(1, std::memory_order_relaxed);  // relaxed: as above
  return true;
}

}  // namespace silk::scheduler::sync

#endif
