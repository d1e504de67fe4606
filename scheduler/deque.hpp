// deque: forked children of one worker. The owner pushes and pops at the bottom, thieves take the
// oldest at the top.
//
// Chase and Lev, "Dynamic circular work-stealing deque" (SPAA 2005), with the memory orders of Le,
// Pop, Cohen and Zappa Nardelli, "Correct and efficient work-stealing for weak memory models"
// (PPoPP 2013). Push remembers how far it may go, so that it does not read the line that thieves write.
//
// The owner's fence in pop is light, as long as nobody steals: a compiler fence. The first thief in a while
// asks for full ones and runs a heavy fence, which reaches the owner wherever it is; thieves that come after it
// need no heavy one. When there has been no theft for many pops, the owner's fences are light again. As in
// biased locks: what is asked for is done without the owner, what is given up by the owner alone.
//
//      top_                      bottom_
//       v                          v
//  [ .. | oldest |  ...  | newest | .. ]      indices only grow; slot = index mod capacity
//
// D1: top_ <= bottom_ whenever the owner is outside pop; the items are exactly [top_, bottom_).
// D2: an index is taken once: by the CAS on top_, or by the owner when top_ < index after its fence. The
//     thief that comes for that index has read a top_ that is not below it before its own fence.
// D3: who sees `full` knows that the owner runs a full fence in each pop whose store of bottom_ is not visible
//     yet, or will see all that was visible to its reader.
//
// Edges   E:deque-publish   push's and pop's store of bottom_   -> steal's load of bottom_
//         E:deque-claim     a successful CAS on top_            -> make_room's load of top_ (slot reuse)
//         E:deque-buffer    grow's store of buffer_             -> steal's load of buffer_
//         E:deque-fence     the heavy fence before `full`       -> steal's load of fence_
#pragma once

#include "job.hpp"
#include "pages.hpp"
#include "rarely.hpp"
#include "sync.hpp"

