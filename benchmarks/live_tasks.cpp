// live_tasks: whether a verb costs the same however many tasks live. So many tasks wait until all of them are there,
// then each does the verb a few times, one worker running them in turn. The counter is the time of one of these; all
// is done once before that is timed, so that the memory is there.
#include <silk/silk.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <ranges>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct crowd {
  long tasks;
  long turns;  // of each task
  silk::latch there{tasks};
  silk::event start{};
  silk::mutex lock{};
  silk::queue<long> items{};
};

silk::task<> nothing() { co_return; }
silk::task<> gives_way() { co_await silk::yield(); }
silk::task<> naps() { co_await silk::sleep(1h); }

silk::task<> spawn_join(crowd&) {
  const auto handle = silk::spawn(nothing());
  co_await handle;
}

silk::task<> mutex_in_line(crowd& all) {
  const auto hold = co_await all.lock.scoped();
  co_await silk::yield();  // the others come, and wait
}

silk::task<> put_get(crowd& all) {
  co_await all.items.put(1);
  co_await all.items.get();
}

silk::task<> wait_two(crowd&) {
  const std::vector<silk::join_handle<>> both{silk::spawn(nothing()), silk::spawn(nothing())};
  const auto result = co_await silk::wait(both);
}

silk::task<> cancel(crowd&) {
  const auto handle = silk::spawn(naps());
  co_await silk::yield();
  handle.cancel();
  co_await silk::gather_settled(handle);
}

template <class Verb>
silk::task<> member(crowd& all, Verb verb) {
  all.there.count_down();
  co_await all.start.wait();
  for (long i = 0; i < all.turns; ++i) co_await verb(all);
}

template <class Verb>
silk::task<> everybody(crowd& all, Verb verb) {
  co_await silk::gather(std::views::iota(0L, all.tasks) |
                        std::views::transform([&](long) { return member(all, verb); }));
}

// How long it takes from the start of all of them to their end.
template <class Verb>
silk::task<double> seconds_of(long tasks, long turns, Verb verb) {
  crowd all{tasks, turns};
  const auto handle = silk::spawn(everybody(all, verb));
  co_await all.there.wait();
  const auto began = std::chrono::steady_clock::now();
  all.start.set();
  co_await handle;
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Each level is a gather of a task that does nothing and the next level.
silk::task<> levels(long count) {
  if (count != 0) co_await silk::gather(nothing(), levels(count - 1));
}

silk::task<double> seconds_of_levels(long count) {
  const auto began = std::chrono::steady_clock::now();
  co_await levels(count);
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void report(benchmark::State& state, long operations) {
  state.counters["each"] = benchmark::Counter(
      static_cast<double>(operations),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <class Verb>
void among(benchmark::State& state, long turns, silk::time_source time, Verb verb) {
  silk::runtime runtime({.workers = 1, .time = time});
  const auto once = [&] { return runtime.block_on(seconds_of(state.range(0), turns, verb)); };
  once();
  for (auto _ : state) state.SetIterationTime(once());
  report(state, state.range(0) * turns);
}

void fork_at_depth(benchmark::State& state) {
  silk::runtime runtime({.workers = 1});
  const auto once = [&] { return runtime.block_on(seconds_of_levels(state.range(0))); };
  once();
  for (auto _ : state) state.SetIterationTime(once());
  report(state, state.range(0));
}

constexpr auto steady = silk::time_source::steady;
constexpr auto jumping = silk::time_source::virtual_time;

void few_and_many(benchmark::internal::Benchmark* verb) {
  verb->Arg(1'000)->Arg(1'000'000)->UseManualTime()->MinTime(2)->Unit(benchmark::kMillisecond);
}

#define SILK_AMONG(name, ...) BENCHMARK_CAPTURE(among, name, __VA_ARGS__)->Apply(few_and_many)

SILK_AMONG(yield, 10, steady, [](crowd&) { return silk::yield(); });
SILK_AMONG(sleep, 10, jumping, [](crowd&) { return silk::sleep(1s); });
SILK_AMONG(timeout, 10, steady, [](crowd&) { return silk::with_timeout(1h, gives_way()); });
SILK_AMONG(gather_two, 10, steady, [](crowd&) { return silk::gather(nothing(), nothing()); });
SILK_AMONG(spawn_join, 10, steady, spawn_join);
SILK_AMONG(wait_two, 2, steady, wait_two);
SILK_AMONG(mutex_in_line, 10, steady, mutex_in_line);
SILK_AMONG(put_get, 10, steady, put_get);
SILK_AMONG(cancel, 1, steady, cancel);
BENCHMARK(fork_at_depth)->Apply(few_and_many);

}  // namespace
