#include "../harness/openmp.hpp"

#include "problem.hpp"

#include <array>
#include <numeric>

namespace {

long count(const bench::uts_node& node) {
  const int children = node.children();
  if (children == 0) return 1;
  std::array<long, bench::uts_node::most_children> below;
  long* const to = below.data();
  for (int i = 0; i < children; ++i) {
#pragma omp task shared(node)
    to[i] = count(node.child(i));
  }
#pragma omp taskwait
  return std::accumulate(below.begin(), below.begin() + children, 1L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::uts> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure([&](const bench::uts& problem) {
    return workers.run([&] { return count(bench::uts_node(problem.depth)); });
  });
}
