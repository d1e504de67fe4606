// arena: the memory of one execution: stacks of the virtual threads, the heap, mapped pages.
//
// The heap only grows and is dropped as a whole when the execution ends, so that the same choices lead
// to the same addresses. A freed block is not used again: whoever still touches it is found out.
#pragma once

#include "clock.hpp"

#include <cstddef>
#include <cstdint>

namespace silk::model {

class arena {
 public:
  static constexpr std::size_t stack_bytes = std::size_t{256} << 10;
  static constexpr std::size_t heap_bytes = std::size_t{32} << 20;
  static constexpr std::size_t page_bytes = std::size_t{32} << 20;
  static constexpr std::size_t bytes = max_threads * stack_bytes + heap_bytes + page_bytes;

  arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;
  ~arena() = delete;  // lives as long as the program

  static std::byte* base() noexcept { return base_; }
  static std::byte* stack(std::size_t thread) noexcept { return base_ + thread * stack_bytes; }
  static bool owns(const void* memory) noexcept {
    return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(base_) <
           bytes;
  }

  void reset() noexcept;
  // nullptr: the arena is full.
  void* allocate(std::size_t size, std::size_t alignment) noexcept;
  // The size of the block; 0: it was freed before.
  std::size_t release(void* block) noexcept;

  // As mmap of anonymous memory; aligned to 2 MiB if it is that large. nullptr: there is no room.
  void* map(std::size_t size) noexcept;

  std::size_t live_blocks() const noexcept { return live_blocks_; }
  // A block that is still in use, for reports.
  const void* first_live() const noexcept;

 private:
  struct header {
    std::size_t size;
    header* previous;
    bool live;
  };
  static header& header_of(const void* block) noexcept {
    return *reinterpret_cast<header*>(reinterpret_cast<std::uintptr_t>(block) - sizeof(header));
  }

  static inline std::byte* base_ = nullptr;  // there is one arena
  std::byte* free_;
  std::byte* free_pages_;
  header* last_ = nullptr;
  std::size_t live_blocks_ = 0;
};

}  // namespace silk::model
