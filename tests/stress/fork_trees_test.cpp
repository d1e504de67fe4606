// The programs of programs/fork_trees.hpp on real threads, as many as the machine has and more.
#include "../programs/fork_trees.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::forking;

class fork_trees : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(fork_trees);

TEST_P(fork_trees, outlive_all_their_branches) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    std::vector<silk::join_handle<void>> roots;
    for (unsigned i = 1 + random.below(6); i > 0; --i) {
      roots.push_back(random.one_in(3) ? runtime.spawn(gathered(random.another()))
                                       : runtime.spawn(root(random.another())));
      roots.push_back(runtime.spawn(sleeper(random.another())));
    }
    std::jthread canceller([roots, mine = random.another()]() mutable {
      for (const auto& each : roots) {
        jitter(mine);
        if (mine.one_in(2)) each.cancel("from outside");
      }
    });
    runtime.block_on([roots]() -> silk::task<> { co_await silk::gather_settled(roots); });
  }
}

TEST_P(fork_trees, add_up_whoever_steals) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    const auto adds = [](long n) -> silk::task<long> { co_return fib(n); };
    const auto adds_up = [&]() -> silk::task<long> {
      const auto [one, two] = co_await silk::gather(adds(18), adds(12));
      co_return one + two + fib(15);
    };
    const long sum = runtime.block_on(adds_up);
    EXPECT_EQ(sum, 2584 + 144 + 610);
    liveness_oracle::progress();
  }
}

// The first branch waits for the others to be taken: they must be handed out to workers that sleep.
TEST_P(fork_trees, reach_workers_that_sleep) {
  if (workers() == 1) GTEST_SKIP() << "nobody else";
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    const auto meets = []() -> silk::task<> {
      std::atomic<bool> met = false;
      silk::fork_join(
          [&met] {
            while (!met) silk::fork_join([] {}, [] {});
          },
          [&met] { met = true; });
      co_return;
    };
    if (random.one_in(4)) std::this_thread::sleep_for(microseconds(random.below(300)));
    runtime.block_on(meets);
    liveness_oracle::progress();
  }
}

}  // namespace
