#include "problem.hpp"

#include <silk/silk.hpp>

namespace {

using clock = bench::wake_up::clock;

silk::task<silk::duration> wait(silk::future<clock::time_point> call) {
  const clock::time_point called = co_await call;
  co_return clock::now() - called;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::wake_up> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure_latency([&](const bench::wake_up& problem, bench::histogram& late) {
    long answered = 0;
    for (; answered < problem.calls; ++answered) {
      silk::promise<clock::time_point> call;
      const auto waiting = runtime.spawn(wait(call.get_future()));
      problem.let_all_go_idle();
      call.set_value(clock::now());
      late.add(runtime.block_on(waiting));
    }
    return answered;
  });
}
