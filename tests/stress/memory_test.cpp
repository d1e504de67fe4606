// What a burst of tasks has taken goes back to the system when the runtime is idle, and costs each worker a wake. To
// see that, real time has to pass.
#include "../../scheduler/frame_pool.hpp"
#include "../../scheduler/pool.hpp"
#include "../../scheduler/worker.hpp"
#include "tasks.hpp"
#include "workers_usage.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

std::size_t kib_of(const char* what) {
  std::ifstream status("/proc/self/status");
  std::size_t kib = 0;
  for (std::string word; status >> word;) {
    if (word == what) status >> kib;
  }
  return kib;
}
std::size_t resident_kib() { return kib_of("VmRSS:"); }

template <class Condition>
void wait_until(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(10ms);
}
bool depot_is_small() { return silk::scheduler::frame_memory_now().blocks_in_depot < 10'000u; }

silk::task<> short_sleeper(dice random) {
  for (int i = 0; i < 2; ++i) co_await silk::sleep(microseconds(random.below(400'000)));
}

silk::task<> gather_many(std::size_t count, dice random) {
  std::vector<silk::task<>> sleepers;
  sleepers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) sleepers.push_back(short_sleeper(random.another()));
  co_await silk::gather(std::move(sleepers));
}

silk::task<> spawn_many(std::size_t count, dice random) {
  std::vector<silk::join_handle<void>> sleepers;
  sleepers.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    sleepers.push_back(silk::spawn(short_sleeper(random.another())));
  for (const auto& each : sleepers) co_await each;
}

class memory_after_a_burst : public testing::Test {
 protected:
  static constexpr std::size_t few = 1'000, many = 1'000'000;

  void SetUp() override {
    if (!silk::scheduler::detail::is_pooled(144)) GTEST_SKIP() << "frames come from operator new";
    // The test's own vectors go back at once; a heap that has seen large ones keeps the next.
    ASSERT_EQ(::mallopt(M_MMAP_THRESHOLD, 128 * 1024), 1);
    silk::scheduler::trim_frames();  // of other tests
  }

  // At most a tenth more than before; twice, since what a second burst finds is different. It takes less than a second
  // (docs/decisions/015-giving-memory-back.md), but not on a machine that has other work.
  template <class Burst>
  void expect_it_goes_back(Burst burst) {
    burst(few);
    const std::size_t before = resident_kib();
    for (int round = 0; round < 2; ++round) {
      burst(many);
      EXPECT_GT(kib_of("VmHWM:"), before + 50'000);  // at most, so far
      wait_until([&] { return resident_kib() <= before + before / 10; });
      EXPECT_LE(resident_kib(), before + before / 10);
    }
  }

  dice random = seeded_dice();
};

TEST_F(memory_after_a_burst, goes_back_when_a_million_were_gathered) {
  silk::runtime runtime(quiet(2));
  expect_it_goes_back(
      [&](std::size_t count) { runtime.block_on(gather_many(count, random.another())); });
}

TEST_F(memory_after_a_burst, goes_back_when_a_million_were_spawned) {
  silk::runtime runtime(quiet(3));
  expect_it_goes_back(
      [&](std::size_t count) { runtime.block_on(spawn_many(count, random.another())); });
}

TEST_F(memory_after_a_burst, goes_back_when_a_million_were_spawned_from_outside) {
  silk::runtime runtime(quiet(1));
  expect_it_goes_back([&](std::size_t count) {
    std::vector<silk::join_handle<void>> sleepers;
    sleepers.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      sleepers.push_back(runtime.spawn(short_sleeper(random.another())));
    for (const auto& each : sleepers) runtime.block_on(silk::future<void>(each));
  });
}

TEST_F(memory_after_a_burst, wakes_each_worker_a_few_times_and_then_none) {
  constexpr unsigned workers = 4;
  silk::runtime runtime(quiet(workers));
  runtime.block_on(gather_many(100'000, random.another()));
  settle();
  const window giving_back = observe(900ms);
  EXPECT_LE(giving_back.wake_ups, 4 * workers);
  wait_until(depot_is_small);
  EXPECT_TRUE(depot_is_small());
  expect_idle();
}

silk::task<> wait_for(silk::event& end) { co_await end.wait(); }
silk::task<> nothing() { co_return; }
silk::task<> gather_brief(std::size_t count) {
  std::vector<silk::task<>> brief;
  for (std::size_t i = 0; i < count; ++i) brief.push_back(nothing());
  co_await silk::gather(std::move(brief));
}

// Of many that were spawned a few stay, and with them the slabs of all; a brief burst now and then brings a little.
TEST_F(memory_after_a_burst, is_left_alone_for_a_while_when_blocks_that_stay_hold_on_to_it) {
  silk::runtime runtime(quiet(2));
  silk::event end;
  std::vector<silk::join_handle<void>> stay;
  runtime.block_on([](silk::event& last, auto& staying, dice dealt) -> silk::task<> {
    std::vector<silk::join_handle<void>> others;
    for (std::size_t i = 0; i < 400'000; ++i) {
      if (i % 16 == 0) staying.push_back(silk::spawn(wait_for(last)));
      others.push_back(silk::spawn(short_sleeper(dealt.another())));
    }
    for (const auto& each : others) co_await each;
  }(end, stay, random.another()));
  auto one_trim = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    silk::scheduler::trim_frames();
    one_trim = std::min(one_trim, std::chrono::steady_clock::now() - begin);
  }

  // A trim takes all that is free once more.
  const std::size_t free = silk::scheduler::frame_traffic_now().free();
  const std::size_t taken = silk::scheduler::frame_traffic_now().taken;
  const std::size_t bursts = 20;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < bursts; ++i) {
    runtime.block_on(gather_brief(few));
    std::this_thread::sleep_for(100ms);
  }
  const auto passed = std::chrono::steady_clock::now() - start;
  const std::size_t trims = (silk::scheduler::frame_traffic_now().taken - taken) / free;
  EXPECT_LT(trims * one_trim, passed / 25);
  EXPECT_GT(free, 10'000'000u);
  end.set();
  for (const auto& each : stay) runtime.block_on(silk::future<void>(each));
}

// Far more often than a pool does it by itself: between computations that fork, sleep and are stolen from.
class memory_storm : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(memory_storm);

silk::task<unsigned> tree(unsigned depth, dice random) {
  const life here;
  if (depth == 0) {
    if (random.one_in(16)) co_await silk::sleep(microseconds(random.below(200)));
    co_return 1;
  }
  const auto [left, right] =
      co_await silk::gather(tree(depth - 1, random.another()), tree(depth - 1, random.another()));
  co_return left + right;
}

TEST_P(memory_storm, loses_nobody_while_memory_is_given_back) {
  silk::runtime runtime(quiet(workers()));
  unsigned times = 0;
  while (time.running()) {
    const auto before = runtime.spawn(tree(random.below(10), random.another()));
    times += runtime.block_on([]() -> silk::task<unsigned> {
      co_return silk::scheduler::current_worker()->owner().give_back() ? 1u : 0u;
    });
    const unsigned depth = random.below(8);
    EXPECT_EQ(runtime.block_on(tree(depth, random.another())), 1u << depth);
    runtime.block_on(silk::future<unsigned>(before));
    jitter(random);
    liveness_oracle::progress();
  }
  std::printf("%u times\n", times);
}

}  // namespace
