#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/task_group.h>

#include <array>
#include <numeric>

namespace {

long count(const bench::uts_node& node) {
  const int children = node.children();
  if (children == 0) return 1;
  std::array<long, bench::uts_node::most_children> below;
  tbb::task_group group;
  for (int i = 0; i < children; ++i) {
    group.run([&node, to = &below[static_cast<std::size_t>(i)], i] { *to = count(node.child(i)); });
  }
  group.wait();
  return std::accumulate(below.begin(), below.begin() + children, 1L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::uts> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::uts& problem) {
    return workers.run([&] { return count(bench::uts_node(problem.depth)); });
  });
}
