// A thread waits here.
#include "problem.hpp"

#include <future>

namespace {

using clock = bench::wake_up::clock;

std::chrono::nanoseconds wait(std::future<clock::time_point> call) {
  const clock::time_point called = call.get();
  return clock::now() - called;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::wake_up> program(argc, argv);
  return program.measure_latency([](const bench::wake_up& problem, bench::histogram& late) {
    long answered = 0;
    for (; answered < problem.calls; ++answered) {
      std::promise<clock::time_point> call;
      auto waiting = std::async(std::launch::async, wait, call.get_future());
      problem.let_all_go_idle();
      call.set_value(clock::now());
      late.add(waiting.get());
    }
    return answered;
  });
}
