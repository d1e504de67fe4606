// Tasks that spawn tasks that spawn tasks, from inside and outside, joined or let go.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

// Gives the number of tasks below it that it waited for, itself included.
silk::task<unsigned> bush(life, dice random, unsigned depth) {
  std::vector<silk::join_handle<unsigned>> joined;
  unsigned size = 1;
  co_await nap(random.another());
  for (unsigned twigs = depth == 0 ? 0 : random.below(4); twigs > 0; --twigs) {
    auto handle = silk::spawn(bush(life(), random.another(), depth - 1));
    if (random.one_in(3)) continue;  // let go: it runs on by itself
    joined.push_back(std::move(handle));
    if (random.one_in(4)) co_await nap(random.another());
  }
  if (random.one_in(2)) {
    for (const auto& each : joined) size += co_await each;
  } else if (!joined.empty()) {
    const std::vector<unsigned> sizes = co_await silk::gather(joined);
    for (const unsigned each : sizes) size += each;
  }
  co_return size;
}

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
