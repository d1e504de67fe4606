#include "problem.hpp"

#include <silk/silk.hpp>

namespace {

silk::task<> multiply(bench::product of) {
  if (of.is_small()) {
    of.compute();
    co_return;
  }
  for (std::size_t inner = 0; inner < 2; ++inner) {
    co_await silk::gather(multiply(of.part(0, 0, inner)), multiply(of.part(0, 1, inner)),
                          multiply(of.part(1, 0, inner)), multiply(of.part(1, 1, inner)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::matmul& problem) {
    runtime.block_on(multiply(problem.whole()));
    return problem.whole();
  });
}
