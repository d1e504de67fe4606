#include "../harness/openmp.hpp"

#include "problem.hpp"

namespace {

void multiply(const bench::product& of) {
  if (of.is_small()) return of.compute();
  for (std::size_t inner = 0; inner < 2; ++inner) {
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
#pragma omp task shared(of)
      multiply(of.part(quarter / 2, quarter % 2, inner));
    }
#pragma omp taskwait
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure([&](const bench::matmul& problem) {
    return workers.run([whole = problem.whole()] {
      multiply(whole);
      return whole;
    });
  });
}
