// Tasks that await each other at random, most often in circles, cancelled once each, by two threads at
// once and by timeouts: every circle unwinds, and every task ends.
#include "liveness.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using std::chrono::microseconds;
using handle = silk::join_handle<>;

struct await_graph {
  silk::event complete;
  std::vector<handle> tasks;

  const handle& any(dice& random) const {
    return tasks[random.below(static_cast<unsigned>(tasks.size()))];
  }
};

silk::task<> awaits(life, handle other) { co_await other; }
silk::task<> naps(life, dice random) { co_await silk::sleep(microseconds(random.below(200))); }

silk::task<> in_a_group(life, handle one, handle two) {
  const auto body = [&](silk::task_group& group) -> silk::task<> {
    group.spawn(awaits(life(), one));
    co_await two;
  };
  co_await silk::with_task_group(body);
}

silk::task<> within(life, silk::duration time, handle other) {
  co_await silk::with_timeout(time, awaits(life(), other));
}

silk::task<> member(life, dice random, std::shared_ptr<const await_graph> graph,
                    silk::event& complete) {
  co_await complete.wait();
  const handle& one = graph->any(random);
  const handle& two = graph->any(random);
  switch (random.below(9)) {
    case 0:
      co_await silk::gather(awaits(life(), one), naps(life(), random.another()));
      break;
    case 1:
      co_await silk::gather(one, two);
      break;
    case 2:
      static_cast<void>(co_await silk::gather_settled(one, two));
      break;
    case 3:
      co_await silk::gather(naps(life(), random.another()), one, two);
      break;
    case 4:
      co_await in_a_group(life(), one, two);
      break;
    case 5:
      co_await within(life(), microseconds(random.below(300)), one);
      break;
    case 6:
      co_await within(life(), std::chrono::hours(1), one);
      break;
    default:
      co_await one;
      break;
  }
}

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
