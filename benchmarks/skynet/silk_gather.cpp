#include "problem.hpp"

#include <silk/silk.hpp>

#include <numeric>
#include <ranges>

namespace {

// The leaves from `first` on.
silk::task<long> skynet(long first, long leaves) {
  if (leaves == 1) co_return first;
  const long part = leaves / 10;
  auto children = std::views::iota(0L, 10L) |
                  std::views::transform([=](long i) { return skynet(first + i * part, part); });
  const auto sums = co_await silk::gather(children);
  co_return std::accumulate(sums.begin(), sums.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::skynet> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::skynet& problem) { return runtime.block_on(skynet(0, problem.leaves)); });
}
