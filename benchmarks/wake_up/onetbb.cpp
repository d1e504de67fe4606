// A task of oneTBB cannot wait: the call starts it here. The calling thread is no worker, hence one more.
#include "problem.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <future>

namespace {

using clock = bench::wake_up::clock;

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::wake_up> program(argc, argv);
  const auto workers = program.workers();
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers + 1);
  tbb::task_arena arena(static_cast<int>(workers), 0);
  return program.measure_latency([&](const bench::wake_up& problem, bench::histogram& late) {
    long answered = 0;
    for (; answered < problem.calls; ++answered) {
      std::promise<std::chrono::nanoseconds> answer;
      problem.let_all_go_idle();
      arena.enqueue([&answer, called = clock::now()] { answer.set_value(clock::now() - called); });
      late.add(answer.get_future().get());
    }
    return answered;
  });
}
