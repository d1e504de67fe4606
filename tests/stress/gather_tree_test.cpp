// The programs of programs/gather_tree.hpp on real threads, as many as the machine has and more.
#include "../programs/gather_tree.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::gathering;

class gather_tree : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(gather_tree);

TEST_P(gather_tree, outlives_all_its_children) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    std::vector<silk::join_handle<void>> roots;
    for (unsigned i = 1 + random.below(8); i > 0; --i) {
      roots.push_back(runtime.spawn(root(random.another())));
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

TEST_P(gather_tree, adds_up_whoever_steals) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    const auto [one, two, three] = runtime.block_on(
        [mine = random.another()]() mutable
            -> silk::task<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> {
          const auto apart = silk::spawn(fib(15, mine.another()));
          const auto [left, right] =
              co_await silk::gather(fib(16, mine.another()), fib(14, mine.another()));
          const std::uint64_t last = co_await apart;
          co_return std::tuple(left, right, last);
        });
    liveness_oracle::progress();
    EXPECT_EQ(one, 987u);
    EXPECT_EQ(two, 377u);
    EXPECT_EQ(three, 610u);
  }
}

}  // namespace
