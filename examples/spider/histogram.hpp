// histogram: how often each value came, in bounded memory whatever the values are.
//
// Log-linear, after HdrHistogram (Gil Tene, 2012): each power of two is cut into 32 buckets of equal
// width, so a value is known to within 1/32, and values below 64 exactly.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace spider {

class histogram {
 public:
  void add(std::uint64_t value) noexcept {
    ++counts_[bucket_of(value)];
    ++total_;
    largest_ = std::max(largest_, value);
  }

  void add(const histogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    largest_ = std::max(largest_, other.largest_);
  }

  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t largest() const noexcept { return largest_; }

  // No more than `percent` (0 to 100) percent of the values are above the result; 0 when there are no
  // values. Rounded up to the end of its bucket.
  std::uint64_t percentile(unsigned percent) const noexcept {
    // rounds up, and cannot overflow
    const std::uint64_t rank = total_ / 100 * percent + (total_ % 100 * percent + 99) / 100;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
      seen += counts_[i];
      if (seen >= rank && seen > 0) return std::min(last_value_of(i), largest_);
    }
    return 0;
  }

 private:
  static constexpr unsigned cut_bits = 5;  // 32 buckets for each power of two
  static constexpr unsigned kept_bits = cut_bits + 1;
  static constexpr std::size_t bucket_count = (64 - kept_bits + 2) << cut_bits;

  // A bucket holds the values that agree in their first kept_bits bits.
  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto bits = static_cast<unsigned>(std::bit_width(value));
    const unsigned dropped = bits > kept_bits ? bits - kept_bits : 0;
    return (std::size_t{dropped} << cut_bits) + static_cast<std::size_t>(value >> dropped);
  }
  static constexpr std::uint64_t last_value_of(std::size_t bucket) noexcept {
    if (bucket < (std::size_t{1} << kept_bits)) return bucket;
    const std::size_t dropped = (bucket >> cut_bits) - 1;
    const std::uint64_t kept = bucket - (dropped << cut_bits);
    return ((kept + 1) << dropped) - 1;  // wraps to the largest value at the very end
  }

  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace spider
