#include "problem.hpp"

#include <silk/silk.hpp>

#include <vector>

namespace {

silk::task<long> one() { co_return 1; }

silk::task<long> one_later() {
  co_await silk::yield();
  co_return 1;
}

silk::task<long> alone(long turns) {
  long sum = 0;
  for (long i = 0; i < turns; ++i) sum += co_await silk::with_timeout(bench::timeout::limit, one());
  co_return sum;
}

silk::task<long> among_others(long turns) {
  long sum = 0;
  for (long i = 0; i < turns; ++i)
    sum += co_await silk::with_timeout(bench::timeout::limit, one_later());
  co_return sum;
}

silk::task<long> all_of_them(bench::timeout problem) {
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < problem.tasks; ++i) {
    handles.push_back(silk::spawn(among_others(problem.turns)));
  }
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::timeout> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const bench::timeout& problem) {
    return runtime.block_on(problem.tasks == 1 ? alone(problem.turns) : all_of_them(problem));
  });
}
