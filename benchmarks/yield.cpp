// yield: 1,000 tasks, each of which gives way 1,000 times; an item is one yield.
#include "bench.hpp"

#include <vector>

namespace {

constexpr long tasks = 1'000;
constexpr long turns = 1'000;

silk::task<long> gives_way() {
  long taken = 0;
  for (; taken < turns; ++taken) co_await silk::yield();
  co_return taken;
}

silk::task<long> all_of_them() {
  std::vector<silk::join_handle<long>> handles;
  handles.reserve(tasks);
  for (long i = 0; i < tasks; ++i) handles.push_back(silk::spawn(gives_way()));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

void yield(benchmark::State& state) {
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  const bench::meter meter(state, tasks * turns);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_of_them()) == tasks * turns);
  }
}

BENCHMARK(yield)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);

}  // namespace
