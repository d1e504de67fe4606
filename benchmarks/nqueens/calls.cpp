// Plain calls on one thread, however many workers there are to be: what the boards themselves cost.
#include "problem.hpp"

namespace {

long solutions(const bench::board& queens) {
  if (queens.is_full()) return 1;
  long sum = 0;
  for (const int column : queens.free()) sum += solutions(queens.with(column));
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::nqueens> program(argc, argv);
  return program.measure(
      [](const bench::nqueens& problem) { return solutions(bench::board(problem.n)); });
}
