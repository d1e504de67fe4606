// timer_wheel: what one timer costs, by phase. Every timer lies in a 128-byte sleeper, as large as
// the frame of a coroutine that sleeps; deadlines are uniform from 1 s to 61 s, half of the timers
// are removed in random order, and the clock goes from deadline to deadline in steps of 1 ms or
// more. The counter is the time per timer of the phase.
#include "../scheduler/timer_wheel.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace {

using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::timer_node;
using silk::scheduler::timer_wheel;

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t second = 1'000 * millisecond;
constexpr std::size_t all = ~std::size_t{0};

struct alignas(128) sleeper {
  job resume;
  std::byte rest_of_frame[48];
  timer_node timer;
};
static_assert(sizeof(sleeper) == 128);

class stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class workload {
 public:
  explicit workload(std::size_t count) : sleepers_(count), removal_order_(count) {
    std::mt19937_64 random(count);
    std::uniform_int_distribution<std::uint64_t> deadline(1 * second, 61 * second);
    for (std::size_t i = 0; i < count; ++i) {
      sleepers_[i].timer.on_fire = &sleepers_[i].resume;
      sleepers_[i].timer.deadline = deadline(random);
      removal_order_[i] = &sleepers_[i].timer;
    }
    std::shuffle(removal_order_.begin(), removal_order_.end(), random);
    removal_order_.resize(count / 2);
  }

  std::size_t size() const { return sleepers_.size(); }
  std::size_t removed() const { return removal_order_.size(); }

  void insert(timer_wheel& wheel) {
    for (sleeper& each : sleepers_) wheel.insert(each.timer);
  }

  void remove(timer_wheel& wheel) {
    for (timer_node* timer : removal_order_) wheel.remove(*timer);
  }

  std::size_t fire(timer_wheel& wheel) {
    std::size_t fired = 0;
    std::uint64_t now = 0;
    while (wheel.size() != 0) {
      now = std::max(now + millisecond, wheel.next_deadline());
      do {
        job_list due;
        fired += wheel.advance(now, all, due);
        benchmark::DoNotOptimize(due);
      } while (wheel.next_deadline() <= now);
    }
    return fired;
  }

 private:
  std::vector<sleeper> sleepers_;
  std::vector<timer_node*> removal_order_;
};

void report(benchmark::State& state, std::size_t timers) {
  state.counters["timer"] = benchmark::Counter(
      static_cast<double>(timers),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void insert(benchmark::State& state) {
  workload work(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    timer_wheel wheel(0);
    const stopwatch watch;
    work.insert(wheel);
    state.SetIterationTime(watch.seconds());
    work.fire(wheel);
  }
  report(state, work.size());
}

void remove(benchmark::State& state) {
  workload work(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    timer_wheel wheel(0);
    work.insert(wheel);
    const stopwatch watch;
    work.remove(wheel);
    state.SetIterationTime(watch.seconds());
    work.fire(wheel);
  }
  report(state, work.removed());
}

void fire(benchmark::State& state) {
  workload work(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    timer_wheel wheel(0);
    work.insert(wheel);
    work.remove(wheel);
    const stopwatch watch;
    const std::size_t fired = work.fire(wheel);
    state.SetIterationTime(watch.seconds());
    if (fired != work.size() - work.removed()) state.SkipWithError("a timer was lost");
  }
  report(state, work.size() - work.removed());
}

// A deadline around an operation that ends in time, with `live` other timers about.
void set_and_cancel(benchmark::State& state) {
  workload others(static_cast<std::size_t>(state.range(0)));
  timer_wheel wheel(0);
  others.insert(wheel);
  sleeper mine{};
  mine.timer.on_fire = &mine.resume;
  for (auto _ : state) {
    mine.timer.deadline = 30 * second;
    wheel.insert(mine.timer);
    benchmark::DoNotOptimize(wheel.remove(mine.timer));
  }
}

// A jump over everything, served as a worker does: 64 jobs at a time.
void fire_all_at_once(benchmark::State& state) {
  workload work(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    timer_wheel wheel(0);
    work.insert(wheel);
    const stopwatch watch;
    std::size_t fired = 0;
    while (wheel.size() != 0) {
      job_list due;
      fired += wheel.advance(61 * second, 64, due);
    }
    state.SetIterationTime(watch.seconds());
    if (fired != work.size()) state.SkipWithError("a timer was lost");
  }
  report(state, work.size());
}

BENCHMARK(insert)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(remove)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(fire)->Arg(10'000)->Arg(1'000'000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(fire_all_at_once)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(set_and_cancel)->Arg(0)->Arg(10'000)->Arg(1'000'000);

}  // namespace
