#include "problem.hpp"

#include <silk/silk.hpp>

namespace {

long fib(long n) {
  if (n < 2) return n;
  const auto [a, b] = silk::fork_join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
  return a + b;
}

silk::task<long> as_a_task(long n) { co_return fib(n); }

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::fib> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::fib& problem) { return runtime.block_on(as_a_task(problem.n)); });
}
