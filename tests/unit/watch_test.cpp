#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/silk.hpp>
#include <silk/watch.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

class watch : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(watch);

silk::task<> changes(silk::watch<int>::receiver& of) { co_await of.changed(); }

TEST(watch, holds_the_latest_value) {
  silk::watch<std::string> price("1");
  EXPECT_EQ(price.get(), "1");
  price.send("2");
  price.send("3");
  EXPECT_EQ(price.get(), "3");
  price.close();
  EXPECT_TRUE(price.is_closed());
  EXPECT_EQ(price.get(), "3");
  EXPECT_THROW(price.send("4"), silk::closed_error);
  EXPECT_EQ(price.get(), "3");
}

TEST_P(watch, waits_for_a_value_that_was_not_seen) {
  run([]() -> silk::task<> {
    silk::watch<int> price(1);
    auto receiver = price.subscribe();
    EXPECT_FALSE(receiver.has_changed());
    const auto waiter = silk::spawn(changes(receiver));
    co_await at_rest();
    EXPECT_FALSE(waiter.done());
    price.send(2);
    co_await waiter;
    EXPECT_FALSE(receiver.has_changed());  // it counts as seen
    EXPECT_EQ(receiver.get(), 2);
  });
}

TEST_P(watch, tells_of_many_changes_once) {
  run([]() -> silk::task<> {
    silk::watch<int> price(1);
    auto receiver = price.subscribe();
    for (int i = 2; i < 5; ++i) price.send(i);
    EXPECT_TRUE(receiver.has_changed());
    co_await receiver.changed();
    EXPECT_EQ(receiver.get(), 4);
    const auto waiter = silk::spawn(changes(receiver));
    co_await at_rest();
    EXPECT_FALSE(waiter.done());
    price.send(4);  // the same value is a change, too
    co_await waiter;
  });
}

TEST_P(watch, takes_what_was_got_for_seen) {
  run([]() -> silk::task<> {
    silk::watch<int> price(1);
    auto receiver = price.subscribe();
    price.send(2);
    EXPECT_EQ(receiver.get(), 2);
    EXPECT_FALSE(receiver.has_changed());
    EXPECT_EQ(price.get(), 2);
    price.send(3);
    EXPECT_EQ(price.get(), 3);  // says nothing about the receiver
    EXPECT_TRUE(receiver.has_changed());
    co_return;
  });
}

TEST_P(watch, tells_the_last_change_before_its_end) {
  run([]() -> silk::task<> {
    std::optional<silk::watch<int>> price(std::in_place, 1);
    auto receiver = price->subscribe();
    auto waiting = price->subscribe();
    const auto waiter = silk::spawn([&]() -> silk::task<> {
      co_await waiting.changed();
      co_await waiting.changed();
    });
    price->send(2);
    co_await at_rest();
    price.reset();
    EXPECT_TRUE(receiver.is_closed());
    co_await receiver.changed();
    EXPECT_EQ(receiver.get(), 2);
    const std::string end = co_await ending(receiver.changed());
    EXPECT_EQ(end, "closed");
    const std::string waited = co_await ending(waiter);
    EXPECT_EQ(waited, end);
    EXPECT_EQ(receiver.get(), 2);
  });
}

// docs/cancellation.md: w15a
TEST_P(watch, forgets_no_change_when_a_receiver_is_cancelled) {
  run([]() -> silk::task<> {
    silk::watch<int> price(1);
    auto receiver = price.subscribe();
    const auto waiter = silk::spawn(changes(receiver));
    co_await at_rest();
    waiter.cancel();
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, "cancelled");
    price.send(2);
    co_await receiver.changed();
  });
}

// docs/cancellation.md: w15b
TEST(watch, forgets_no_change_when_a_woken_receiver_is_cancelled) {
  silk::run(
      []() -> silk::task<> {
        silk::watch<int> price(1);
        auto receiver = price.subscribe();
        const auto waiter = silk::spawn(changes(receiver));
        co_await at_rest();
        price.send(2);
        waiter.cancel();
        const std::string end = co_await ending(waiter);
        EXPECT_EQ(end, "cancelled");
        EXPECT_TRUE(receiver.has_changed());
        co_await receiver.changed();
      },
      virtual_time(1));
}

TEST_P(watch, is_changed_by_foreign_threads_and_seen_by_two_runtimes) {
  silk::watch<int> price(0);
  silk::runtime one(steady_time(workers())), other(steady_time(1));
  const auto until_it_is_over = [](silk::watch<int>::receiver from) -> silk::task<int> {
    int last = 0;
    try {
      for (;;) {
        co_await from.changed();
        const int now = from.get();
        EXPECT_GE(now, last);
        last = now;
      }
    } catch (const silk::closed_error&) {
    }
    co_return last;
  };
  std::vector<silk::join_handle<int>> watchers;
  watchers.push_back(one.spawn(until_it_is_over, price.subscribe()));
  watchers.push_back(one.spawn(until_it_is_over, price.subscribe()));
  watchers.push_back(other.spawn(until_it_is_over, price.subscribe()));
  std::thread sender([&] {
    for (int i = 1; i <= 1000; ++i) price.send(i);
    price.close();
  });
  sender.join();
  for (const auto& each : watchers) EXPECT_EQ(one.block_on(silk::future<int>(each)), 1000);
}

}  // namespace
