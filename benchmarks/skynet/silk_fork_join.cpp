#include "problem.hpp"

#include <silk/silk.hpp>

#include <tuple>
#include <utility>

namespace {

long skynet(long first, long leaves);

template <long... I>
long ten_of(long first, long part, std::integer_sequence<long, I...>) {
  const auto sums = silk::fork_join([=] { return skynet(first + I * part, part); }...);
  return std::apply([](auto... sum) { return (sum + ...); }, sums);
}

// The leaves from `first` on.
long skynet(long first, long leaves) {
  if (leaves == 1) return first;
  return ten_of(first, leaves / 10, std::make_integer_sequence<long, 10>());
}

silk::task<long> as_a_task(long leaves) { co_return skynet(0, leaves); }

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::skynet> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::skynet& problem) { return runtime.block_on(as_a_task(problem.leaves)); });
}
