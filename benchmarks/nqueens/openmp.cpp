#include "../harness/openmp.hpp"

#include "problem.hpp"

#include <array>
#include <numeric>

namespace {

long solutions(const bench::board& queens) {
  if (queens.is_full()) return 1;
  std::array<long, 16> counts{};
  long* to = counts.data();
  for (const int column : queens.free()) {
#pragma omp task shared(queens)
    *to = solutions(queens.with(column));
    ++to;
  }
#pragma omp taskwait
  return std::accumulate(counts.begin(), counts.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::nqueens> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure([&](const bench::nqueens& problem) {
    return workers.run([&] { return solutions(bench::board(problem.n)); });
  });
}
