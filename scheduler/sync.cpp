#include "sync.hpp"

#include "assert.hpp"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace silk::scheduler::sync {

namespace detail {

bool asymmetric = false;

void membarrier_all_threads() noexcept {
  while (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
    // It was there when we asked, and others have left out their fences since.
    SILK_ASSERT(errno == ENOMEM,
                "membarrier(2) is refused: no filter may forbid it while silk runs");
    ::sched_yield();
  }
}

}  // namespace detail

void prepare_fences() noexcept {
  static const bool available = [] {
    const long commands = ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    if (commands < 0 || (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0) return false;
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0)
      return false;
    detail::asymmetric = true;
    return true;
  }();
  static_cast<void>(available);
}

namespace {

bool is_interrupted() noexcept {
#ifdef SILK_DELAYS
  return detail::is_interrupted();
#else
  return false;
#endif
}

std::uint32_t* address_of(atomic<std::uint32_t>& word) noexcept {
  static_assert(sizeof(atomic<std::uint32_t>) == sizeof(std::uint32_t));
  return reinterpret_cast<std::uint32_t*>(&word);
}

}  // namespace

void futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
  if (is_interrupted()) return;
  ::syscall(SYS_futex, address_of(word), FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futex_wait_until(atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns) noexcept {
  if (is_interrupted()) return;
  constexpr std::uint64_t second = 1'000'000'000;
  timespec until{};
  until.tv_sec = static_cast<time_t>(deadline_ns / second);
  until.tv_nsec = static_cast<long>(deadline_ns % second);
  // WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC, plain WAIT a relative one.
  ::syscall(SYS_futex, address_of(word), FUTEX_WAIT_BITSET_PRIVATE, expected, &until, nullptr,
            FUTEX_BITSET_MATCH_ANY);
}

void futex_wake(atomic<std::uint32_t>& word, int count) noexcept {
  ::syscall(SYS_futex, address_of(word), FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

void give_way() noexcept { ::sched_yield(); }

void detail::wait_until_clear(const atomic<bool>& flag) noexcept {
  constexpr int pauses_before_yield = 64;
  // relaxed: only waits; the exchange in lock() is what acquires
  for (int i = 0; flag.load(memory_order_relaxed); ++i) {
    if (i < pauses_before_yield) {
      cpu_relax();
    } else {
      give_way();
      i = 0;
    }
  }
}

}  // namespace silk::scheduler::sync
