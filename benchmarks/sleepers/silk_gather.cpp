#include "problem.hpp"

#include <silk/silk.hpp>

#include <ranges>

namespace {

silk::task<> sleep(silk::time_point until, bench::histogram& late) {
  co_await silk::sleep_until(until);
  late.add(silk::now() - until);
}

silk::task<> all_of_them(const bench::sleepers& problem, bench::histogram& late) {
  const silk::time_point began = silk::now();
  auto tasks = std::views::iota(0L, problem.tasks) |
               std::views::transform([&](long i) { return sleep(began + problem.nap(i), late); });
  co_await silk::gather(tasks);
}

}  // namespace

int main(int argc, char** argv) {
  using clock = bench::sleepers::clock;
  bench::program<bench::sleepers> program(argc, argv);
  silk::runtime runtime({.workers = program.workers(),
                         .time = program.problem().time == clock::steady
                                     ? silk::time_source::steady
                                     : silk::time_source::virtual_time});
  program.watch(runtime);
  return program.measure([&](const bench::sleepers& problem, bench::histogram& late) {
    const auto before = late.count();
    runtime.block_on(all_of_them(problem, late));
    return late.count() - before;
  });
}
