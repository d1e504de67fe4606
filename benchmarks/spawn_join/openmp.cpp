#include "../harness/openmp.hpp"

#include "problem.hpp"

#include <numeric>
#include <vector>

namespace {

long one_at_a_time(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    long number = 0;
#pragma omp task shared(number)
    number = i;
#pragma omp taskwait
    sum += number;
  }
  return sum;
}

long all_at_once(long count) {
  std::vector<long> numbers(static_cast<std::size_t>(count));
  long* const to = numbers.data();
  for (long i = 0; i < count; ++i) {
#pragma omp task
    to[i] = i;
  }
#pragma omp taskwait
  return std::accumulate(numbers.begin(), numbers.end(), 0L);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::spawn_join> program(argc, argv);
  const bench::openmp_workers workers(program.workers());
  return program.measure([&](const bench::spawn_join& problem) {
    return workers.run([&] {
      using way = bench::spawn_join::way;
      return problem.how == way::one_at_a_time ? one_at_a_time(problem.tasks)
                                               : all_at_once(problem.tasks);
    });
  });
}
