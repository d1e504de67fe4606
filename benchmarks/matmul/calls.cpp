// Plain calls on one thread, however many workers there are to be: what the products themselves cost.
#include "problem.hpp"

namespace {

void multiply(const bench::product& of) {
  if (of.is_small()) return of.compute();
  for (std::size_t inner = 0; inner < 2; ++inner) {
    for (const std::size_t down : {0, 1}) {
      for (const std::size_t right : {0, 1}) multiply(of.part(down, right, inner));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  return program.measure([](const bench::matmul& problem) {
    multiply(problem.whole());
    return problem.whole();
  });
}
