// timer_wheel: the timers of one shard, in order of deadline. Time is a number the caller passes.
//
// A hierarchical timing wheel (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987)
// that splits a slot only when its timers are out of order and more than one chunk, as a ladder queue
// does (Tang, Goh and Thng, 2005). A deadline is read as 11 digits of 6 bits. It goes to the level of
// the highest digit in which it differs from the wheel's hand, into the slot of that digit:
//
//   level 0: 64 slots of 1 ns    level 3: 262 us each    level 5: 1.07 s each    level 10: 36 years
//
// The 11 levels hold every 64-bit time: no overflow list, no rounding. When the first slot is due it
// is drained where it is if its timers were armed in order of deadline, as those are that all wait
// equally long, or if they fit one chunk, which is sorted then. Else it is split: its timers go to
// lower levels, where they belong once the hand stands at the earliest deadline among them. A large
// slot takes several calls, so that no call holds the lock for long; the hand moves when it is empty.
// Time may jump: the wheel goes from occupied slot to occupied slot, never tick by tick.
//
//           insert            advance
//     idle -------->  armed  ---------> fired         owner of the node: idle, fired, cancelled
//                       |                             the wheel:         armed
//                       | remove
//                       `-------------> cancelled     fired and cancelled may be armed again
//
// A slot is a list of 256-byte chunks, each a bit mask and 30 pointers to timers. To take a timer
// out is to clear its bit. The chunks come from slabs and are known by number, so that a timer
// finds its entry with 32 bits: chunk * 32 + entry.
//
// Not thread-safe: whoever calls a member holds the shard's lock. [holder]
//
// W1: a node is armed <=> exactly one live entry points at it, and that entry is node.position.
// W2: an armed node is in slot_of(node.deadline, hand), with the hand where it is now. Hence equal
//     deadlines share a slot wherever the hand was when each was armed; a slot is filled at its end
//     and split front to end, so they leave in the order of insertion. And every timer of a slot is
//     due before any timer of a later slot or of a higher level. A split bends this: what it has
//     moved is in slot_of(node.deadline, split_hand), below the slot and out of sight of first_slot
//     until the split ends and the hand becomes split_hand.
// W3: slot.minimum <= every deadline in the slot; equal to the least one unless it was removed.
// W4: a chunk is in a slot <=> it has a live entry. Hence chunks in use <= armed timers: however
//     many were removed, a timer takes 256 bytes at worst; 8.5 at best.
// W5: free chunks > min(armed, slots) after insert and trim. A split moves n timers out of chunks
//     that held n or more and starts at most one chunk more per slot (and one while it reads the
//     last), so it never runs out: advance need not allocate.
// W6: hand <= the latest time passed to advance, and hand <= every armed deadline.
// W7: slot.newest != no_deadline => the deadlines of the slot's live entries, first chunk to last,
//     never decrease, and none is above newest.
#pragma once

#include "assert.hpp"
#include "job.hpp"
#include "pages.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace silk::scheduler {

inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

enum class timer_state : std::uint8_t { idle, armed, fired, cancelled };

// Lives in whoever waits, usually in a coroutine frame; must stay where it is while armed.
struct timer_node {
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  job* on_fire = nullptr;         // handed out when due
  std::uint64_t deadline = 0;     // ns on the pool's clock; insert may raise it
  std::uint32_t position = none;  // of the wheel: where it keeps the node
  std::uint16_t shard = 0;        // of timers: which wheel
  timer_state state = timer_state::idle;
};
static_assert(sizeof(timer_node) == 24, "it is part of every sleeping coroutine's frame");

class timer_wheel {
 public:
  explicit timer_wheel(std::uint64_t now_ns) : latest_(now_ns), hand_(now_ns) {}

  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  // Arms a node that is not armed. It is due at the first advance to node.deadline or later. A
  // deadline that has passed is raised to the latest time passed to advance, so that overdue timers
  // are first come, first served and none can starve the others; no_deadline is lowered by one.
  // Throws bad_alloc; the node is idle then. [holder]
  void insert(timer_node& node);

  // True: the node was armed and will not fire; nothing points at it any more. O(1). [holder]
  bool remove(timer_node& node) noexcept;

  // Appends the jobs of at most `limit` timers with deadline <= now_ns to `due`, in order of
  // deadline, equal ones in order of insertion, and returns how many. Each node is `fired` before
  // its job is in the list. The work of one call is bounded even if it meets a slot of a million
  // timers: there is more to do, and the next call goes on there, while next_deadline() <= now_ns,
  // also when this one returned 0. A time before the latest one is allowed: workers read the clock
  // before they take the lock. [holder]
  std::size_t advance(std::uint64_t now_ns, std::size_t limit, job_list& due) noexcept;

