// deque: forked children of one worker. The owner pushes and pops at the bottom, thieves take the
// oldest at the top.
//
// Chase and Lev, "Dynamic circular work-stealing deque" (SPAA 2005), with the memory orders of Le,
// Pop, Cohen and Zappa Nardelli, "Correct and efficient work-stealing for weak memory models"
// (PPoPP 2013), and a cached top so that push does not read the line that thieves write.
//
//      top_                      bottom_
//       v                          v
//  [ .. | oldest |  ...  | newest | .. ]      indices only grow; slot = index mod capacity
//
// D1: top_ <= bottom_ whenever the owner is outside pop; the items are exactly [top_, bottom_).
// D2: an index is taken once: by the CAS on top_, or by the owner when top_ < index after its fence.
//
// Edges   E:deque-publish   push's and pop's store of bottom_   -> steal's load of bottom_
//         E:deque-claim     a successful CAS on top_            -> push's load of top_ (slot reuse)
//         E:deque-buffer    grow's store of buffer_             -> steal's load of buffer_
#pragma once

#include "job.hpp"
#include "sync.hpp"

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace silk::scheduler {

enum class [[nodiscard]] steal_status : std::uint8_t { taken, empty, lost_race };

struct steal_result {
  steal_status status;
  job* item;  // set exactly when taken
};

class deque {
 public:
  explicit deque(std::size_t capacity = sync::ring_capacity);
  deque(const deque&) = delete;
  deque& operator=(const deque&) = delete;

  // Aborts when memory for a larger ring cannot be had. [owner]
  void push(job& item) noexcept {
    const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed);  // relaxed: own field
    if (bottom - cached_top_ >= owned_->capacity()) [[unlikely]]
      make_room(bottom);
    owned_->put(bottom, item);
    bottom_.store(bottom + 1, sync::memory_order_release);  // E:deque-publish out: the slot
  }

  // The newest item, or nullptr when there is none. [owner]
  job* pop() noexcept {
    // relaxed: own field
    const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed) - 1;
    return take_bottom(bottom) ? owned_->get(bottom) : nullptr;
  }

  // Pops the newest item only if it is `item`. A stale slot that happens to hold the same address is
  // harmless: the ordinary protocol still decides. [owner]
  bool pop_if(const job& item) noexcept {
    // relaxed: own field
    const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed) - 1;
    return owned_->get(bottom) == &item && take_bottom(bottom);
  }

  steal_result steal() noexcept;  // [thief]

  // A glance: may be out of date either way. [any]
  bool looks_empty() const noexcept {
    // relaxed: the caller follows up with steal, or has put a fence before the glance
    return bottom_.load(sync::memory_order_relaxed) <= top_.load(sync::memory_order_relaxed);
  }

 private:
  class ring {
   public:
    explicit ring(std::size_t capacity)
        : mask_(capacity - 1), slots_(std::make_unique<sync::atomic<job*>[]>(capacity)) {}
    std::int64_t capacity() const noexcept { return static_cast<std::int64_t>(mask_) + 1; }
    // relaxed: published by bottom_; a value read by a thief that loses its CAS is thrown away
    job* get(std::int64_t i) const noexcept { return slot(i).load(sync::memory_order_relaxed); }
    void put(std::int64_t i, job& item) noexcept {
      slot(i).store(&item, sync::memory_order_relaxed);  // relaxed: as above
    }

   private:
    sync::atomic<job*>& slot(std::int64_t i) const noexcept {
      return slots_[static_cast<std::size_t>(i) & mask_];
    }
    std::size_t mask_;
    std::unique_ptr<sync::atomic<job*>[]> slots_;
  };

  bool take_bottom(std::int64_t bottom) noexcept;
  void make_room(std::int64_t bottom) noexcept;

  // Thieves' line.
  alignas(sync::no_sharing) sync::atomic<std::int64_t> top_{0};
  // Written by the owner, read by thieves.
  alignas(sync::no_sharing) sync::atomic<std::int64_t> bottom_{0};
  sync::atomic<ring*> buffer_;
  // Owner only.
  ring* owned_;
  std::int64_t cached_top_ = 0;  // never ahead of top_
  std::vector<std::unique_ptr<ring>>
      rings_;  // the current one and those that a thief may still read
};

// ---- bodies ----

inline deque::deque(std::size_t capacity) {
  rings_.push_back(std::make_unique<ring>(std::bit_ceil(capacity)));
  owned_ = rings_.back().get();
  buffer_.store(owned_, sync::memory_order_relaxed);  // relaxed: nobody else knows us yet
}

inline bool deque::take_bottom(std::int64_t bottom) noexcept {
  // E:deque-publish out: a thief may learn from this store, not from push's, of the items that stay.
  // In C++20 a relaxed one would not carry on what push has released.
  bottom_.store(bottom, sync::memory_order_release);
  sync::full_fence();  // a thief sees the lowered bottom, or we see its raised top
  std::int64_t top = top_.load(sync::memory_order_relaxed);  // relaxed: after the fence
  if (top < bottom) return true;
  bool won = false;
  if (top == bottom) {  // the last item: whoever moves top_ has it
    won = top_.compare_exchange_strong(top, top + 1,
                                       sync::memory_order_seq_cst,   // E:deque-claim in/out
                                       sync::memory_order_relaxed);  // relaxed: lost, take nothing
  }
  bottom_.store(bottom + 1, sync::memory_order_relaxed);  // relaxed: restores D1, publishes nothing
  return won;
}

inline steal_result deque::steal() noexcept {
  std::int64_t top = top_.load(sync::memory_order_acquire);  // E:deque-claim in
  sync::full_fence();                                        // the other half of take_bottom's
  const std::int64_t bottom = bottom_.load(sync::memory_order_acquire);  // E:deque-publish in
  if (top >= bottom) return {steal_status::empty, nullptr};
  job* item = buffer_.load(sync::memory_order_acquire)->get(top);  // E:deque-buffer in
  if (!top_.compare_exchange_strong(top, top + 1,
                                    sync::memory_order_seq_cst,   // E:deque-claim out
                                    sync::memory_order_relaxed))  // relaxed: the item is dropped
  {
    return {steal_status::lost_race, nullptr};
  }
  return {steal_status::taken, item};
}

inline void deque::make_room(std::int64_t bottom) noexcept {
  cached_top_ = top_.load(sync::memory_order_acquire);  // E:deque-claim in: slots below are free
  if (bottom - cached_top_ < owned_->capacity()) return;
  auto larger = std::make_unique<ring>(static_cast<std::size_t>(owned_->capacity()) * 2);
  for (std::int64_t i = cached_top_; i < bottom; ++i) larger->put(i, *owned_->get(i));
  rings_.push_back(std::move(larger));
  owned_ = rings_.back().get();
  buffer_.store(owned_, sync::memory_order_release);  // E:deque-buffer out: the copied slots
}

}  // namespace silk::scheduler
