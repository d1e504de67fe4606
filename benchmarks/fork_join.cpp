// fork_join: Fibonacci numbers by plain functions that fork, as fork.cpp does by tasks; an item is one
// fork. Beside it the same by oneTBB, where that is installed, and by calls alone.
#include "bench.hpp"

#ifdef SILK_BENCH_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_group.h>
#endif

namespace {

long by_fork_join(long n) {
  if (n < 2) return n;
  const auto [a, b] =
      silk::fork_join([n] { return by_fork_join(n - 1); }, [n] { return by_fork_join(n - 2); });
  return a + b;
}

[[gnu::noinline]] long by_calls(long n) {
  if (n < 2) return n;
  long a = by_calls(n - 1);
  benchmark::DoNotOptimize(a);  // else the calls become loops
  return a + by_calls(n - 2);
}

long expected(long n) {
  long a = 0;
  long b = 1;
  for (; n > 0; --n) {
    b += a;
    a = b - a;
  }
  return a;
}

// fib(n) forks wherever it does not end.
std::uint64_t forks(long n) { return static_cast<std::uint64_t>(expected(n + 1)) - 1; }

void fork_join(benchmark::State& state) {
  const long n = state.range(0);
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(1))});
  const bench::meter meter(state, forks(n));
  const auto in_a_task = [n]() -> silk::task<long> { co_return by_fork_join(n); };
  for (auto _ : state) {
    bench::check(state, runtime.block_on(in_a_task) == expected(n));
  }
}

void calls(benchmark::State& state) {
  const long n = state.range(0);
  const bench::meter meter(state, forks(n));
  for (auto _ : state) {
    bench::check(state, by_calls(n) == expected(n));
  }
}

constexpr std::int64_t sum_of = 1'000'000;

// An item is an iteration that does next to nothing: what the loop itself costs.
void parallel_reduce(benchmark::State& state) {
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  const bench::meter meter(state, static_cast<std::uint64_t>(sum_of));
  const auto in_a_task = []() -> silk::task<std::int64_t> {
    co_return silk::parallel_reduce(
        std::int64_t{0}, sum_of, std::int64_t{0}, [](std::int64_t i) { return i; }, std::plus<>());
  };
  for (auto _ : state) {
    bench::check(state, runtime.block_on(in_a_task) == sum_of * (sum_of - 1) / 2);
  }
}

void sizes(benchmark::internal::Benchmark* it) {
  bench::wall_time(it->ArgNames({"n", "workers"})->ArgsProduct({{25, 30, 39}, {1, 2}}));
}

BENCHMARK(fork_join)->Apply(sizes);
BENCHMARK(calls)->ArgName("n")->Arg(25)->Arg(30)->Arg(39)->Apply(bench::wall_time);
BENCHMARK(parallel_reduce)->ArgName("workers")->Arg(1)->Arg(2)->Apply(bench::wall_time);

#ifdef SILK_BENCH_TBB

long by_invoke(long n) {
  if (n < 2) return n;
  long a = 0;
  long b = 0;
  tbb::parallel_invoke([&] { a = by_invoke(n - 1); }, [&] { b = by_invoke(n - 2); });
  return a + b;
}

long by_task_group(long n) {
  if (n < 2) return n;
  long a = 0;
  tbb::task_group group;
  group.run([&] { a = by_task_group(n - 1); });
  const long b = by_task_group(n - 2);
  group.wait();
  return a + b;
}

template <long (*Fib)(long)>
void tbb_fork(benchmark::State& state) {
  const long n = state.range(0);
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(state.range(1)));
  const bench::meter meter(state, forks(n));
  for (auto _ : state) {
    bench::check(state, Fib(n) == expected(n));
  }
}

BENCHMARK(tbb_fork<by_invoke>)->Name("tbb_parallel_invoke")->Apply(sizes);
BENCHMARK(tbb_fork<by_task_group>)->Name("tbb_task_group")->Apply(sizes);

#endif

}  // namespace