  // The least armed deadline; never later, and earlier only if the first slot lost its earliest
  // timer to remove. no_deadline if nothing is armed. O(1). [holder]
  std::uint64_t next_deadline() const noexcept {
    return armed_ == 0 ? no_deadline : slots_[first_slot()].minimum;
  }

  std::size_t size() const noexcept { return armed_; }  // armed timers [holder]
  // remove() leaves next_deadline() as it is unless it makes this one more. [holder]
  std::size_t free_chunks() const noexcept { return free_count_; }

  // Frees all slabs that are not needed, at a cost linear in their size. advance does the same by
  // and by, two slabs a call, while more than half of them are spare. [holder]
  void trim() noexcept;

  // Memory of all chunks, and of those that hold an armed timer. [holder]
  std::size_t capacity_bytes() const noexcept {
    return slabs_.size() * slab_chunks * sizeof(chunk);
  }
  std::size_t used_bytes() const noexcept { return used_chunks() * sizeof(chunk); }

 private:
  static constexpr std::size_t digit_bits = 6;
  static constexpr std::size_t level_slots = std::size_t{1} << digit_bits;
  static constexpr std::size_t level_count = 11;
  static constexpr std::size_t slot_count = level_count * level_slots;
  static constexpr std::uint32_t chunk_entries = 30;
  static constexpr std::uint32_t position_stride = 32;  // positions per chunk; two stay unused
  static constexpr std::size_t slab_chunks = 64;
  static constexpr std::size_t split_chunks = 64;  // moved per advance: 50 us if all miss the cache
  static constexpr std::uint32_t no_chunk = ~std::uint32_t{0};
  static constexpr std::size_t no_slot = slot_count;

  // The header comes first: in a sparse wheel it shares a cache line with the entries in use.
  struct alignas(256) chunk {
    std::uint32_t live;  // bit i: entries[i] is an armed node; entries above are unused
    std::uint32_t next;  // in the slot, or in the list of free chunks
    std::uint32_t prev;  // in the same
    std::uint16_t slot;  // which one; meaningless in a free chunk
    timer_node* entries[chunk_entries];
  };
  static_assert(sizeof(chunk) == 256);

  struct slot_list {  // meaningless unless the slot's bit in occupied_ is set
    bool in_order() const noexcept { return newest != no_deadline; }

    std::uint64_t minimum;
    std::uint64_t newest;  // appended last; no_deadline once one was below the one before (W7)
    std::uint32_t first;
    std::uint32_t last;
  };

  class lookahead;

  chunk& at(std::uint32_t id) const noexcept { return slabs_[id / slab_chunks][id % slab_chunks]; }

  static std::size_t slot_of(std::uint64_t deadline, std::uint64_t hand) noexcept {
    const auto highest = static_cast<std::size_t>(std::bit_width((deadline ^ hand) | 1)) - 1;
    const std::size_t level = highest / digit_bits;
    return level * level_slots + (deadline >> (level * digit_bits)) % level_slots;
  }

  // The slot with the earliest deadlines; something must be armed.
  std::size_t first_slot() const noexcept {
    if (splitting_ != no_slot) return splitting_;
    const auto level = static_cast<std::size_t>(std::countr_zero(levels_));
    return level * level_slots + static_cast<std::size_t>(std::countr_zero(occupied_[level]));
  }

  std::size_t used_chunks() const noexcept { return slabs_.size() * slab_chunks - free_count_; }

  // Free chunks that `armed` timers may need when their slots split (W5).
  static std::size_t reserve_for(std::size_t armed) noexcept {
    return std::min(armed, slot_count) + 1;
  }

  void append(timer_node& node, std::size_t slot) noexcept;
  std::uint32_t take_chunk(std::size_t slot, std::uint32_t prev) noexcept;
  void take_from_free(std::uint32_t id) noexcept;
  void unlink_chunk(std::uint32_t id) noexcept;
  void clear_occupied(std::size_t slot) noexcept;

  std::size_t split(std::size_t slot, std::size_t chunks) noexcept;
  std::size_t drain(std::size_t slot, std::uint64_t now, std::size_t limit, job_list& due) noexcept;
  void sort(std::size_t slot) noexcept;
  void catch_up(std::uint64_t now) noexcept;

  void grow(std::size_t free_chunks);
  std::size_t slabs_needed() const noexcept;
  void free_last_slab() noexcept;
  void move_chunk(std::uint32_t from, std::uint32_t to) noexcept;

