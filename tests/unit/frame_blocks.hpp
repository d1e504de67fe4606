// Shared by the tests of frame_depot and frame_pool.
#pragma once

#include "../../scheduler/frame_pool.hpp"

#include <cstddef>
#include <vector>

namespace silk::scheduler {

inline constexpr std::size_t class_of_144 = frame_class(144);
inline constexpr std::size_t largest_class = frame_class_count - 1;

inline std::vector<void*> allocate_many(frame_cache& cache, std::size_t count,
                                        std::size_t size_class) {
  std::vector<void*> blocks(count);
  for (void*& block : blocks) block = cache.allocate(size_class);
  return blocks;
}

inline void deallocate_all(frame_cache& cache, const std::vector<void*>& blocks,
                           std::size_t size_class) {
  for (void* block : blocks) cache.deallocate(block, size_class);
}

}  // namespace silk::scheduler
