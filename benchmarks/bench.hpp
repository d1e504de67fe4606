// bench.hpp: what the benchmarks of tasks share. Include it in one source file per program.
//
// Each benchmark makes its runtime before the timed loop, does its work in block_on, and reports time
// per item (`item`), items per second and calls of operator new per item (`allocs`). Coroutine frames
// and the state behind handles come from the frame pool and do not count as allocs.
#pragma once

#include <silk/silk.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace bench {

// Calls of operator new, counted apart for each thread so that counting does not make them meet.
struct alignas(128) allocation_count {
  std::atomic<std::uint64_t> value{0};
};
inline constinit std::array<allocation_count, 64> allocation_counts{};

inline void count_allocation() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local allocation_count& mine =
      allocation_counts[threads.fetch_add(1) % allocation_counts.size()];
  mine.value.fetch_add(1, std::memory_order_relaxed);
}

inline std::uint64_t allocations() noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : allocation_counts) sum += each.value.load(std::memory_order_relaxed);
  return sum;
}

// Reports what the loop did when it goes out of scope: make it after the set-up, before the loop.
class meter {
 public:
  meter(benchmark::State& state, std::uint64_t items_per_iteration) noexcept
      : state_(state), items_(items_per_iteration) {}
  meter(const meter&) = delete;
  meter& operator=(const meter&) = delete;
  ~meter() {
    const auto calls = static_cast<double>(bench::allocations() - before_);
    const double items = static_cast<double>(items_) * static_cast<double>(state_.iterations());
    using benchmark::Counter;
    state_.counters["item"] = Counter(items, Counter::kIsRate | Counter::kInvert);
    state_.counters["allocs"] = items == 0 ? 0 : calls / items;
    state_.SetItemsProcessed(static_cast<std::int64_t>(items));
  }

 private:
  benchmark::State& state_;
  std::uint64_t items_;
  std::uint64_t before_ = allocations();
};

inline void check(benchmark::State& state, bool answer_is_right) {
  if (!answer_is_right) state.SkipWithError("wrong answer");
}

// The work is done by the workers' threads, so the time that passes is what counts.
inline void wall_time(benchmark::internal::Benchmark* it) {
  it->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
}

// For work that mostly waits: the processor time of all threads.
inline void cpu_time(benchmark::internal::Benchmark* it) {
  it->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
}

}  // namespace bench

// These replace the global ones, hence no `inline`; noinline, since GCC warns of a mismatch when it
// inlines only one of a pair.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  bench::count_allocation();
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
