// Tasks that await each other at random, cancelled by two threads at once.
#include "../programs/await_graph.hpp"
#include "liveness.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace {

using namespace silk_stress;
using namespace silk_stress::awaiting;

class await_graph_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(await_graph_storm);

// What awaits itself is told so, and what fails is seen by who awaits it, or by nobody.
TEST_P(await_graph_storm, unwinds_every_circle) {
  silk::runtime runtime({.workers = workers(), .on_failure = [](const silk::failure&) {}});
  while (time.running()) {
    const auto graph = std::make_shared<await_graph>();
    for (unsigned i = 2 + random.below(12); i > 0; --i) {
      graph->tasks.push_back(
          runtime.spawn(member(life(), random.another(), graph, graph->complete)));
    }
    graph->complete.set();
    for (unsigned i = random.below(200); i > 0; --i) std::this_thread::yield();
    const auto cancel_every_second = [&graph](std::size_t from) {
      for (std::size_t i = from; i < graph->tasks.size(); i += 2) graph->tasks[i].cancel();
    };
    std::jthread other(cancel_every_second, 1);
    cancel_every_second(0);
    runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(graph->tasks); });
    for (const handle& each : graph->tasks) EXPECT_TRUE(each.done());
    liveness_oracle::progress();
  }
}

}  // namespace
