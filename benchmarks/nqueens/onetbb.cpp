#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/task_group.h>

#include <array>
#include <numeric>

namespace {

long solutions(const bench::board& queens) {
  if (queens.is_full()) return 1;
  std::array<long, 16> counts{};
  long* to = counts.data();
  tbb::task_group group;
  for (const int column : queens.free()) {
    group.run([&queens, to, column] { *to = solutions(queens.with(column)); });
    ++to;
  }
  group.wait();
  return std::accumulate(counts.begin(), counts.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::nqueens> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::nqueens& problem) {
    return workers.run([&] { return solutions(bench::board(problem.n)); });
  });
}
