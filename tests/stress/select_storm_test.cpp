// The programs of programs/select_storm.hpp on real threads, as many as the machine has and more.
#include "../programs/select_storm.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;
using namespace silk_stress::selecting;

class select_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(select_storm);

TEST_P(select_storm, loses_no_item_lock_or_permit) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    scene on;
    silk::promise<> stop;
    std::vector<silk::join_handle<>> all;
    for (unsigned i = 1 + random.below(6); i > 0; --i) {
      all.push_back(runtime.spawn(selects(life(), random.another(), on, stop.get_future())));
    }
    {
      const std::jthread producer([&, mine = random.another()] { puts(mine, on); });
      const std::jthread canceller([&, mine = random.another()] { cancels(mine, all, on.over); });
      for (unsigned i = 5 + random.below(20); i > 0; --i) jitter(random);
      if (random.one_in(2)) stop.set_value();
      for (unsigned i = random.below(10); i > 0; --i) jitter(random);
      on.over = true;
    }
    if (!stop.done()) stop.set_value();
    runtime.block_on([&]() -> silk::task<> { co_await silk::gather_settled(all); });
    EXPECT_EQ(on.put, on.taken + on.one.size() + on.two.size());
    EXPECT_EQ(on.free.available(), permits);
    EXPECT_FALSE(on.lock.is_locked());
  }
}

// ---- as_completed ----

void completes(dice random, std::vector<silk::promise<std::size_t>> promises) {
  for (std::size_t i = 0; i < promises.size(); ++i) {
    promises[i].set_value(i);
    jitter(random);
  }
}

TEST_P(select_storm, as_completed_gives_each_outcome_once) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    std::vector<silk::promise<std::size_t>> promises(1 + random.below(60));
    std::vector<std::atomic<int>> seen(promises.size());
    std::vector<silk::future<std::size_t>> futures;
    for (const auto& one : promises) futures.push_back(one.get_future());
    const std::jthread producer([mine = random.another(), all = std::move(promises)]() mutable {
      completes(mine, std::move(all));
    });
    std::atomic<bool> over{false};
    std::vector<silk::join_handle<>> consumers;
    std::jthread canceller;
    runtime.block_on([&]() -> silk::task<> {
      auto from = silk::as_completed(futures, {.timeout = 1h});
      for (unsigned i = 1 + random.below(4); i > 0; --i) {
        consumers.push_back(silk::spawn(consumes(life(), random.another(), from, seen)));
      }
      canceller = std::jthread([&, mine = random.another()] { cancels(mine, consumers, over); });
      co_await silk::gather_settled(consumers);
      // All may have been cancelled before they began.
      co_await consumes(life(), random.another(), from, seen);
    });
    over = true;
    canceller.join();
    for (const auto& times : seen) EXPECT_EQ(times, 1);
    liveness_oracle::progress();
  }
}

}  // namespace
