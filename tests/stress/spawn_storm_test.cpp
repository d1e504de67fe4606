// The programs of programs/spawn_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/spawn_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::spawning;

class spawn_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(spawn_storm);

TEST_P(spawn_storm, ends_each_task_whoever_spawns_it_and_whoever_waits) {
  silk::runtime runtime(quiet(workers()));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, mine = random.another()]() mutable {
      while (time.running()) {
        std::vector<silk::join_handle<unsigned>> handles;
        for (unsigned i = 1 + mine.below(20); i > 0; --i) {
          auto handle = runtime.spawn(bush(life(), mine.another(), 4));
          if (!mine.one_in(4)) handles.push_back(std::move(handle));
          jitter(mine);
        }
        for (const auto& each : handles) {
          EXPECT_GE(runtime.block_on(silk::future<unsigned>(each)), 1u);
        }
      }
    });
  }
  threads.clear();
}

TEST_P(spawn_storm, runs_each_callback_once) {
  silk::runtime runtime(quiet(workers()));
  std::vector<std::jthread> threads;
  std::atomic<int> posted{0}, called{0}, taken_back{0};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, mine = random.another()]() mutable {
      while (time.running()) {
        std::vector<silk::callback_handle> handles;
        for (unsigned i = 1 + mine.below(30); i > 0; --i) {
          const auto count = [&called, here = std::make_shared<life>()] { ++called; };
          ++posted;
          handles.push_back(mine.one_in(2)
                                ? runtime.post(count)
                                : runtime.call_after(microseconds(mine.below(300)), count));
          jitter(mine);
        }
        for (const auto& each : handles) {
          if (mine.one_in(3)) taken_back += each.cancel();
        }
        while (posted > called + taken_back + 500) std::this_thread::yield();
      }
    });
  }
  threads.clear();
  while (posted > called + taken_back) std::this_thread::yield();
  EXPECT_EQ(posted, called + taken_back);
}

}  // namespace
