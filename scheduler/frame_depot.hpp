// frame_depot: where the threads' frame caches (frame_pool.hpp) get blocks and leave them.
//
// A block is born in a slab, 64 KiB of a 2 MiB region of the system's memory, and from then on
// belongs to one size class, a multiple of 16 bytes. It changes hands in magazines: chains of up to
// 64 blocks linked through the blocks themselves, so that a thread that frees what another one
// allocates takes a lock once per magazine, not once per block (Bonwick and Adams, "Magazines and
// Vmem", 2001).
//
//            take_slab                 carve              allocate
//   region ------------> cache's rest --------> its bins <----------> the user
//     ^                        |                 |    ^   deallocate (in any thread)
//     | trim       give_remnant|            give |    | take       a magazine at a time
//     |                        v                 v    |
//     `-------------------------- the depot ----------´
//
// The blocks of the first regions have cache lines of their own, for they change hands one by one: what a thief
// frees lies between blocks that the worker which allocated them still uses, and each would take the line
// from the other at every write. What a burst takes after these is packed, so that it needs no more than its bytes.
//
// P1: every magazine on a shelf's full list has magazine_blocks(class) blocks, so that giving and
//     taking one are a few stores.
// P2: every byte of a slab in use is in exactly one place: with the user, in a cache (bin or rest),
//     on a shelf or among the remnants; what lies between a block and the next one goes with it.
//     So trim knows a slab to be free by adding up what it finds.
//
// Blocks change hands but not class: what a burst of one size has mapped serves that size only,
// until trim has given its slabs back.
//
// Locks: one spinlock for each class's shelf, a mutex for the regions. None is taken while another
// is held, except that trim holds trimming_ throughout.
#pragma once

#include "sync.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace silk::scheduler {

inline constexpr std::size_t frame_granule = 16;
inline constexpr std::size_t frame_class_count = 64;

constexpr std::size_t frame_class(std::size_t bytes) noexcept {
  return (bytes == 0 ? 0 : bytes - 1) / frame_granule;
}

constexpr std::size_t frame_class_bytes(std::size_t size_class) noexcept {
  return (size_class + 1) * frame_granule;
}

// 64 blocks, fewer above 256 bytes so that the blocks of a magazine stay within 16 KiB.
constexpr std::uint32_t magazine_blocks(std::size_t size_class) noexcept {
  constexpr std::size_t most_blocks = 64, most_bytes = 16 * 1024;
  return static_cast<std::uint32_t>(
      std::min(most_blocks, most_bytes / frame_class_bytes(size_class)));
}

struct free_block {
  free_block* next;           // in its magazine, nullptr at the end
  free_block* next_magazine;  // in a magazine's first block, while on a shelf
};
static_assert(sizeof(free_block) <= frame_granule, "the smallest block must hold the links");

struct magazine {
  free_block* first = nullptr;
  std::uint32_t count = 0;
};

struct memory_range {
  std::byte* begin = nullptr;
  std::byte* end = nullptr;
  std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }
};

// Of whole magazines and what is left of them, in bytes.
struct frame_traffic {
  std::size_t free() const noexcept { return given - taken; }

  std::size_t given = 0;
  std::size_t taken = 0;
};

class frame_depot {
 public:
  static constexpr std::size_t region_bytes = std::size_t{2} << 20;  // one huge page
  static constexpr std::size_t slab_bytes = region_bytes / 32;
  static constexpr std::size_t most_apart = 2;  // regions of blocks with lines of their own

  frame_depot() = default;
  frame_depot(const frame_depot&) = delete;
  frame_depot& operator=(const frame_depot&) = delete;
  ~frame_depot();  // all caches closed before; unmaps all memory, blocks in use included

  // A full magazine, else what loose blocks there are, else an empty one. [any]
  magazine take(std::size_t size_class) noexcept;
  void give(std::size_t size_class, free_block& full_magazine) noexcept;  // [any]
  void give_loose(std::size_t size_class, free_block* chain) noexcept;    // [any]

  // Memory for blocks: 16 to slab_bytes bytes. Throws std::bad_alloc. [any]
  memory_range take_slab();
  // From one block of so many bytes to the next one, in the slab that `memory` is part of. [any]
  static std::size_t stride(const void* memory, std::size_t bytes) noexcept;
  // What a cache did not carve of its slab. [any]
  void give_remnant(memory_range rest) noexcept;

  // Gives slabs whose every byte is in the depot back to the system: regions as a whole where it
  // can, else their pages. Looks twice at each block in the depot; meanwhile other threads find
  // it empty. Returns the number of bytes given back. [any]
  std::size_t trim() noexcept;

  // What has come in and gone out so far. A glance. [any]
  frame_traffic traffic() const noexcept {
    // relaxed: numbers to go by; the older one first, so that the difference is never negative
    const std::size_t taken = taken_.load(sync::memory_order_relaxed);
    return {.given = given_.load(sync::memory_order_relaxed), .taken = taken};  // relaxed: as above
  }

  std::size_t mapped_bytes() noexcept;     // of all regions [any]
  std::size_t blocks_in_depot() noexcept;  // of all classes [any]

 private:
  struct region;
  struct remnant;

  // The blocks of one class. Whoever uses the shelf holds its lock or is the only one to know it.
  struct shelf {
    free_block* full = nullptr;  // magazines linked by next_magazine
    std::size_t full_count = 0;
    magazine loose;  // less than a full magazine

    void push_full(free_block& first) noexcept;
    void push_loose(free_block& block, std::uint32_t full_size) noexcept;
    magazine pop(std::uint32_t full_size) noexcept;
    std::size_t blocks(std::uint32_t full_size) const noexcept {
      return full_count * full_size + loose.count;
    }
    template <class Visit>
    void for_each(Visit visit) const noexcept;
  };
  struct alignas(sync::no_sharing) locked_shelf {
    sync::spinlock lock;
    shelf stock;
  };

  void note_given(std::size_t bytes) noexcept {
    given_.fetch_add(bytes, sync::memory_order_relaxed);  // relaxed: a number to go by
  }
  void note_taken(std::size_t bytes) noexcept {
    taken_.fetch_add(bytes, sync::memory_order_relaxed);  // relaxed: a number to go by
  }

  void add_region();
  void put_back(std::size_t size_class, const shelf& taken) noexcept;
  void put_back(remnant* taken) noexcept;
  std::size_t release_free_slabs() noexcept;

  std::array<locked_shelf, frame_class_count> shelves_;
  // Changed once for a magazine, beside its shelf's lock.
  alignas(sync::no_sharing) sync::atomic<std::size_t> given_{0};
  sync::atomic<std::size_t> taken_{0};
  alignas(sync::no_sharing) sync::mutex trimming_;
  sync::mutex regions_lock_;  // guards all below
  region* regions_ = nullptr;
  region* with_room_ = nullptr;  // those with slabs to hand out
  remnant* remnants_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::size_t apart_ = 0;  // regions of blocks with lines of their own
};

}  // namespace silk::scheduler
