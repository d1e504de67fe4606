// The programs of programs/sync_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/sync_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::syncing;

class sync_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(sync_storm);

TEST_P(sync_storm, loses_no_turn_whoever_is_cancelled) {
  silk::runtime runtime(quiet(workers())), abroad(quiet(2));
  while (time.running()) {
    const unsigned tasks = 2 + random.below(40);
    tools with(tasks);
    auto all = std::make_shared<handles>();
    for (unsigned i = 0; i < tasks; ++i) {
      silk::runtime& home = random.one_in(4) ? abroad : runtime;
      all->push_back(home.spawn(user(life(), random.another(), with, debts(with))));
    }
    const auto producing = runtime.spawn(produce(life(), random.another(), with, tasks));
    const auto inside = runtime.spawn(disturb_inside(life(), random.another(), all));
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&with, &all, mine = random.another()] { disturb(with, *all, mine); });
      }
    }
    with.happened.set();
    with.meeting.abort();
    runtime.block_on([all]() -> silk::task<> { co_await silk::gather_settled(*all); });
    runtime.block_on(producing);
    runtime.block_on(inside);
    with.expect_all_back();
    EXPECT_EQ(with.left, with.right);
  }
}

// Consumers, of which some are sure to be cancelled, while they wait, are notified, or get the lock back.
// There are as many items, each announced once, as the others need. So whoever of them is left waiting
// has missed a notification that a cancelled one should have passed on.
TEST_P(sync_storm, loses_no_notification_whoever_is_cancelled) {
  silk::runtime runtime(quiet(workers()));
  // A task that ends before its cancel is thrown ends cancelled: only the task knows that it had an item.
  const auto consumer = [](life, tools& with, std::atomic<unsigned>& consumed) -> silk::task<> {
    co_await consumes(with);
    ++consumed;
  };
  while (time.running()) {
    tools with(0);
    handles lucky, doomed;
    std::atomic<unsigned> by_lucky = 0, by_doomed = 0;
    for (unsigned i = 2 + random.below(12); i > 0; --i) {
      const bool dooms = random.one_in(2);
      (dooms ? doomed : lucky)
          .push_back(runtime.spawn(consumer, life(), std::ref(with),
                                   std::ref(dooms ? by_doomed : by_lucky)));
    }
    while (random.one_in(2) && with.change.waiting() < lucky.size()) std::this_thread::yield();
    const auto needed = static_cast<unsigned>(lucky.size());
    const auto producing = runtime.spawn(produce(life(), random.another(), with, needed));
    for (const auto& each : doomed) {
      jitter(random);
      each.cancel();
    }
    runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(doomed); });
    runtime.block_on(producing);
    runtime.block_on(produce(life(), random.another(), with, by_doomed));
    for (const auto& each : lucky) runtime.block_on(each);
    EXPECT_EQ(by_lucky, needed);
    EXPECT_EQ(with.items, 0);
    EXPECT_FALSE(with.change.is_locked());
    EXPECT_EQ(with.change.waiting(), 0u);
  }
}

}  // namespace
