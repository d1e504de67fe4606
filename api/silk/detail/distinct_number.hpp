// distinct_number: what tells things apart that come and go at a high rate on many threads.
#pragma once

#include "engine.hpp"

#include <cstdint>

namespace silk::detail {

// Distinct for each Tag, increasing per thread, never 0; no counter is shared by every call.
template <class Tag>
std::uint64_t distinct_number() noexcept {
  constexpr std::uint64_t block = 1024;
  static sync::atomic<std::uint64_t> blocks{0};
  static thread_local std::uint64_t next = 0;
  static thread_local std::uint64_t end = 0;
  if (next == end) {
    next = blocks.fetch_add(block, sync::memory_order_relaxed);  // relaxed: only has to be distinct
    end = next + block;
  }
  return ++next;
}

}  // namespace silk::detail
