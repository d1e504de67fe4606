// timeout: a limit of time set around work that ends in time, and taken back; an item is one of them.
//
// single   one task, work that does not wait
// many     10,000 tasks at once, each 100 times; the work gives way once, so that all limits are set
//          at the same time
#include "bench.hpp"

#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;

silk::task<long> one() { co_return 1; }

silk::task<long> one_later() {
  co_await silk::yield();
  co_return 1;
}

silk::task<long> again_and_again(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) sum += co_await silk::with_timeout(30s, one());
  co_return sum;
}

silk::task<long> among_others(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) sum += co_await silk::with_timeout(30s, one_later());
  co_return sum;
}

silk::task<long> all_of_them(long tasks, long count) {
  std::vector<silk::join_handle<long>> handles;
  handles.reserve(static_cast<std::size_t>(tasks));
  for (long i = 0; i < tasks; ++i) handles.push_back(silk::spawn(among_others(count)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

void single(benchmark::State& state) {
  constexpr long count = 100'000;
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  const bench::meter meter(state, count);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(again_and_again(count)) == count);
  }
}

void many(benchmark::State& state) {
  constexpr long tasks = 10'000;
  constexpr long count = 100;
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  const bench::meter meter(state, tasks * count);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_of_them(tasks, count)) == tasks * count);
  }
}

BENCHMARK(single)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);
BENCHMARK(many)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);

}  // namespace