#include <cstddef>
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
    push_many(1, [&item]() noexcept -> job& { return item; });
  }

  // So many, which next() gives, oldest first. Thieves see all of them at once. [owner]
  template <class Next>
  void push_many(std::size_t count, Next next) noexcept {
    std::int64_t bottom = bottom_.load(sync::memory_order_relaxed);  // relaxed: own field
    for (; count > 0; --count, ++bottom) {
      if (bottom >= full_at_) [[unlikely]]
        rarely<&deque::make_room>(this, bottom);
      owned_.put(bottom, next());
    }
    bottom_.store(bottom, sync::memory_order_release);  // E:deque-publish out: the slots
  }

  // The newest item, or nullptr when there is none. [owner]
  job* pop() noexcept {
    // relaxed: own field
    const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed) - 1;
    return take_bottom(bottom) ? owned_.get(bottom) : nullptr;
  }

  // Pops the newest item only if it is `item`. A stale slot that happens to hold the same address is
  // harmless: the ordinary protocol still decides. [owner]
  bool pop_if(const job& item) noexcept {
    // relaxed: own field
    const std::int64_t bottom = bottom_.load(sync::memory_order_relaxed) - 1;
    return owned_.get(bottom) == &item && take_bottom(bottom);
  }

  steal_result steal() noexcept;  // [thief]

  // An empty one gives the memory of its larger rings back. [owner, or who keeps it and all thieves asleep]
  void shrink() noexcept;

  // A glance: may be out of date either way. [any]
  bool looks_empty() const noexcept {
    // relaxed: the caller follows up with steal, or has put a fence before the glance
    return bottom_.load(sync::memory_order_relaxed) <= top_.load(sync::memory_order_relaxed);
  }

 private:
  // Where the slots are.
  class ring {
   public:
    ring(sync::atomic<job*>* slots, std::size_t capacity) noexcept
        : slots_(slots), mask_(capacity - 1) {}
    std::int64_t capacity() const noexcept { return static_cast<std::int64_t>(mask_) + 1; }
    // relaxed: published by bottom_; a value read by a thief that loses its CAS is thrown away
    job* get(std::int64_t i) const noexcept { return slot(i).load(sync::memory_order_relaxed); }
    void put(std::int64_t i, job& item) const noexcept {
      slot(i).store(&item, sync::memory_order_relaxed);  // relaxed: as above
    }

   private:
    sync::atomic<job*>& slot(std::int64_t i) const noexcept {
      return slots_[static_cast<std::size_t>(i) & mask_];
    }
    sync::atomic<job*>* slots_;
    std::size_t mask_;
  };
  struct buffer {
    explicit buffer(std::size_t capacity)
        : slots(make_page_array<sync::atomic<job*>>(capacity)), all(slots.get(), capacity) {}
    page_array<sync::atomic<job*>> slots;
    const ring all;
  };

  enum class owners_fence : std::uint8_t {
    light,
    asked,  // for full ones; it may not know yet
    full,
  };

  bool take_bottom(std::int64_t bottom) noexcept;
  bool take_bottom_fenced(std::int64_t bottom) noexcept;
  bool take_last(std::int64_t bottom, std::int64_t top) noexcept;
  void make_room(std::int64_t bottom) noexcept;
  void calm_down(std::int64_t top) noexcept;
  void ask_for_fences() noexcept;  // [thief]

  // Thieves' line.
  alignas(sync::no_sharing) sync::atomic<std::int64_t> top_{0};
  // Written by the owner, read by thieves.
  alignas(sync::no_sharing) sync::atomic<std::int64_t> bottom_{0};
  sync::atomic<owners_fence> fence_;  // thieves ask
  sync::atomic<const buffer*> buffer_;
  // Owner only.
  ring owned_;                   // of the current buffer
  std::int64_t full_at_;         // never ahead of top_ by more than the capacity
  std::int64_t top_then_ = 0;    // at the last fenced pop
  std::uint32_t calm_pops_ = 0;  // fenced ones since it last changed
  std::vector<std::unique_ptr<buffer>>
      buffers_;  // smallest first: the current one and those that a thief may still read
};

// ---- bodies ----

inline bool deque::take_bottom(std::int64_t bottom) noexcept {
  // E:deque-publish out: a thief may learn from this store, not from push's, of the items that stay.
  // In C++20 a relaxed one would not carry on what push has released.
  bottom_.store(bottom, sync::memory_order_release);
  sync::compiler_fence();  // a heavy one sees the lowered bottom, or we see what comes before it
  // relaxed: a thief's heavy fence lets us see what it has asked for
  if (fence_.load(sync::memory_order_relaxed) != owners_fence::light) [[unlikely]]
    return rarely<&deque::take_bottom_fenced>(this, bottom);
  const std::int64_t top = top_.load(sync::memory_order_relaxed);  // relaxed: after the fence
  if (top < bottom) [[likely]]
    return true;
  return rarely<&deque::take_last>(this, bottom, top);
}

inline steal_result deque::steal() noexcept {
  std::int64_t top = top_.load(sync::memory_order_acquire);  // E:deque-claim in
  sync::full_fence();                                        // the other half of the owner's
  if (fence_.load(sync::memory_order_acquire) != owners_fence::full)  // E:deque-fence in
    ask_for_fences();
  const std::int64_t bottom = bottom_.load(sync::memory_order_acquire);  // E:deque-publish in
  if (top >= bottom) return {steal_status::empty, nullptr};
  job* item = buffer_.load(sync::memory_order_acquire)->all.get(top);  // E:deque-buffer in
  if (!top_.compare_exchange_strong(top, top + 1,
                                    sync::memory_order_seq_cst,   // E:deque-claim out
                                    sync::memory_order_relaxed))  // relaxed: the item is dropped
  {
    return {steal_status::lost_race, nullptr};
  }
  return {steal_status::taken, item};
}

}  // namespace silk::scheduler
