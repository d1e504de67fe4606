// The programs of programs/call_graph_storm.hpp on real threads. Compiled with SILK_CALL_GRAPH.
#include "../programs/call_graph_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

namespace {

using namespace silk_stress;
using namespace silk_stress::looking;

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
