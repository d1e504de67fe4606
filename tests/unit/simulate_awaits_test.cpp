// Programs that are compiled with SILK_CALL_GRAPH: others may come at every co_await, and frames are told.
#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using silk::testing::explore;
using silk::testing::sim_end;
using silk::testing::simulate;

silk::task<> takes_both(silk::mutex& first, silk::mutex& second) {
  const auto one = co_await first.scoped();
  const auto two = co_await second.scoped();
}

// Only if another task comes between the two awaits, which do not suspend while the locks are free.
silk::task<> deadlocks_now_and_then() {
  silk::mutex a, b;
  co_await silk::gather(takes_both(a, b), takes_both(b, a));
}

TEST(simulate_awaits, lets_others_come_where_an_await_does_not_suspend) {
  const auto report = explore(deadlocks_now_and_then, {.to = nullptr});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure.end, sim_end::stuck);
  EXPECT_LE(report.failure.departures(), 2u) << report.failure.schedule();
}

TEST(simulate_awaits, tells_where_the_tasks_are_that_are_left) {
  const auto report = explore(deadlocks_now_and_then, {.to = nullptr});
  ASSERT_EQ(report.failure.stuck.size(), 1u);
  EXPECT_EQ(
      report.failure.stuck[0].waits_for,
      "child 0 of a gather, which waits for its turn at silk::mutex #1, child 1 of a gather, which "
      "waits for its turn at silk::mutex #2");
  ASSERT_EQ(report.failure.stuck[0].frames.size(), 1u);
  EXPECT_EQ(report.failure.stuck[0].frames[0].function, "deadlocks_now_and_then");
}

silk::task<> pauses(std::string& order, char name) {
  order += name;
  const auto nothing = []() -> silk::task<> { co_return; };
  co_await nothing();
  order += name;
}

TEST(simulate_awaits, mixes_tasks_that_never_wait) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::string order;
    const auto both = [&order]() -> silk::task<> {
      co_await silk::gather(pauses(order, 'a'), pauses(order, 'b'));
    };
    EXPECT_TRUE(simulate(both, {.seed = seed}).ok());
    orders.insert(order);
  }
  EXPECT_TRUE(orders.contains("aabb"));
  EXPECT_TRUE(orders.contains("abab"));
  EXPECT_TRUE(orders.contains("abba"));
}

// What an await does and throws is the same after a pause.
struct in_words {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const {
    if (throws) throw std::runtime_error("in await_suspend");
    return false;
  }
  int await_resume() const noexcept { return 7; }
  bool throws;
};

silk::task<> awaits_everything() {
  silk::queue<int> items(1);
  co_await items.put(3);
  const int got = co_await items.get();
  silk::testing::check(got == 3);
  const int seven = co_await in_words{false};
  silk::testing::check(seven == 7);
  std::string said;
  try {
    co_await in_words{true};
  } catch (const std::runtime_error& error) {
    said = error.what();
  }
  silk::testing::check(said == "in await_suspend");
  const auto fails = []() -> silk::task<int> {
    throw std::logic_error("by itself");
    co_return 1;
  };
  try {
    static_cast<void>(co_await fails());
  } catch (const std::logic_error& error) {
    said = error.what();
  }
  silk::testing::check(said == "by itself");
  bool late = false;
  try {
    co_await silk::with_timeout(1ms, silk::sleep(1h));
  } catch (const silk::timeout_error&) {
    late = true;
  }
  silk::testing::check(late);
}

TEST(simulate_awaits, changes_nothing_about_the_await) {
  const auto report = explore(awaits_everything, {.seeds = 200});
  EXPECT_TRUE(report.ok());
}

TEST(simulate_awaits, delivers_a_cancel_that_comes_in_between) {
  std::set<std::string> moments;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::string moment = "not begun";
    const auto cancelled_somewhere = [&moment]() -> silk::task<> {
      silk::mutex free;
      const auto walks = [&moment](silk::mutex& lock) -> silk::task<> {
        moment = "before the lock";
        const auto hold = co_await lock.scoped();
        moment = "with the lock";
        co_await silk::yield();
        moment = "after the wait";
      };
      const auto walker = silk::spawn(walks, std::ref(free));
      silk::testing::outside([walker] { walker.cancel(); });
      co_await silk::gather_settled(walker);
      silk::testing::check(!free.is_locked(), "the lock is free");
    };
    const auto result = simulate(cancelled_somewhere, {.seed = seed});
    EXPECT_TRUE(result.ok()) << result.message;
    moments.insert(moment);
  }
  EXPECT_EQ(moments, (std::set<std::string>{"not begun", "with the lock", "after the wait"}));
}

}  // namespace
