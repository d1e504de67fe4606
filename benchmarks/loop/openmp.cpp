#include "problem.hpp"

namespace {

long sum(long iterations, int workers) {
  long total = 0;
#pragma omp parallel for reduction(+ : total) num_threads(workers)
  for (long i = 0; i < iterations; ++i) total += bench::loop::term(i);
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::loop> program(argc, argv);
  const int workers = static_cast<int>(program.workers());
  return program.measure(
      [&](const bench::loop& problem) { return sum(problem.iterations, workers); });
}
