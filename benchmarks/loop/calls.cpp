// The plain loop on one thread, however many workers there are to be.
#include "problem.hpp"

int main(int argc, char** argv) {
  bench::program<bench::loop> program(argc, argv);
  return program.measure([](const bench::loop& problem) { return problem.sum_by_one(); });
}
