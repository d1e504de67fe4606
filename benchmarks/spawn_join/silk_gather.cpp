// All at once by gather, which owns its tasks: no handles, no reference counts.
#include "problem.hpp"

#include <silk/silk.hpp>

#include <numeric>
#include <ranges>
#include <vector>

namespace {

silk::task<long> give(long number) { co_return number; }

silk::task<long> one_at_a_time(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    const std::vector<long> values =
        co_await silk::gather(std::views::iota(i, i + 1) | std::views::transform(give));
    sum += values.front();
  }
  co_return sum;
}

silk::task<long> all_at_once(long count) {
  auto tasks = std::views::iota(0L, count) | std::views::transform(give);
  const std::vector<long> values = co_await silk::gather(tasks);
  co_return std::accumulate(values.begin(), values.end(), 0L);
}

silk::task<long> in_its_way(const bench::spawn_join& problem) {
  using way = bench::spawn_join::way;
  return problem.how == way::one_at_a_time ? one_at_a_time(problem.tasks)
                                           : all_at_once(problem.tasks);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::spawn_join> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::spawn_join& problem) { return runtime.block_on(in_its_way(problem)); });
}
