// All at once by gather, which owns its tasks: no handles, no reference counts.
#include "silk.hpp"

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

}  // namespace

int main(int argc, char** argv) {
  return bench::measure_spawn_join(argc, argv, one_at_a_time, all_at_once);
}
