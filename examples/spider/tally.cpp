#include "tally.hpp"

namespace spider {

tally::shard& tally::mine() {
  static thread_local shard* own = nullptr;
  if (own == nullptr) own = &add_shard();
  return *own;
}

tally::shard& tally::add_shard() {
  const std::lock_guard hold(lock_);
  return *shards_.emplace_back(std::make_unique<shard>());
}

totals tally::sum() const {
  const std::lock_guard hold(lock_);
  totals sum;
  for (const auto& one : shards_) {
    // relaxed: see add_one
    sum.pages += one->pages_.load(std::memory_order_relaxed);
    sum.finished += one->finished_.load(std::memory_order_relaxed);
  }
  return sum;
}

histogram tally::lateness() const {
  const std::lock_guard hold(lock_);
  histogram sum;
  for (const auto& one : shards_) sum.add(one->lateness_);
  return sum;
}

}  // namespace spider
