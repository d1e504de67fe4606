// histogram: how late things were.
//
// A bucket is an eighth of a power of two wide, so a value is known to within 12.5 %. Each thread has
// counters of its own: counting must not make the threads meet.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bench {

inline constexpr std::size_t thread_slots = 64;  // more threads than that share some

inline std::size_t this_thread_slot() noexcept {
  static constinit std::atomic<std::size_t> threads{0};
  thread_local const std::size_t mine =
      threads.fetch_add(1, std::memory_order_relaxed) % thread_slots;
  return mine;
}

class histogram {
 public:
  static constexpr std::size_t bucket_count = 512;

  // [any]
  void add(std::chrono::nanoseconds value) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max(value.count(), std::int64_t{0}));
    part& mine = parts_[this_thread_slot()];
    mine.buckets[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
    mine.total.fetch_add(ns, std::memory_order_relaxed);
    if (value.count() < 0) mine.early.fetch_add(1, std::memory_order_relaxed);
  }

  void clear() noexcept;

  std::uint64_t count() const noexcept;
  std::uint64_t count_in(std::size_t bucket) const noexcept;
  std::uint64_t early() const noexcept;  // values below zero; they are counted as zero, too
  std::chrono::nanoseconds total() const noexcept;

  // Values below 8 have a bucket each; then the three bits after the first one choose among eight.
  static constexpr std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < 8) return ns;
    const auto shift = static_cast<std::size_t>(std::bit_width(ns)) - 4;
    return std::min(shift * 8 + (ns >> shift), bucket_count - 1);
  }

  // The largest value that a bucket holds.
  static constexpr std::uint64_t upper_ns(std::size_t bucket) noexcept {
    if (bucket < 8) return bucket;
    const std::size_t shift = bucket / 8 - 1;
    return ((8 + bucket % 8 + 1) << shift) - 1;
  }

 private:
  struct alignas(128) part {
    std::array<std::atomic<std::uint64_t>, bucket_count> buckets{};
    std::atomic<std::uint64_t> total{0};
    std::atomic<std::uint64_t> early{0};
  };

  std::array<part, thread_slots> parts_{};
};

}  // namespace bench
