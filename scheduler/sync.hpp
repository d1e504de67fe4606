// The only place that names std::atomic, std::mutex, std::thread, fences and futexes.
//
// Everything else in silk says sync::atomic, sync::mutex and so on, so that the model checker can put
// its own types here and explore the real headers: SILK_MODEL, docs/decisions/009-model-checker.md.
//
// Asymmetric fences: a worker that publishes work does so millions of times a second; a worker that
// goes to sleep does so rarely. The publisher's half (`light_fence`) is a compiler barrier, the
// sleeper's half (`heavy_fence`) makes the kernel run a full barrier on every thread of the process
// (membarrier(2), PRIVATE_EXPEDITED). Together they order store-then-load on both sides exactly as
// two seq_cst fences would. Where the kernel refuses membarrier both halves are full fences.
// docs/decisions/002-asymmetric-fences.md
#pragma once

#ifdef SILK_MODEL
#include <model/checker/sync.hpp>
#else

#include "sync_spinlock.hpp"

#ifdef SILK_DELAYS
#include "sync_delays.hpp"
#endif

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#if defined(__SANITIZE_THREAD__)
#define SILK_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SILK_THREAD_SANITIZER 1
#endif
#endif
#ifndef SILK_THREAD_SANITIZER
#define SILK_THREAD_SANITIZER 0
#endif

namespace silk::scheduler::sync {

#ifdef SILK_DELAYS
template <class T>
using atomic = delayed_atomic<T>;
#else
template <class T>
using atomic = std::atomic<T>;
#endif
using mutex = std::mutex;
using condition_variable = std::condition_variable;
using thread = std::thread;
using std::lock_guard;
using std::unique_lock;

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

// Two lines: the prefetcher of current x86 parts fetches lines in pairs.
inline constexpr std::size_t no_sharing = 128;

// Jobs that a worker's ring holds at first. Here because it is a few under the model checker.
inline constexpr std::size_t ring_capacity = 256;
// Branches of the fork_joins inside of each other on one worker; what is deeper is not forked.
inline constexpr std::uint32_t branch_capacity = 8192;
// Pops without a theft until a deque's owner saves its fences again: decisions/002-asymmetric-fences.md.
inline constexpr std::uint32_t pops_until_calm = 1024;

// So many children of a range are made runnable together at first: docs/decisions/016-long-ranges.md.
inline constexpr std::uint32_t children_at_once = 64;

// So many timers in a worker's shard that it sleeps to their deadlines itself, whoever else watches the time:
// docs/decisions/012-bursts.md. Here for the same reason.
inline constexpr std::size_t crowd_of_timers = 64;

inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

// Lets another thread have the processor: for waits that a preempted thread must end. [any]
void give_way() noexcept;

// A store before it is visible to others before any load after it is made. [any]
inline void full_fence() noexcept {
#if SILK_THREAD_SANITIZER
  // ThreadSanitizer does not model fences; GCC warns when it meets one.
  static atomic<unsigned> dummy{0};
  dummy.fetch_add(1, memory_order_seq_cst);  // E:fence in/out, stands in for the fence
#elif defined(__x86_64__)
  // A locked operation on the stack is cheaper than mfence, which Clang emits (llvm 91731). It changes
  // nothing.
  asm volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(memory_order_seq_cst);  // E:fence in/out, pairs with itself
#endif
}

namespace detail {
// Written once, before the first worker exists; read-only afterwards.
extern bool asymmetric;
void membarrier_all_threads() noexcept;
}  // namespace detail

// Decides once per process whether membarrier(2) is available. Called by every pool. [any]
void prepare_fences() noexcept;

// The cheap half of an asymmetric pair: pairs with heavy_fence on another thread. [any]
inline void light_fence() noexcept {
  if (detail::asymmetric) [[likely]] {
    std::atomic_signal_fence(memory_order_seq_cst);  // E:fence in/out, the other end is heavy
  } else {
    full_fence();
  }
}

// The dear half: half a microsecond, and some 9 beside a running worker on a virtual machine. Pairs
// with light_fence and with itself. [any]
inline void heavy_fence() noexcept {
  if (detail::asymmetric) {
    detail::membarrier_all_threads();
  } else {
    full_fence();
  }
}

// Whether heavy_fence makes up for a compiler_fence. Never changes from true to false. [any]
inline bool fences_are_asymmetric() noexcept { return detail::asymmetric; }

// light_fence, for who knows that fences are asymmetric. [any]
inline void compiler_fence() noexcept {
  std::atomic_signal_fence(memory_order_seq_cst);  // E:fence in/out, the other end is heavy
}

// Sleeps while `word` holds `expected`; may return spuriously. [any]
void futex_wait(atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;

// As futex_wait, but returns at the latest at `deadline_ns` on CLOCK_MONOTONIC. [any]
void futex_wait_until(atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns) noexcept;

// Wakes at most `count` sleepers on `word`. Makes a system call even when nobody sleeps. [any]
void futex_wake(atomic<std::uint32_t>& word, int count) noexcept;

namespace detail {
void wait_until_clear(const atomic<bool>& flag) noexcept;
}  // namespace detail

// For critical sections of a few dozen instructions that never block: spins briefly, then gives the
// processor away, since the holder may have been preempted.
using spinlock = basic_spinlock<atomic<bool>, detail::wait_until_clear>;

}  // namespace silk::scheduler::sync

#endif
