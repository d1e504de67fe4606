// Runtimes that are closed, shut down and destroyed at any moment of any task's life. Run it with
// AddressSanitizer: whatever is left behind is a leak.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

// In waits that only a cancel ends, most of them.
silk::task<> lingers(life, dice random, unsigned depth) {
  switch (depth == 0 ? random.below(4) : random.below(9)) {
    case 0:
      co_await silk::sleep(1h);
      break;
    case 1:
      co_await nap(random.another());
      break;
    case 2: {
      silk::promise<> kept;
      co_await kept.get_future();
      break;
    }
    case 3: {
      auto call = [here = life(), mine = random.another()]() mutable { jitter(mine); };
      co_await silk::to_thread(std::move(call));
      break;
    }
    case 4:
      co_await silk::gather(lingers(life(), random.another(), depth - 1),
                            lingers(life(), random.another(), depth - 1));
      break;
    case 5: {
      const auto handle = silk::spawn(lingers(life(), random.another(), depth - 1));
      co_await silk::shield(handle);
      break;
    }
    case 6:
      co_await silk::with_timeout(1h, lingers(life(), random.another(), depth - 1));
      break;
    case 7: {
      const auto body = [mine = random, depth](auto& group) mutable -> silk::task<> {
        group.spawn(lingers(life(), mine.another(), depth - 1));
        group.spawn(lingers(life(), mine.another(), depth - 1));
        co_await nap(mine.another());
      };
      co_await silk::with_task_group(body);
      break;
    }
    default: {
      std::vector<silk::join_handle<void>> both;
      for (int i = 0; i < 2; ++i) {
        both.push_back(silk::spawn(lingers(life(), random.another(), depth - 1)));
      }
      co_await silk::wait(both);
    }
  }
}

// Cleans up when it is cancelled: with awaits, and with a task of its own.
silk::task<> tidy(life, dice random) {
  bool stopped = false;
  try {
    co_await lingers(life(), random.another(), 3);
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (!stopped) co_return;
  if (random.one_in(3)) co_await nap(random.another());
  if (random.one_in(3)) silk::spawn(lingers(life(), random.another(), 1));
  if (random.one_in(8)) throw failure_by_design();
}

// Spawns until the runtime takes nothing any more. Every handle it was given must come to an end.
void spawn_until_closed(silk::runtime& runtime, dice random, unsigned most) {
  std::vector<silk::join_handle<void>> handles;
  try {
    for (unsigned i = 0; i < most; ++i) {
      handles.push_back(runtime.spawn(tidy(life(), random.another())));
      if (random.one_in(4)) runtime.post([here = std::make_shared<life>()] {});
      if (random.one_in(4)) {
        runtime.call_after(random.one_in(2) ? 1h : silk::duration(10us),
                           [here = std::make_shared<life>()] {});
      }
      jitter(random);
    }
  } catch (const silk::usage_error&) {
  }
  if (random.one_in(2)) return;
  for (const auto& each : handles) {
    try {
      runtime.block_on(silk::future<void>(each));
    } catch (const silk::cancelled&) {
    } catch (const std::exception&) {
    }
  }
}

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
