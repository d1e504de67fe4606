#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/parallel_invoke.h>

namespace {

long fib(long n) {
  if (n < 2) return n;
  long a = 0;
  long b = 0;
  tbb::parallel_invoke([&] { a = fib(n - 1); }, [&] { b = fib(n - 2); });
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::fib> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure(
      [&](const bench::fib& problem) { return workers.run([n = problem.n] { return fib(n); }); });
}
