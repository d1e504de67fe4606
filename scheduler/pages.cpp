#include "pages.hpp"

#include <sys/mman.h>

#include <new>

namespace silk::scheduler {

void* map_pages(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

void* map_huge_pages(std::size_t bytes) {
  void* memory = map_pages(bytes);
  ::madvise(memory, bytes, MADV_HUGEPAGE);  // where there are none it stays as it is
  return memory;
}

void unmap_pages(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }

}  // namespace silk::scheduler
