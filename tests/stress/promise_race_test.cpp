// The programs of programs/promise_race.hpp on real threads, as many as the machine has and more.
#include "../programs/promise_race.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::promising;

// One promise and all who have to do with it. Ends when they have ended.
void one_promise(silk::runtime& runtime, dice& random) {
  silk::promise<value> made;
  const silk::future<value> awaited = made.get_future();
  std::vector<silk::join_handle<void>> waiters;
  for (unsigned i = random.below(5); i > 0; --i) {
    auto handle = runtime.spawn(waiter(life(), random.another(), awaited));
    if (!random.one_in(4)) waiters.push_back(std::move(handle));
  }
  std::jthread producer(complete, std::move(made), random.another());
  std::optional<std::jthread> canceller, blocked;
  if (random.one_in(2)) {
    canceller.emplace([waiters, awaited, mine = random.another()]() mutable {
      for (const auto& each : waiters) {
        jitter(mine);
        if (mine.one_in(2)) each.cancel();
      }
      if (mine.one_in(2)) awaited.cancel();
    });
  }
  if (random.one_in(2)) {
    blocked.emplace([&runtime, awaited] {
      try {
        runtime.block_on(awaited);
      } catch (const silk::cancelled&) {
      } catch (const std::exception&) {
      }
    });
  }
  if (random.one_in(2)) waiters.clear();
}

class promise_race : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(promise_race);

TEST_P(promise_race, ends_everyone_who_waits) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) one_promise(runtime, random);
}

TEST_P(promise_race, ends_everyone_before_the_runtime_goes) {
  while (time.running()) {
    silk::runtime runtime(quiet(workers()));
    for (int i = 0; i < 4; ++i) one_promise(runtime, random);
  }
}

// The runtime is gone as soon as its last task has ended, perhaps before the thread that completed the
// promise has left set_value().
TEST_P(promise_race, lets_the_runtime_go_while_the_producer_is_on_its_way_out) {
  while (time.running()) {
    silk::promise<value> made;
    const silk::future<value> awaited = made.get_future();
    const std::jthread producer([&made, mine = random.another()]() mutable {
      jitter(mine);
      made.set_value(make_value());
    });
    silk::run(
        [awaited, mine = random.another()]() mutable -> silk::task<> {
          for (unsigned turns = mine.below(20); turns > 0; --turns) co_await silk::yield();
          co_await awaited;
        },
        quiet(workers()));
  }
}

// As above, with a foreign thread that cancels the last task.
TEST_P(promise_race, lets_the_runtime_go_while_the_canceller_is_on_its_way_out) {
  while (time.running()) {
    std::optional<std::jthread> canceller;
    {
      silk::runtime runtime(quiet(workers()));
      const auto last =
          runtime.spawn([](life) -> silk::task<> { co_await silk::sleep(1h); }, life());
      canceller.emplace([last, mine = random.another()]() mutable {
        jitter(mine);
        last.cancel();
      });
      EXPECT_THROW(runtime.block_on(silk::future<void>(last)), silk::cancelled);
    }
  }
}

TEST_P(promise_race, lets_many_threads_block_on_one_future) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    silk::promise<value> made;
    const silk::future<value> awaited = made.get_future();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&runtime, awaited, mine = random.another()]() mutable {
        jitter(mine);
        const life here;
        if (mine.one_in(2)) {
          EXPECT_NE(runtime.block_on(awaited), nullptr);
        } else {
          runtime.block_on([awaited]() -> silk::task<> { co_await awaited; });
        }
      });
    }
    jitter(random);
    made.set_value(make_value());
  }
}

}  // namespace
