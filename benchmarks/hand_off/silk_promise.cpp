#include "problem.hpp"

#include <silk/silk.hpp>

#include <vector>

namespace {

using promises = std::vector<silk::promise<long>>;

// Gives the ball back as soon as it comes, one higher.
silk::task<> player(promises& from, promises& to) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto ball = from[i].get_future();
    const long number = co_await ball;
    to[i].set_value(number + 1);
  }
}

silk::task<long> pair(std::size_t rounds) {
  promises there(rounds), back(rounds);
  const auto other = silk::spawn(player(there, back));
  long number = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    there[i].set_value(number + 1);
    const auto ball = back[i].get_future();
    number = co_await ball;
  }
  co_await other;
  co_return number;
}

silk::task<long> all_pairs(bench::hand_off problem) {
  const auto rounds = static_cast<std::size_t>(problem.rounds);
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < problem.pairs; ++i) handles.push_back(silk::spawn(pair(rounds)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::hand_off> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::hand_off& problem) { return runtime.block_on(all_pairs(problem)); });
}
