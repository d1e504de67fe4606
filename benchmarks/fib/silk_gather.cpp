#include "problem.hpp"

#include <silk/silk.hpp>

namespace {

silk::task<long> fib(long n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await silk::gather(fib(n - 1), fib(n - 2));
  co_return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::fib> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::fib& problem) { return runtime.block_on(fib(problem.n)); });
}
