// spawn_join: what an independent task costs, from spawn to the end of the wait for it.
//
// one_at_a_time   a task spawns another one and awaits it, 100,000 times
// all_at_once     a task spawns 1,000,000, then awaits them in order
#include "bench.hpp"

#include <vector>

namespace {

silk::task<long> give(long number) { co_return number; }

silk::task<long> one_after_the_other(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    const auto handle = silk::spawn(give(i));
    sum += co_await handle;
  }
  co_return sum;
}

silk::task<long> all_together(long count, std::vector<silk::join_handle<long>>& handles) {
  for (long i = 0; i < count; ++i) handles.push_back(silk::spawn(give(i)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  handles.clear();
  co_return sum;
}

long sum_below(long count) { return count * (count - 1) / 2; }

void one_at_a_time(benchmark::State& state) {
  constexpr long count = 100'000;
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  const bench::meter meter(state, count);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(one_after_the_other(count)) == sum_below(count));
  }
}

void all_at_once(benchmark::State& state) {
  constexpr long count = 1'000'000;
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  std::vector<silk::join_handle<long>> handles;
  handles.reserve(count);
  const bench::meter meter(state, count);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_together(count, handles)) == sum_below(count));
  }
}

BENCHMARK(one_at_a_time)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);
BENCHMARK(all_at_once)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);

}  // namespace
