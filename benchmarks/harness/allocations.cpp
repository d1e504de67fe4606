#include "allocations.hpp"

#include "histogram.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace bench {
namespace {

// Apart for each thread, so that counting does not make them meet.
struct alignas(128) counter {
  std::atomic<std::uint64_t> calls{0};
};
constinit std::array<counter, thread_slots> counters{};

void* allocate(std::size_t bytes) {
  counters[this_thread_slot()].calls.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}

}  // namespace

std::uint64_t allocations() noexcept {
  std::uint64_t sum = 0;
  for (const counter& each : counters) sum += each.calls.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace bench

// These replace the global ones; noinline, since GCC warns of a mismatch when it inlines only one of a
// pair.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return bench::allocate(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
