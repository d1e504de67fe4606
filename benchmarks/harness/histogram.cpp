#include "histogram.hpp"

namespace bench {
namespace {

consteval bool is_in_its_bucket(std::uint64_t ns) {
  const std::size_t bucket = histogram::bucket_of(ns);
  const bool below = bucket == 0 || histogram::upper_ns(bucket - 1) < ns;
  return below && ns <= histogram::upper_ns(bucket);
}

static_assert(is_in_its_bucket(0) && is_in_its_bucket(7) && is_in_its_bucket(8));
static_assert(is_in_its_bucket(15) && is_in_its_bucket(16) && is_in_its_bucket(17));
static_assert(is_in_its_bucket(1'000'000) && is_in_its_bucket(3'000'000'000));

}  // namespace

void histogram::clear() noexcept {
  for (part& each : parts_) {
    for (auto& bucket : each.buckets) bucket.store(0, std::memory_order_relaxed);
    each.total.store(0, std::memory_order_relaxed);
    each.early.store(0, std::memory_order_relaxed);
  }
}

std::uint64_t histogram::count() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) sum += count_in(bucket);
  return sum;
}

std::uint64_t histogram::count_in(std::size_t bucket) const noexcept {
  std::uint64_t sum = 0;
  for (const part& each : parts_) sum += each.buckets[bucket].load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t histogram::early() const noexcept {
  std::uint64_t sum = 0;
  for (const part& each : parts_) sum += each.early.load(std::memory_order_relaxed);
  return sum;
}

std::chrono::nanoseconds histogram::total() const noexcept {
  std::uint64_t sum = 0;
  for (const part& each : parts_) sum += each.total.load(std::memory_order_relaxed);
  return std::chrono::nanoseconds(sum);
}

}  // namespace bench
