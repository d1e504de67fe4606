#include "problem.hpp"

#include <silk/silk.hpp>

#include <vector>

namespace {

struct counter {
  silk::mutex lock;
  long number = 0;
};

silk::task<> count(counter& shared, long turns) {
  for (long i = 0; i < turns; ++i) {
    const auto held = co_await shared.lock.scoped();
    ++shared.number;
  }
}

silk::task<long> all_of_them(bench::mutex problem) {
  counter shared;
  std::vector<silk::join_handle<void>> handles;
  for (long i = 0; i < problem.tasks; ++i) {
    handles.push_back(silk::spawn(count(shared, problem.turns)));
  }
  for (const auto& handle : handles) co_await handle;
  co_return shared.number;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::mutex> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::mutex& problem) { return runtime.block_on(all_of_them(problem)); });
}
