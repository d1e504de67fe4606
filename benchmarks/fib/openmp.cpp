#include "../harness/openmp.hpp"

#include "problem.hpp"

namespace {

long fib(long n) {
  if (n < 2) return n;
  long a = 0;
  long b = 0;
#pragma omp task shared(a)
  a = fib(n - 1);
  b = fib(n - 2);
#pragma omp taskwait
  return a + b;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::fib> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure(
      [&](const bench::fib& problem) { return workers.run([n = problem.n] { return fib(n); }); });
}
