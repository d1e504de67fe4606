// The programs of programs/cancel_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/cancel_storm.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::cancelling;

class cancel_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(cancel_storm);

TEST_P(cancel_storm, ends_each_task_whatever_it_waits_for) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    auto all = std::make_shared<handles>();
    for (unsigned i = 1 + random.below(40); i > 0; --i) {
      all->push_back(runtime.spawn(patient(life(), random.another())));
    }
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([all, mine = random.another()]() mutable { cancel_some(*all, mine); });
    }
    const auto inside = runtime.spawn(canceller(life(), random.another(), all));
    if (random.one_in(4)) inside.cancel();
    threads.clear();
    runtime.block_on([all]() -> silk::task<> { co_await silk::gather_settled(*all); });
    for (const auto& each : *all) EXPECT_TRUE(each.done());
  }
}

// A task cancels its own siblings, and their parent cancels all of them, while they start and end.
TEST_P(cancel_storm, ends_trees_that_cancel_themselves) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    runtime.block_on([mine = random.another()]() mutable -> silk::task<> {
      auto all = std::make_shared<handles>();
      for (unsigned i = 1 + mine.below(20); i > 0; --i) {
        all->push_back(silk::spawn(patient(life(), mine.another())));
      }
      silk::spawn(canceller(life(), mine.another(), all));
      const auto whole = silk::spawn(
          [](std::shared_ptr<handles> members) -> silk::task<> { co_await silk::gather(*members); },
          all);
      if (mine.one_in(2)) co_await nap(mine.another());
      whole.cancel("the whole");
      co_await silk::gather_settled(whole);
      co_await silk::gather_settled(*all);
    });
  }
}

}  // namespace
