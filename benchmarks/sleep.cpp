// sleep: many tasks asleep at once; an item is one sleep, from the call to the resumption.
//
// steady            each task sleeps 1 to 50 ms, again and again. Waiting is most of it, so the time
//                   per item is the processor time of all threads.
// in_virtual_time   the same, but time jumps, so that nothing but work is left.
#include "bench.hpp"

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;

// In steps of 10 us, evenly spread and not in order: timers fire in another order than they were
// armed.
silk::duration nap(long sleeper, long turn) {
  constexpr long prime = 7'919;
  return 1ms + (sleeper * prime + turn * 31) % 4'900 * 10us;
}

silk::task<long> sleeps(long sleeper, long turns) {
  long in_time = 0;
  for (long turn = 0; turn < turns; ++turn) {
    const silk::time_point deadline = silk::now() + nap(sleeper, turn);
    co_await silk::sleep_until(deadline);
    if (silk::now() >= deadline) ++in_time;
  }
  co_return in_time;
}

silk::task<long> all_of_them(long sleepers, long turns) {
  std::vector<silk::task<long>> tasks;
  tasks.reserve(static_cast<std::size_t>(sleepers));
  for (long i = 0; i < sleepers; ++i) tasks.push_back(sleeps(i, turns));
  const auto counts = co_await silk::gather(std::move(tasks));
  long sum = 0;
  for (const long count : counts) sum += count;
  co_return sum;
}

void sleep(benchmark::State& state, silk::time_source time) {
  const long sleepers = state.range(0);
  const long turns = 2'000'000 / sleepers;
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(1)), .time = time});
  const bench::meter meter(state, static_cast<std::uint64_t>(sleepers * turns));
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_of_them(sleepers, turns)) == sleepers * turns);
  }
}

void steady(benchmark::State& state) { sleep(state, silk::time_source::steady); }
void in_virtual_time(benchmark::State& state) { sleep(state, silk::time_source::virtual_time); }

void sizes(benchmark::internal::Benchmark* it) {
  it->ArgNames({"sleepers", "workers"})->ArgsProduct({{100'000, 1'000'000}, {1, 2}});
  it->Iterations(1);
}

BENCHMARK(steady)->Apply(sizes)->Apply(bench::cpu_time);
BENCHMARK(in_virtual_time)->Apply(sizes)->Apply(bench::wall_time);

}  // namespace
