// frame_pool: memory of coroutine frames, and of other small things that live as long as a task.
//
// Each thread has a cache of free blocks, a last-in-first-out list per size class, and touches
// nothing shared until it has freed two magazines more than it allocated, or the reverse; then it
// deals with the process's depot (frame_depot.hpp), which also explains the life of a block.
//
// Life of a cache:  unopened -> open -> closed
//   unopened  all bins are zero, so both fast paths take the slow one, which opens it
//   open      the owner's only: no atomics
//   closed    the thread is ending; bins stay zero, and frames freed later still (by destructors
//             of statics and of other thread-locals) pass through to the depot
//
// P3: a bin's spare is null or a full magazine; its room is what its first list lacks to one. So a
//     thread that goes back and forth over the edge moves whole magazines, and not every time.
//
// Bounds: a cache keeps from the others at most two magazines of each class (of 16 KiB at most) and
// one slab; in the first regions of the depot pages of it that were never used cost nothing.
#pragma once

#include "frame_depot.hpp"
#include "pages.hpp"
#include "rarely.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

// On Clang up to 18 a coroutine may keep the address of a thread-local across a suspension and then
// use the storage of a thread that it has left (llvm 47179, 63022); noinline hides the address. For
// inline functions only: of others Clang may conclude that the call is pure and keep its result.
#if defined(__clang__) && __clang_major__ <= 18
#define SILK_TLS_ACCESSOR [[gnu::noinline]]
#else
#define SILK_TLS_ACCESSOR
#endif

// Under these sanitizers every frame comes from operator new: the quarantine then finds uses after
// free, and two tasks that had the same address one after the other do not look like a race.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SILK_FRAMES_FROM_HEAP true
#elif defined(__has_feature)
#define SILK_FRAMES_FROM_HEAP (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SILK_FRAMES_FROM_HEAP false
#endif

namespace silk::scheduler {

class frame_cache {
 public:
  constexpr frame_cache() noexcept = default;  // the calling thread's; its first use opens it
  explicit frame_cache(frame_depot& depot) noexcept : depot_(&depot), life_(life::open) {}
  frame_cache(const frame_cache&) = delete;
  frame_cache& operator=(const frame_cache&) = delete;

  // Throws std::bad_alloc. [owner]
  void* allocate(std::size_t size_class) {
    bin& from = bins_[size_class];
    free_block* block = from.first;
    if (block == nullptr) [[unlikely]]
      return allocate_slow(size_class);
    from.first = block->next;
    ++from.room;
    return block;
  }

  // `memory` came from any cache of the same depot, with the same class. [owner]
  void deallocate(void* memory, std::size_t size_class) noexcept {
    bin& into = bins_[size_class];
    if (into.room == 0) [[unlikely]]
      return rarely<&frame_cache::deallocate_slow>(this, memory, size_class);
    --into.room;
    auto* block = ::new (memory) free_block;
    block->next = into.first;
    into.first = block;
  }

  // All that is not in use goes to the depot. [owner, or who keeps it asleep]
  void flush() noexcept;
  // The same, if it has dealt with the depot often since: what it keeps then may lie in many slabs, and all of
  // them stay in use. For a thread that is about to wait. [owner]
  void settle() noexcept {
    if (dealings_ >= many_dealings) flush();
  }
  void close() noexcept;  // for good [owner]

 private:
  static constexpr std::uint32_t many_dealings = 64;

  enum class life : std::uint8_t { unopened, open, closed };

  struct bin {
    free_block* first = nullptr;
    free_block* spare = nullptr;
    std::uint32_t room = 0;
  };

  void* allocate_slow(std::size_t size_class);
  void deallocate_slow(void* memory, std::size_t size_class) noexcept;
  magazine carve(std::size_t size_class);
  void open() noexcept;

  std::array<bin, frame_class_count> bins_{};
  memory_range rest_{};  // of the slab being carved
  frame_depot* depot_ = nullptr;
  std::uint32_t dealings_ = 0;  // since the last flush
  life life_ = life::unopened;
};

namespace detail {

// No constructor to run and no destructor, else every access would first ask whether it exists. Its
// closing hangs on a second thread-local, see frame_cache::open.
extern constinit thread_local frame_cache this_thread_frames;

SILK_TLS_ACCESSOR inline frame_cache& frames() noexcept { return this_thread_frames; }

constexpr bool is_pooled(std::size_t bytes) noexcept {
  return !SILK_FRAMES_FROM_HEAP && bytes <= frame_class_bytes(frame_class_count - 1);
}

// What is smaller holds no huge page, or one; the heap may have it at hand.
constexpr bool is_mapped(std::size_t bytes) noexcept {
  return !SILK_FRAMES_FROM_HEAP && bytes >= (std::size_t{4} << 20);
}

}  // namespace detail

// Aligned to 16 bytes. Throws std::bad_alloc. [any]
inline void* allocate_frame(std::size_t bytes) {
  if (!detail::is_pooled(bytes)) return ::operator new(bytes);
  return detail::frames().allocate(frame_class(bytes));
}

// `bytes` as it was at allocate_frame. [any]
inline void deallocate_frame(void* memory, std::size_t bytes) noexcept {
  if (!detail::is_pooled(bytes)) return ::operator delete(memory);
  detail::frames().deallocate(memory, frame_class(bytes));
}

// As allocate_frame, for many things side by side that will all be written. Throws std::bad_alloc. [any]
inline void* allocate_array(std::size_t bytes) {
  return detail::is_mapped(bytes) ? map_huge_pages(bytes) : allocate_frame(bytes);
}

// `bytes` as it was at allocate_array. [any]
inline void deallocate_array(void* memory, std::size_t bytes) noexcept {
  return detail::is_mapped(bytes) ? unmap_pages(memory, bytes) : deallocate_frame(memory, bytes);
}

// For a thread that frees and allocates frames and is about to wait: see frame_cache::settle. [any]
inline void settle_frames() noexcept { detail::frames().settle(); }

// Gives frame memory that is free back to the system, as far as no other thread's cache holds on to
// its slab; see frame_depot::trim for the price. Returns the number of bytes. [any]
std::size_t trim_frames() noexcept;

// Of the depot of allocate_frame; nothing where frames come from operator new. A glance. [any]
frame_traffic frame_traffic_now() noexcept;

struct frame_memory {
  std::size_t mapped_bytes;     // of address space
  std::size_t blocks_in_depot;  // free and in no thread's cache
};
frame_memory frame_memory_now() noexcept;  // for tests and reports [any]

}  // namespace silk::scheduler
