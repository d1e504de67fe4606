#include "problem.hpp"

#include <silk/silk.hpp>

#include <ranges>
#include <vector>

namespace {

silk::task<> sleep(const bench::lateness& problem, long sleeper, bench::histogram& late) {
  for (long turn = 0; turn < problem.turns; ++turn) {
    const silk::time_point deadline = silk::now() + problem.nap(sleeper, turn);
    co_await silk::sleep_until(deadline);
    late.add(silk::now() - deadline);
  }
}

silk::task<> compute() {
  for (;;) {
    bench::lateness::compute();
    co_await silk::yield();
  }
}

silk::task<> all_of_them(const bench::lateness& problem, unsigned busy_tasks,
                         bench::histogram& late) {
  std::vector<silk::join_handle<void>> load;
  for (unsigned i = 0; i < busy_tasks; ++i) load.push_back(silk::spawn(compute()));
  auto sleepers = std::views::iota(0L, problem.sleepers) |
                  std::views::transform([&](long i) { return sleep(problem, i, late); });
  co_await silk::gather(sleepers);
  for (auto& each : load) each.cancel();
  if (!load.empty()) co_await silk::wait(load);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::lateness> program(argc, argv);
  const unsigned workers = program.workers();
  silk::runtime runtime({.workers = workers});
  program.watch(runtime);
  return program.measure_latency([&](const bench::lateness& problem, bench::histogram& late) {
    const auto before = late.count();
    runtime.block_on(all_of_them(problem, problem.busy_tasks(workers), late));
    return late.count() - before;
  });
}
