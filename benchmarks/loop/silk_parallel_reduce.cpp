#include "problem.hpp"

#include <silk/silk.hpp>

#include <functional>

namespace {

silk::task<long> sum(long iterations) {
  const auto term = [](long i) { return bench::loop::term(i); };  // unlike a pointer to it, inlined
  co_return silk::parallel_reduce(0L, iterations, 0L, term, std::plus<>());
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::loop> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::loop& problem) { return runtime.block_on(sum(problem.iterations)); });
}
