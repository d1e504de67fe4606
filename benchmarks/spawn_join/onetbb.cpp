#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/task_group.h>

#include <numeric>
#include <vector>

namespace {

long one_at_a_time(long count) {
  tbb::task_group group;
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    long number = 0;
    group.run([&number, i] { number = i; });
    group.wait();
    sum += number;
  }
  return sum;
}

long all_at_once(long count) {
  tbb::task_group group;
  std::vector<long> numbers(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) {
    group.run([to = &numbers[static_cast<std::size_t>(i)], i] { *to = i; });
  }
  group.wait();
  return std::accumulate(numbers.begin(), numbers.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::spawn_join> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::spawn_join& problem) {
    return workers.run([&] {
      using way = bench::spawn_join::way;
      return problem.how == way::one_at_a_time ? one_at_a_time(problem.tasks)
                                               : all_at_once(problem.tasks);
    });
  });
}
