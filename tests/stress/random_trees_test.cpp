// The programs of programs/random_trees.hpp on real threads, on runtimes that are closed or destroyed while
// they are at it.
#include "../programs/random_trees.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::growing;

// What a thread of the embedding program does: spawn, cancel, wait, or let go.
void foreign_thread(silk::runtime& runtime, dice random) {
  for (int i = 0; i < 50; ++i) {
    try {
      const auto handle = runtime.spawn(tree(life(), random.another(), 4));
      if (random.one_in(3)) {
        std::this_thread::sleep_for(microseconds(random.below(300)));
        handle.cancel("from a foreign thread");
      }
      if (random.one_in(3)) runtime.block_on(silk::future<int>(handle));
    } catch (const silk::usage_error&) {  // closed
    } catch (const silk::cancelled&) {
    } catch (const std::exception&) {
    }
  }
}

class random_trees : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(random_trees);

TEST_P(random_trees, end_whatever_is_cancelled_and_whenever_the_runtime_goes) {
  do {
    silk::runtime runtime(quiet(workers()));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&runtime, mine = random.another()] { foreign_thread(runtime, mine); });
    }
    if (random.one_in(2)) {
      std::this_thread::sleep_for(microseconds(random.below(5'000)));
      runtime.close();
    }
    threads.clear();
    if (random.one_in(2)) runtime.shutdown();
  } while (time.running());
}

}  // namespace
