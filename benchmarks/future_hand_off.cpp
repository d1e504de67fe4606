// future_hand_off: two tasks hand each other a number through promises; an item is one hand-off: a
// promise made, set by one task, and its future awaited by the other.
//
// With many pairs there is always something else to run; with one pair there never is.
#include "bench.hpp"

#include <vector>

namespace {

constexpr long hand_offs = 1'000'000;  // of all pairs together

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

silk::task<long> all_pairs(long pairs) {
  const auto rounds = static_cast<std::size_t>(hand_offs / 2 / pairs);
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < pairs; ++i) handles.push_back(silk::spawn(pair(rounds)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

void hand_off(benchmark::State& state) {
  const long pairs = state.range(0);
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(1))});
  const bench::meter meter(state, hand_offs);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_pairs(pairs)) == hand_offs);
  }
}

BENCHMARK(hand_off)
    ->ArgNames({"pairs", "workers"})
    ->ArgsProduct({{1, 100}, {1, 2}})
    ->Apply(bench::wall_time);

}  // namespace
