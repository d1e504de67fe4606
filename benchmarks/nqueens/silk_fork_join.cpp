#include "problem.hpp"

#include <silk/silk.hpp>

#include <functional>

namespace {

long solutions(const bench::board& queens) {
  if (queens.is_full()) return 1;
  const auto free = queens.free();
  return silk::parallel_reduce(free.begin(), free.end(), 0L,
                               [&](int column) { return solutions(queens.with(column)); },
                               std::plus<>(), {.grain = 1});
}

silk::task<long> as_a_task(int n) { co_return solutions(bench::board(n)); }

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::nqueens> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::nqueens& problem) { return runtime.block_on(as_a_task(problem.n)); });
}
