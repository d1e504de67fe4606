#include "problem.hpp"

#include <silk/silk.hpp>

#include <numeric>
#include <ranges>

namespace {

silk::task<long> count(bench::uts_node node) {
  auto children = std::views::iota(0, node.children()) |
                  std::views::transform([&](int i) { return count(node.child(i)); });
  const auto below = co_await silk::gather(children);
  co_return std::accumulate(below.begin(), below.end(), 1L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::uts> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::uts& problem) {
    return runtime.block_on(count(bench::uts_node(problem.depth)));
  });
}
