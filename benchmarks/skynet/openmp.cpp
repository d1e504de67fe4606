#include "../harness/openmp.hpp"

#include "problem.hpp"

#include <array>
#include <numeric>

namespace {

// The leaves from `first` on.
long skynet(long first, long leaves) {
  if (leaves == 1) return first;
  const long part = leaves / 10;
  std::array<long, 10> sums;
  long* const to = sums.data();
  for (long i = 0; i < 10; ++i) {
#pragma omp task
    to[i] = skynet(first + i * part, part);
  }
#pragma omp taskwait
  return std::accumulate(sums.begin(), sums.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::skynet> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure([&](const bench::skynet& problem) {
    return workers.run([&] { return skynet(0, problem.leaves); });
  });
}
