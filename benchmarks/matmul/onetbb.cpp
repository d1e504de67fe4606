#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/parallel_invoke.h>

namespace {

void multiply(const bench::product& of) {
  if (of.is_small()) return of.compute();
  for (std::size_t inner = 0; inner < 2; ++inner) {
    tbb::parallel_invoke(
        [&] { multiply(of.part(0, 0, inner)); }, [&] { multiply(of.part(0, 1, inner)); },
        [&] { multiply(of.part(1, 0, inner)); }, [&] { multiply(of.part(1, 1, inner)); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::matmul& problem) {
    workers.run([&] { multiply(problem.whole()); });
    return problem.whole();
  });
}
