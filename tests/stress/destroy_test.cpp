// The programs of programs/destroy.hpp on real threads, as many as the machine has and more.
#include "../programs/destroy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::leaving;

class destroy : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(destroy);

TEST_P(destroy, ends_all_tasks_and_drops_all_callbacks) {
  while (time.running()) {
    silk::runtime runtime(quiet(workers()));
    for (unsigned i = random.below(30); i > 0; --i) {
      runtime.spawn(tidy(life(), random.another()));
      if (random.one_in(4)) runtime.post([here = std::make_shared<life>()] {});
      if (random.one_in(4)) runtime.call_after(1h, [here = std::make_shared<life>()] {});
    }
    jitter(random);
  }
}

TEST_P(destroy, ends_all_that_other_threads_still_spawn) {
  while (time.running()) {
    silk::runtime runtime(quiet(workers()));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back(spawn_until_closed, std::ref(runtime), random.another(), 1'000);
    }
    jitter(random);
    jitter(random);
    if (random.one_in(2)) {
      runtime.close();
      threads.clear();
    } else {
      EXPECT_TRUE(runtime.shutdown());
    }
  }
}

TEST_P(destroy, shuts_down_once_whoever_asks_and_however_often) {
  while (time.running()) {
    silk::runtime runtime(quiet(workers()));
    std::vector<std::jthread> threads;
    threads.emplace_back(spawn_until_closed, std::ref(runtime), random.another(), 1'000);
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&runtime, mine = random.another()]() mutable {
        jitter(mine);
        while (!runtime.shutdown(microseconds(mine.below(500)))) liveness_oracle::progress();
        EXPECT_EQ(runtime.live_tasks(), 0u);
      });
    }
  }
}

TEST_P(destroy, takes_its_time_for_calls_that_block) {
  while (time.running()) {
    std::atomic<int> begun{0}, ended{0};
    {
      silk::runtime runtime({.workers = workers(), .blocking_threads = 2});
      for (int i = 0; i < 6; ++i) {
        runtime.spawn(silk::to_thread([&, here = life(), mine = random.another()]() mutable {
          ++begun;
          jitter(mine);
          ++ended;
        }));
      }
      jitter(random);
    }
    EXPECT_EQ(begun, ended);
  }
}

// Handles that outlive the runtime: cancelling them and asking them is harmless.
TEST_P(destroy, leaves_handles_usable) {
  while (time.running()) {
    std::vector<silk::join_handle<void>> handles;
    std::vector<silk::callback_handle> callbacks;
    std::jthread other;
    {
      silk::runtime runtime(quiet(workers()));
      for (int i = 0; i < 5; ++i) {
        handles.push_back(runtime.spawn(tidy(life(), random.another())));
        callbacks.push_back(runtime.call_after(1h, [here = std::make_shared<life>()] {}));
      }
      other = std::jthread([handles, callbacks, mine = random.another()]() mutable {
        for (std::size_t i = 0; i < handles.size(); ++i) {
          jitter(mine);
          handles[i].cancel();
          callbacks[i].cancel();
          static_cast<void>(handles[i].name());
        }
      });
      jitter(random);
    }
    for (const auto& each : handles) EXPECT_TRUE(each.done());
    for (const auto& each : callbacks) EXPECT_TRUE(each.is_cancelled());
  }
}

}  // namespace
