// The call graph of tasks that wait in every way, are cancelled, and end meanwhile; taken by other
// threads and by the tasks themselves. Compiled with SILK_CALL_GRAPH, so all coroutines are of this file.
#include "liveness.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using std::chrono::microseconds;

using handles = std::vector<silk::join_handle<void>>;

silk::task<> nap(dice random) {
  const auto turns = random.below(3);
  for (unsigned i = 0; i < turns; ++i) co_await silk::yield();
  co_await silk::sleep(microseconds(random.below(300)));
}

silk::task<> looks_at_itself(life, dice random) {
  co_await nap(random.another());
  const auto graph = silk::capture_call_graph();
  EXPECT_TRUE(graph.has_value());
  EXPECT_EQ(graph->frames.front().function, "looks_at_itself");
  EXPECT_FALSE(silk::to_string(*graph).empty());
  co_await nap(random.another());
}

silk::task<> in_a_group(life, dice random) {
  const auto body = [mine = random](silk::task_group& group) mutable -> silk::task<> {
    for (unsigned i = mine.below(4); i > 0; --i) {
      group.spawn(looks_at_itself(life(), mine.another()));
    }
    co_await nap(mine.another());
  };
  co_await silk::with_task_group(body);
}

silk::task<> behind_a_lock(life, dice random, silk::mutex& lock) {
  const auto held = co_await lock.scoped();
  co_await nap(random.another());
}

silk::task<> waits(life, dice random, std::shared_ptr<const handles> others, silk::mutex& lock) {
  const auto& other = (*others)[random.below(static_cast<unsigned>(others->size()))];
  switch (random.below(8)) {
    case 0:
      co_await silk::gather(looks_at_itself(life(), random.another()),
                            in_a_group(life(), random.another()), nap(random.another()));
      break;
    case 1:
      co_await silk::with_timeout(microseconds(random.below(500)),
                                  in_a_group(life(), random.another()));
      break;
    case 2:
      co_await silk::shield(other);
      break;
    case 3:
      co_await silk::wait(*others, {.return_when = silk::first_completed});
      break;
    case 4:
      co_await silk::gather(*others);
      break;
    case 5:
      co_await other;
      break;
    case 6:
      co_await behind_a_lock(life(), random.another(), lock);
      break;
    default:
      co_await looks_at_itself(life(), random.another());
  }
}

// Until it is told to stop: everything, and each on its own.
void look_at(silk::runtime& runtime, const handles& all, const std::atomic<bool>& stop) {
  while (!stop) {
    static_cast<void>(silk::dump(runtime));
    for (const auto& each : all) {
      static_cast<void>(silk::to_string(silk::capture_call_graph(each)));
    }
  }
}

class call_graph_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(call_graph_storm);

TEST_P(call_graph_storm, changes_nothing_for_those_that_are_looked_at) {
  silk::runtime runtime({.workers = workers(), .on_failure = [](const silk::failure&) {}});
  silk::mutex lock;
  while (time.running()) {
    auto first = std::make_shared<handles>();
    for (unsigned i = 1 + random.below(8); i > 0; --i) {
      first->push_back(runtime.spawn(looks_at_itself(life(), random.another())));
    }
    handles all = *first;
    for (unsigned i = 1 + random.below(24); i > 0; --i) {
      all.push_back(runtime.spawn(waits(life(), random.another(), first, lock)));
    }
    std::atomic<bool> stop{false};
    std::jthread watcher([&] { look_at(runtime, all, stop); });
    std::jthread canceller([&all, mine = random.another()]() mutable {
      for (const auto& each : all) {
        if (mine.one_in(2)) each.cancel("from outside");
        if (mine.one_in(4)) std::this_thread::yield();
      }
    });
    runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(all); });
    stop = true;
  }
}

// A cancel that meets somebody who looks is not lost: else this would not end.
TEST_P(call_graph_storm, loses_no_cancel) {
  silk::runtime runtime({.workers = workers()});
  while (time.running()) {
    const auto sleeps = [](life) -> silk::task<> { co_await silk::sleep(std::chrono::hours(1)); };
    const handles all{runtime.spawn(sleeps(life())), runtime.spawn(sleeps(life()))};
    std::atomic<bool> stop{false};
    std::jthread watcher([&] { look_at(runtime, all, stop); });
    if (random.one_in(2)) std::this_thread::yield();
    for (const auto& each : all) each.cancel();
    runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(all); });
    stop = true;
    for (const auto& each : all) EXPECT_TRUE(each.is_cancelled());
  }
}

}  // namespace
