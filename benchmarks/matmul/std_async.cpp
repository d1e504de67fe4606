// Each task is a thread here, however many workers there are to be.
#include "problem.hpp"

#include <array>
#include <future>

namespace {

void multiply(const bench::product& of) {
  if (of.is_small()) return of.compute();
  for (std::size_t inner = 0; inner < 2; ++inner) {
    std::array<std::future<void>, 4> quarters;
    for (std::size_t i = 0; i < 4; ++i) {
      quarters[i] = std::async(std::launch::async,
                               [&of, i, inner] { multiply(of.part(i / 2, i % 2, inner)); });
    }
    for (auto& each : quarters) each.get();
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::matmul> program(argc, argv);
  return program.measure([&](const bench::matmul& problem) {
    multiply(problem.whole());
    return problem.whole();
  });
}
