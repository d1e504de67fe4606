// machine: what the engine's dealings between cores cost on this machine, in ns, as JSON: what model.py
// computes with. Medians over many; on a machine with one processor it says so and ends.
//
//   line_ns        a cache line that another core has written comes over
//   steal_ns       a job is taken from a deque, with what belongs to it; fences apart
//   fence_ns       heavy_fence, while another thread of the process runs
//   interrupt_ns   what that thread loses
//   alone_ns       heavy_fence, while no other thread of the process runs
//   wake_call_ns   futex_wake of a thread that sleeps
//   wake_ns        from before that call until the thread runs
#include "../../scheduler/deque.hpp"

#include <nlohmann/json.hpp>

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace {

namespace engine = silk::scheduler;
using engine::sync::cpu_relax;

std::uint64_t now() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

double median(std::vector<double> samples) {
  std::ranges::sort(samples);
  return samples[samples.size() / 2];
}

std::vector<int> processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<int> found;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) found.push_back(i);
  }
  return found;
}

void stay_on(int processor) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  ::pthread_setaffinity_np(::pthread_self(), sizeof only, &only);
}

// A thread on the other core. It runs until it is told to stop.
class companion {
 public:
  companion(int processor, std::function<void(const std::atomic<bool>& stop)> body)
      : thread_([this, processor, what = std::move(body)] {
          stay_on(processor);
          ready_ = true;
          what(stop_);
        }) {
    while (!ready_) cpu_relax();
  }
  ~companion() {
    stop_ = true;
    thread_.join();
  }
  companion(const companion&) = delete;
  companion& operator=(const companion&) = delete;

 private:
  std::atomic<bool> ready_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct alignas(128) counter {
  std::atomic<std::uint64_t> value{0};
};

// A number goes back and forth.
double line_ns(int other) {
  constexpr std::uint64_t trips = 20'000;
  counter there, back;
  const companion answers(other, [&](const std::atomic<bool>& stop) {
    std::uint64_t seen = 0;
    while (!stop) {
      const std::uint64_t asked = there.value.load(std::memory_order_acquire);
      if (asked != seen) back.value.store(seen = asked, std::memory_order_release);
    }
  });
  std::vector<double> samples;
  std::uint64_t trip = 0;
  for (int i = 0; i < 25; ++i) {
    const std::uint64_t began = now();
    for (std::uint64_t end = trip + trips; trip != end;) {
      there.value.store(++trip, std::memory_order_release);
      while (back.value.load(std::memory_order_acquire) != trip) {
      }
    }
    samples.push_back(static_cast<double>(now() - began) / (2 * trips));
  }
  return median(samples);
}

struct padded_job : engine::job {
  alignas(64) std::uint64_t frame[16] = {};  // what the thief touches of a coroutine
};

// The owner fills its deque, then rests: what is left is the way of the lines.
double steal_ns(int other) {
  constexpr std::size_t jobs = 200;
  std::vector<double> samples;
  for (int i = 0; i < 200; ++i) {
    engine::deque forks;
    std::vector<std::unique_ptr<padded_job>> all(jobs);
    {
      const companion owner(other, [&](const std::atomic<bool>&) {
        for (auto& each : all) {
          each = std::make_unique<padded_job>();
          each->frame[0] = 1;
          each->frame[8] = 1;
          forks.push(*each);
        }
      });
    }
    static_cast<void>(forks.steal());  // the first one asks for fences
    std::uint64_t sum = 0;
    const std::uint64_t began = now();
    for (std::size_t job = 1; job < jobs; ++job) {
      const engine::steal_result got = forks.steal();
      auto& taken = static_cast<padded_job&>(*got.item);
      sum += taken.frame[0]++ + taken.frame[8]++;
    }
    samples.push_back(static_cast<double>(now() - began) / (jobs - 1));
    if (sum != 2 * (jobs - 1)) std::cerr << "a job was lost\n";
  }
  return median(samples);
}

struct fence_costs {
  double call_ns;
  double interrupt_ns;
};

// The other thread counts; what it counts less, beside fences, is what they take of it.
fence_costs fence_beside_another(int other) {
  constexpr int fences = 500;
  counter counted;
  const companion counts(other, [&](const std::atomic<bool>& stop) {
    for (std::uint64_t i = 0; !stop; ++i) counted.value.store(i, std::memory_order_relaxed);
  });
  const auto count_of = [&] { return counted.value.load(std::memory_order_relaxed); };
  std::vector<double> calls, losses;
  for (int round = 0; round < 15; ++round) {
    const std::uint64_t quiet_began = now(), quiet_first = count_of();
    while (now() - quiet_began < 5'000'000) {
    }
    const double per_ns =
        static_cast<double>(count_of() - quiet_first) / static_cast<double>(now() - quiet_began);
    const std::uint64_t began = now(), first = count_of();
    for (int i = 0; i < fences; ++i) {
      engine::sync::heavy_fence();
      const std::uint64_t ended = now();
      while (now() - ended < 2'000) {
      }
    }
    const auto passed = static_cast<double>(now() - began);
    const auto counts_missing = per_ns * passed - static_cast<double>(count_of() - first);
    losses.push_back(std::max(0.0, counts_missing / per_ns / fences));
    calls.push_back(passed / fences - 2'000);
  }
  return {median(calls), median(losses)};
}

double fence_alone() {
  std::vector<double> samples;
  for (int i = 0; i < 2'000; ++i) {
    const std::uint64_t began = now();
    engine::sync::heavy_fence();
    samples.push_back(static_cast<double>(now() - began));
  }
  return median(samples);
}

struct wake_costs {
  double call_ns;
  double until_it_runs_ns;
};

wake_costs wakes(int other) {
  engine::sync::atomic<std::uint32_t> word{0};
  std::atomic<std::uint64_t> woke{0};
  std::vector<double> calls, ways;
  constexpr std::uint32_t the_end = ~0U;
  const companion sleeps(other, [&](const std::atomic<bool>&) {
    for (std::uint32_t seen = 0; seen != the_end; seen = word) {
      while (word == seen) engine::sync::futex_wait(word, seen);
      woke = now();
    }
  });
  for (int i = 0; i < 500; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // until it sleeps
    woke = 0;
    const std::uint64_t began = now();
    ++word;
    engine::sync::futex_wake(word, 1);
    calls.push_back(static_cast<double>(now() - began));
    while (woke == 0) cpu_relax();
    ways.push_back(static_cast<double>(woke - began));
  }
  word = the_end;
  engine::sync::futex_wake(word, 1);
  return {median(calls), median(ways)};
}

}  // namespace

int main() {
  const std::vector<int> cores = processors();
  if (cores.size() < 2) {
    std::cerr << "machine: there is one processor: nothing between cores to measure\n";
    return 1;
  }
  engine::sync::prepare_fences();
  stay_on(cores[0]);
  const int other = cores[1];
  const fence_costs fence = fence_beside_another(other);
  const wake_costs wake = wakes(other);
  std::cout << nlohmann::json{{"line_ns", line_ns(other)},
                              {"steal_ns", steal_ns(other)},
                              {"fence_ns", fence.call_ns},
                              {"interrupt_ns", fence.interrupt_ns},
                              {"alone_ns", fence_alone()},
                              {"wake_call_ns", wake.call_ns},
                              {"wake_ns", wake.until_it_runs_ns}}
                   .dump(1)
            << '\n';
  return 0;
}
