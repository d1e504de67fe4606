// fork: Fibonacci numbers by gather, where a task does nothing but fork two more; an item is one
// child. Shows the cost of gather itself, since the work in a child is an addition.
#include "bench.hpp"

namespace {

silk::task<long> fib(int n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await silk::gather(fib(n - 1), fib(n - 2));
  co_return a + b;
}

long expected(int n) {
  long a = 0;
  long b = 1;
  for (; n > 0; --n) {
    b += a;
    a = b - a;
  }
  return a;
}

// fib(n) makes 2 * fib(n + 1) - 1 calls; all but the first are children.
std::uint64_t children(int n) { return 2 * static_cast<std::uint64_t>(expected(n + 1)) - 2; }

void fork(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(1))});
  const bench::meter meter(state, children(n));
  for (auto _ : state) {
    bench::check(state, runtime.block_on(fib(n)) == expected(n));
  }
}

BENCHMARK(fork)
    ->ArgNames({"n", "workers"})
    ->ArgsProduct({{25, 28, 30}, {1, 2}})
    ->Apply(bench::wall_time);

}  // namespace
