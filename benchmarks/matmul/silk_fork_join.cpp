#include "problem.hpp"

#include <silk/silk.hpp>

namespace {

void multiply(const bench::product& of) {
  if (of.is_small()) return of.compute();
  for (std::size_t inner = 0; inner < 2; ++inner) {
    silk::fork_join(
        [&] { multiply(of.part(0, 0, inner)); }, [&] { multiply(of.part(0, 1, inner)); },
        [&] { multiply(of.part(1, 0, inner)); }, [&] { multiply(of.part(1, 1, inner)); });
  }
}

silk::task<> as_a_task(bench::product of) {
  multiply(of);
  co_return;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::matmul& problem) {
    runtime.block_on(as_a_task(problem.whole()));
    return problem.whole();
  });
}
