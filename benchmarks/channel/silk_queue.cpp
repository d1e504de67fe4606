#include "problem.hpp"

#include <silk/silk.hpp>

#include <vector>

namespace {

// Gives the ball back as soon as it comes, one higher.
silk::task<> player(silk::queue<long>& from, silk::queue<long>& to) {
  for (;;) {
    const auto ball = co_await from.next();
    if (!ball) break;
    co_await to.put(*ball + 1);
  }
}

silk::task<long> pair(long rounds) {
  silk::queue<long> there(1), back(1);
  const auto other = silk::spawn(player(there, back));
  long number = 0;
  for (long i = 0; i < rounds; ++i) {
    co_await there.put(number + 1);
    number = co_await back.get();
  }
  there.close();
  co_await other;
  co_return number;
}

silk::task<long> all_pairs(bench::channel problem) {
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < problem.pairs; ++i) handles.push_back(silk::spawn(pair(problem.rounds)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::channel> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure(
      [&](const bench::channel& problem) { return runtime.block_on(all_pairs(problem)); });
}
