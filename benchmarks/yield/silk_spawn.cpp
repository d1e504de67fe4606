#include "problem.hpp"

#include <silk/silk.hpp>

#include <vector>

namespace {

silk::task<long> gives_way(long turns) {
  long taken = 0;
  for (; taken < turns; ++taken) co_await silk::yield();
  co_return taken;
}

silk::task<long> all_of_them(bench::yield problem) {
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < problem.tasks; ++i) handles.push_back(silk::spawn(gives_way(problem.turns)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::yield> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::yield& problem) { return runtime.block_on(all_of_them(problem)); });
}
