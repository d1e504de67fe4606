// channel: two tasks hand each other a number through two queues of capacity 1; an item is a round trip:
// two puts and two gets.
//
// With many pairs there is always something else to run; with one pair there never is.
#include "bench.hpp"

#include <vector>

namespace {

constexpr long round_trips = 500'000;  // of all pairs together

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

silk::task<long> all_pairs(long pairs) {
  std::vector<silk::join_handle<long>> handles;
  for (long i = 0; i < pairs; ++i) handles.push_back(silk::spawn(pair(round_trips / pairs)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

void ping_pong(benchmark::State& state) {
  const long pairs = state.range(0);
  silk::runtime runtime({.workers = static_cast<unsigned>(state.range(1))});
  const bench::meter meter(state, round_trips);
  for (auto _ : state) {
    bench::check(state, runtime.block_on(all_pairs(pairs)) == 2 * round_trips);
  }
}

BENCHMARK(ping_pong)
    ->ArgNames({"pairs", "workers"})
    ->ArgsProduct({{1, 100}, {1, 2}})
    ->Apply(bench::wall_time);

}  // namespace
