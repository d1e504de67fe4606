#include "timers.hpp"

#include <algorithm>

namespace silk::scheduler {

timers::timers(std::size_t shards, std::uint64_t now) {
  shards_.reserve(shards);
  for (std::size_t i = 0; i < shards; ++i) shards_.push_back(std::make_unique<shard_state>(now));
}

arm_result timers::arm(timer_node& node, std::size_t shard) {
  shard_state& home = *shards_[shard];
  sync::lock_guard hold(home.lock);
  if (node.state == timer_state::cancelled) return arm_result::cancelled_before;
  home.wheel.insert(node);
  // relaxed: written under the lock
  if (node.deadline < home.next.load(sync::memory_order_relaxed) ||
      home.wheel.size() == sync::crowd_of_timers)
    home.publish();
  return arm_result::armed;
}

timer_cancel timers::cancel(timer_node& node) noexcept {
  shard_state& home = *shards_[node.shard];
  sync::lock_guard hold(home.lock);
  if (node.state == timer_state::idle) {
    node.state = timer_state::cancelled;
    return timer_cancel::before_armed;
  }
  const std::size_t free_before = home.wheel.free_chunks();
  if (!home.wheel.remove(node)) return timer_cancel::too_late;
  if (home.wheel.free_chunks() != free_before || home.wheel.size() + 1 == sync::crowd_of_timers)
    home.publish();
  return timer_cancel::removed;
}

void timers::serve(std::size_t shard, std::uint64_t now, std::size_t limit,
                   job_list& due) noexcept {
  shard_state& home = *shards_[shard];
  sync::lock_guard hold(home.lock);
  home.wheel.advance(now, limit, due);
  home.publish();
}

bool timers::try_serve(std::size_t shard, std::uint64_t now, std::size_t limit,
                       job_list& due) noexcept {
  shard_state& home = *shards_[shard];
  sync::unique_lock hold(home.lock, std::try_to_lock);
  if (!hold) return false;
  home.wheel.advance(now, limit, due);
  home.publish();
  return true;
}

void timers::trim() noexcept {
  for (const auto& home : shards_) {
    sync::lock_guard hold(home->lock);
    home->wheel.trim();
  }
}

std::uint64_t timers::earliest() const noexcept {
  std::uint64_t earliest = no_deadline;
  for (std::size_t i = 0; i < shards_.size(); ++i) earliest = std::min(earliest, next(i));
  return earliest;
}

}  // namespace silk::scheduler
