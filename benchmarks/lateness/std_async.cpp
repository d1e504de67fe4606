// Each task is a thread here, however many workers there are to be.
#include "problem.hpp"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace {

void sleep(const bench::lateness& problem, long sleeper, bench::histogram& late) {
  for (long turn = 0; turn < problem.turns; ++turn) {
    const auto deadline = bench::lateness::clock::now() + problem.nap(sleeper, turn);
    std::this_thread::sleep_until(deadline);
    late.add(bench::lateness::clock::now() - deadline);
  }
}

void compute(const std::atomic<bool>& over) {
  while (!over) {
    bench::lateness::compute();
    std::this_thread::yield();
  }
}

void all_of_them(const bench::lateness& problem, unsigned busy_tasks, bench::histogram& late) {
  std::atomic<bool> over = false;
  std::vector<std::future<void>> load;
  for (unsigned i = 0; i < busy_tasks; ++i) {
    load.push_back(std::async(std::launch::async, compute, std::cref(over)));
  }
  std::vector<std::future<void>> sleepers;
  for (long i = 0; i < problem.sleepers; ++i) {
    sleepers.push_back(std::async(std::launch::async, sleep, problem, i, std::ref(late)));
  }
  for (auto& each : sleepers) each.get();
  over = true;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::lateness> program(argc, argv);
  const unsigned workers = program.workers();
  return program.measure_latency([&](const bench::lateness& problem, bench::histogram& late) {
    const auto before = late.count();
    all_of_them(problem, problem.busy_tasks(workers), late);
    return late.count() - before;
  });
}