  std::uint64_t latest_;             // the latest time passed to advance
  std::uint64_t hand_;               // slots are relative to it (W2)
  std::uint64_t split_hand_ = 0;     // where it will be when the split has ended
  std::size_t splitting_ = no_slot;  // always the first slot, never of level 0
  std::size_t armed_ = 0;
  std::size_t free_count_ = 0;                         // free chunks, fresh ones included
  std::uint32_t free_first_ = no_chunk;                // chunks that were in use before
  std::uint32_t fresh_ = 0;                            // from this one on no chunk was ever in use
  std::uint32_t levels_ = 0;                           // bit l: occupied_[l] is not 0
  std::array<std::uint64_t, level_count> occupied_{};  // bit k: slot k of the level has timers
  std::array<slot_list, slot_count> slots_{};
  std::vector<page_array<chunk>> slabs_;
};

inline void timer_wheel::insert(timer_node& node) {
  SILK_ASSERT(node.state != timer_state::armed, "remove a timer before you arm it again");
  node.state = timer_state::idle;
  const std::size_t free_chunks = reserve_for(armed_ + 1) + 1;  // one for the node itself
  if (free_count_ < free_chunks) [[unlikely]]
    grow(free_chunks);
  node.deadline = std::min(std::max(node.deadline, latest_), no_deadline - 1);
  node.state = timer_state::armed;
  ++armed_;
  append(node, slot_of(node.deadline, hand_));
}

inline bool timer_wheel::remove(timer_node& node) noexcept {
  if (node.state != timer_state::armed) return false;
  const std::uint32_t id = node.position / position_stride;
  chunk& home = at(id);
  home.live &= ~(1u << node.position % position_stride);
  --armed_;
  node.position = timer_node::none;
  node.state = timer_state::cancelled;
  if (home.live == 0) unlink_chunk(id);
  return true;
}

// The entry after the last live one: a timer that is armed and removed again and again reuses one.
inline void timer_wheel::append(timer_node& node, std::size_t slot) noexcept {
  slot_list& list = slots_[slot];
  const std::size_t level = slot / level_slots;
  const std::uint64_t bit = std::uint64_t{1} << slot % level_slots;
  if ((occupied_[level] & bit) == 0) {
    occupied_[level] |= bit;
    levels_ |= 1u << level;
    list.minimum = list.newest = node.deadline;
    list.first = list.last = take_chunk(slot, no_chunk);
  } else {
    list.minimum = std::min(list.minimum, node.deadline);
    list.newest = node.deadline < list.newest ? no_deadline : node.deadline;
    if (at(list.last).live >> (chunk_entries - 1) != 0) {
      const std::uint32_t added = take_chunk(slot, list.last);
      at(list.last).next = added;
      list.last = added;
    }
  }
  chunk& home = at(list.last);
  const auto entry = static_cast<std::uint32_t>(std::bit_width(home.live));
  home.entries[entry] = &node;
  home.live |= 1u << entry;
  node.position = list.last * position_stride + entry;
}

inline std::uint32_t timer_wheel::take_chunk(std::size_t slot, std::uint32_t prev) noexcept {
  SILK_ASSERT(free_count_ != 0, "timer_wheel: W5 is broken, report this");
  const bool recycled = free_first_ != no_chunk;
  const std::uint32_t id = recycled ? free_first_ : fresh_++;
  if (recycled) take_from_free(id);
  --free_count_;
  chunk& taken = at(id);
  taken.live = 0;
  taken.next = no_chunk;
  taken.prev = prev;
  taken.slot = static_cast<std::uint16_t>(slot);
  return id;
}

inline void timer_wheel::take_from_free(std::uint32_t id) noexcept {
  const chunk& taken = at(id);
  (taken.prev == no_chunk ? free_first_ : at(taken.prev).next) = taken.next;
  if (taken.next != no_chunk) at(taken.next).prev = taken.prev;
}

// Takes a chunk without live entries out of its slot and frees it. Keeps W4.
inline void timer_wheel::unlink_chunk(std::uint32_t id) noexcept {
  chunk& empty = at(id);
  slot_list& list = slots_[empty.slot];
  if (list.first == list.last) {
    clear_occupied(empty.slot);
  } else {
    (empty.prev == no_chunk ? list.first : at(empty.prev).next) = empty.next;
    (empty.next == no_chunk ? list.last : at(empty.next).prev) = empty.prev;
  }
  empty.prev = no_chunk;
  empty.next = free_first_;
  if (free_first_ != no_chunk) at(free_first_).prev = id;
  free_first_ = id;
  ++free_count_;
}

inline void timer_wheel::clear_occupied(std::size_t slot) noexcept {
  const std::size_t level = slot / level_slots;
  occupied_[level] &= ~(std::uint64_t{1} << slot % level_slots);
  if (occupied_[level] == 0) levels_ &= ~(1u << level);
  if (slot == splitting_) {  // all moved, or the rest removed
    hand_ = split_hand_;     // keeps W2
    splitting_ = no_slot;
  }
}

}  // namespace silk::scheduler
