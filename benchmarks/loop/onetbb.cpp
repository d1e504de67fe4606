#include "../harness/onetbb.hpp"

#include "problem.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <functional>

namespace {

long sum(long iterations) {
  const auto sum_of_part = [](const tbb::blocked_range<long>& part, long sum) {
    for (long i = part.begin(); i < part.end(); ++i) sum += bench::loop::term(i);
    return sum;
  };
  return tbb::parallel_reduce(tbb::blocked_range<long>(0, iterations), 0L, sum_of_part,
                              std::plus<>());
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::loop> program(argc, argv);
  bench::onetbb_workers workers(program.workers());
  return program.measure([&](const bench::loop& problem) {
    return workers.run([&] { return sum(problem.iterations); });
  });
}
