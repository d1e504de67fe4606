// run_queue: spawned and woken tasks of one worker, first in first out, with a slot in front.
//
// A bounded ring with one producer (the owner) and many consumers (the owner and thieves). Taking is
// read first, claim afterwards: copy the oldest n slots, then move head_ by n with one CAS; if the
// CAS fails the copies are worth nothing and are dropped. Indices only grow, so a successful CAS
// proves that no slot was reused meanwhile. A thief takes half in one go.
//
// The slot holds the task that was just handed something by the running task (a value, a lock): run
// next, its data is hot. Anyone may take it, so nothing is ever stuck behind a task that runs long.
//
// R1: the jobs held are exactly [head_, tail_) plus the slot; each leaves by one CAS or exchange.
//
// Edges   E:run-publish   push's store of tail_          -> take's load of tail_
//         E:run-claim     a successful CAS on head_      -> push's load of head_ (slot reuse)
//         E:run-slot      exchange into the slot         -> exchange out of the slot
#pragma once

#include "job.hpp"
#include "sync.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace silk::scheduler {

template <std::size_t Capacity>
class basic_run_queue {
 public:
  static constexpr std::size_t capacity = Capacity;

  // False when full. [owner]
  [[nodiscard]] bool push(job& item) noexcept {
    const std::uint64_t tail = tail_.load(sync::memory_order_relaxed);  // relaxed: own field
    if (tail - cached_head_ >= capacity) {
      cached_head_ = head_.load(sync::memory_order_acquire);  // E:run-claim in: slots are free
      if (tail - cached_head_ >= capacity) return false;
    }
    slot(tail).store(&item, sync::memory_order_relaxed);  // relaxed: published by tail_
    tail_.store(tail + 1, sync::memory_order_release);    // E:run-publish out
    return true;
  }

  // How many more jobs push would take; others can only make it more. [owner]
  std::size_t room() const noexcept { return capacity - size(); }

  // The oldest, or nullptr when there is none. [owner]
  job* pop() noexcept {
    std::array<job*, 1> item;
    return take(item.data(), 1, take_share::all) == 1 ? item[0] : nullptr;
  }

  // Moves half of the jobs, at most `limit` and at least one if there is any, to `items`; returns how
  // many. `items` has room for `limit`. [thief]
  std::size_t steal_half(job** items, std::size_t limit) noexcept {
    return take(items, limit, take_share::half);
  }

  // Puts `item` in front; returns the job that was there, if any. [owner]
  [[nodiscard]] job* put_first(job& item) noexcept {
    return first_.exchange(&item, sync::memory_order_acq_rel);  // E:run-slot in/out
  }

  // The job in front, or nullptr. [any]
  job* take_first() noexcept {
    // relaxed look: mostly empty, and an exchange would take the line from the owner
    if (first_.load(sync::memory_order_relaxed) == nullptr) return nullptr;
    return first_.exchange(nullptr, sync::memory_order_acq_rel);  // E:run-slot in/out
  }

  // Glances: may be out of date. [any]
  bool looks_empty() const noexcept {
    return size() == 0 && first_.load(sync::memory_order_relaxed) == nullptr;  // relaxed: a glance
  }
  std::size_t size() const noexcept {
    // relaxed: a glance; head first, so that the difference is never negative
    const std::uint64_t head = head_.load(sync::memory_order_relaxed);
    const std::uint64_t tail = tail_.load(sync::memory_order_relaxed);
    return tail > head ? std::min<std::size_t>(tail - head, capacity) : 0;
  }

 private:
  enum class take_share : std::uint8_t { all, half };

  std::size_t take(job** items, std::size_t limit, take_share share) noexcept {
    std::uint64_t head = head_.load(sync::memory_order_acquire);  // E:run-claim in
    for (;;) {
      const std::uint64_t tail = tail_.load(sync::memory_order_acquire);  // E:run-publish in
      if (tail <= head) return 0;
      const std::size_t present = tail - head;
      const std::size_t wanted = share == take_share::half ? present - present / 2 : present;
      const std::size_t count = std::min(wanted, limit);
      for (std::size_t i = 0; i < count; ++i) {
        items[i] = slot(head + i).load(sync::memory_order_relaxed);  // relaxed: ordered by tail_
      }
      if (head_.compare_exchange_weak(head, head + count,
                                      sync::memory_order_acq_rel,     // E:run-claim in/out
                                      sync::memory_order_acquire)) {  // E:run-claim in
        return count;
      }
    }
  }

  sync::atomic<job*>& slot(std::uint64_t index) noexcept { return ring_[index % capacity]; }

  // Everybody's line.
  alignas(sync::no_sharing) sync::atomic<std::uint64_t> head_{0};
  // Written by the owner.
  alignas(sync::no_sharing) sync::atomic<std::uint64_t> tail_{0};
  std::uint64_t cached_head_ = 0;  // owner only; never ahead of head_
  sync::atomic<job*> first_{nullptr};
  std::array<sync::atomic<job*>, capacity> ring_{};
};

using run_queue = basic_run_queue<sync::ring_capacity>;

}  // namespace silk::scheduler
