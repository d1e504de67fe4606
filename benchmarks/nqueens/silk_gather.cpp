#include "problem.hpp"

#include <silk/silk.hpp>

#include <numeric>
#include <ranges>

namespace {

silk::task<long> solutions(bench::board queens) {
  if (queens.is_full()) co_return 1;
  const auto free = queens.free();
  auto next_rows =
      std::ranges::subrange(free.begin(), free.end()) |
      std::views::transform([&](int column) { return solutions(queens.with(column)); });
  const auto counts = co_await silk::gather(next_rows);
  co_return std::accumulate(counts.begin(), counts.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::nqueens> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::nqueens& problem) {
    return runtime.block_on(solutions(bench::board(problem.n)));
  });
}
