#include "arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace silk::model {

arena::arena() {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  base_ = static_cast<std::byte*>(memory);
  free_ = base_ + max_threads * stack_bytes;
  free_pages_ = free_ + heap_bytes;
}

void arena::reset() noexcept {
  free_ = base_ + max_threads * stack_bytes;
  last_ = nullptr;
  live_blocks_ = 0;
  std::byte* const pages = free_ + heap_bytes;
  if (free_pages_ != pages) {  // all zero again
    ::madvise(pages, static_cast<std::size_t>(free_pages_ - pages), MADV_DONTNEED);
    free_pages_ = pages;
  }
}

void* arena::map(std::size_t size) noexcept {
  constexpr std::size_t page = 4096, large = std::size_t{2} << 20;
  const std::size_t alignment = size >= large ? large : page;
  auto start = reinterpret_cast<std::uintptr_t>(free_pages_);
  start = (start + alignment - 1) & ~(alignment - 1);
  const std::uintptr_t end = start + ((size + page - 1) & ~(page - 1));
  if (end > reinterpret_cast<std::uintptr_t>(base_) + bytes) return nullptr;
  free_pages_ = reinterpret_cast<std::byte*>(end);
  return reinterpret_cast<void*>(start);
}

void* arena::allocate(std::size_t size, std::size_t alignment) noexcept {
  alignment = std::max<std::size_t>(alignment, 16);
  auto start = reinterpret_cast<std::uintptr_t>(free_) + sizeof(header);
  start = (start + alignment - 1) & ~(alignment - 1);
  const std::uintptr_t end = start + std::max<std::size_t>(size, 1);
  if (end > reinterpret_cast<std::uintptr_t>(base_) + bytes - page_bytes) return nullptr;
  auto* block = reinterpret_cast<std::byte*>(start);
  header& before = header_of(block);
  before = {size, last_, true};
  last_ = &before;
  free_ = reinterpret_cast<std::byte*>((end + 15) & ~std::uintptr_t{15});
  ++live_blocks_;
  std::memset(block, 0xa5, size);  // the same garbage in each execution
  return block;
}

std::size_t arena::release(void* block) noexcept {
  header& before = header_of(block);
  if (!before.live) return 0;
  before.live = false;
  --live_blocks_;
  return std::max<std::size_t>(before.size, 1);
}

const void* arena::first_live() const noexcept {
  const void* found = nullptr;
  for (const header* each = last_; each != nullptr; each = each->previous) {
    if (each->live) found = each + 1;
  }
  return found;
}

}  // namespace silk::model
