// Each task is a thread here, however many workers there are to be.
#include "problem.hpp"

#include <future>
#include <mutex>
#include <vector>

namespace {

struct counter {
  std::mutex lock;
  long number = 0;
};

void count(counter& shared, long turns) {
  for (long i = 0; i < turns; ++i) {
    const std::lock_guard held(shared.lock);
    ++shared.number;
  }
}

long all_of_them(const bench::mutex& problem) {
  counter shared;
  std::vector<std::future<void>> tasks;
  for (long i = 0; i < problem.tasks; ++i) {
    tasks.push_back(std::async(std::launch::async, count, std::ref(shared), problem.turns));
  }
  for (auto& each : tasks) each.get();
  return shared.number;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::mutex> program(argc, argv);
  return program.measure(all_of_them);
}
