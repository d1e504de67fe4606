#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/task_group.h>

#include <array>
#include <numeric>

namespace {

// The leaves from `first` on.
long skynet(long first, long leaves) {
  if (leaves == 1) return first;
  const long part = leaves / 10;
  std::array<long, 10> sums;
  tbb::task_group group;
  for (long& sum : sums) {
    group.run([&sum, first, part] { sum = skynet(first, part); });
    first += part;
  }
  group.wait();
  return std::accumulate(sums.begin(), sums.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::skynet> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::skynet& problem) {
    return workers.run([&] { return skynet(0, problem.leaves); });
  });
}
