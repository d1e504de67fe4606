// Circles of tasks through everything that waits.
#include "../programs/await_graph.hpp"
#include "../programs/ring.hpp"
#include "sim.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

namespace {

using namespace silk_sim;
using silk_stress::rings::ring;

// What two threads do: cancel every second task each.
template <class Cancel>
silk::task<> cancel_all(std::size_t count, Cancel cancel) {
  threads outside;
  for (std::size_t t = 0; t < 2; ++t) {
    const auto next = std::make_shared<std::size_t>(t);
    outside.start(static_cast<unsigned>(count) / 2 + 1, [count, cancel, next] {
      if (*next < count) cancel(*next);
      *next += 2;
    });
  }
  co_await outside.join();
}

silk::task<> awaits(dice random) {
  using namespace silk_stress::awaiting;
  const auto graph = std::make_shared<await_graph>();
  for (unsigned i = 2 + random.below(12); i > 0; --i)
    graph->tasks.push_back(silk::spawn(member(life(), random.another(), graph, graph->complete)));
  graph->complete.set();
  if (random.one_in(2)) co_await nap(random.another());
  const auto cancel = [graph](std::size_t i) { graph->tasks[i].cancel(); };
  co_await cancel_all(graph->tasks.size(), cancel);
  co_await silk::gather_settled(graph->tasks);
  for (const handle& each : graph->tasks) expect(each.done());
}

bool ended_with_a_value(const silk::join_handle<>& task) {
  try {
    task.result();
    return true;
  } catch (...) {
    return false;
  }
}

template <bool Timers>
silk::task<> through_everything(dice random) {
  ring& on = made<ring>();
  on.timers = Timers;
  const unsigned depth = random.below(4);
  for (unsigned i = 2 + random.below(6); i > 0; --i) {
    on.tasks.push_back(
        silk::spawn(silk_stress::rings::member(life(), random.another(), on, depth)));
  }
  on.accepted.resize(on.tasks.size());
  on.complete.set();
  if (random.one_in(2)) co_await nap(random.another());
  const auto cancel = [&on](std::size_t i) { on.cancel(i); };
  co_await cancel_all(on.tasks.size(), cancel);
  const silk::time_point before = silk::now();
  co_await silk::gather_settled(on.tasks);
  expect(silk::now() - before < 30min);
  for (std::size_t i = 0; i < on.tasks.size(); ++i) {
    expect(on.tasks[i].done());
    expect(on.accepted[i] == 0 || !ended_with_a_value(on.tasks[i]));
  }
}

TEST(sim, await_graph) { explore("await_graph", awaits); }
TEST(sim, circles_through_everything) {
  explore("circles_through_everything", through_everything<false>);
}
TEST(sim, circles_with_timers) { explore("circles_with_timers", through_everything<true>); }

}  // namespace
