// pages: memory straight from the system, for what grows in a burst and is to go back after it. A heap
// keeps what is freed, in the arena of the thread that had asked for it.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace silk::scheduler {

// Aligned to a page; nothing of it is touched. Throws std::bad_alloc. [any]
void* map_pages(std::size_t bytes);
// The same, for what will be written from one end to the other: in huge pages where the system has some, so that it
// is touched for the first time at a fraction of the price. [any]
void* map_huge_pages(std::size_t bytes);
void unmap_pages(void* memory, std::size_t bytes) noexcept;  // [any]

struct unmaps_pages {
  std::size_t bytes;
  void operator()(void* memory) const noexcept { unmap_pages(memory, bytes); }
};

// `count` objects of a type without a destructor, in whole pages.
template <class T>
using page_array = std::unique_ptr<T[], unmaps_pages>;

// Default-initialised. Throws std::bad_alloc. [any]
template <class T>
page_array<T> make_page_array(std::size_t count) {
  static_assert(std::is_trivially_destructible_v<T>);
  const std::size_t bytes = count * sizeof(T);
  auto* const first = static_cast<T*>(map_pages(bytes));
  std::uninitialized_default_construct_n(first, count);
  return page_array<T>(first, {bytes});
}

}  // namespace silk::scheduler
