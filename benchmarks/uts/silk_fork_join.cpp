#include "problem.hpp"

#include <silk/silk.hpp>

#include <functional>

namespace {

long count(const bench::uts_node& node) {
  const auto count_child = [&](int i) { return count(node.child(i)); };
  return 1 +
         silk::parallel_reduce(0, node.children(), 0L, count_child, std::plus<>(), {.grain = 1});
}

silk::task<long> as_a_task(int depth) { co_return count(bench::uts_node(depth)); }

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::uts> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::uts& problem) { return runtime.block_on(as_a_task(problem.depth)); });
}
