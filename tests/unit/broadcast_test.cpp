#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/broadcast.hpp>
#include <silk/silk.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

class broadcast : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(broadcast);

// All that comes, in words; a lag as "(missed n)".
silk::task<std::string> heard(silk::broadcast<std::string>::receiver from) {
  std::string all;
  for (;;) {
    std::optional<std::string> word;
    try {
      word = co_await from.next();
      if (!word) break;
    } catch (const silk::lagged_error& late) {
      word = "(missed " + std::to_string(late.missed()) + ")";
    }
    all += *word;
  }
  co_return all;
}

TEST_P(broadcast, sends_everything_to_everybody) {
  run([]() -> silk::task<> {
    silk::broadcast<std::string> radio(4);
    const auto one = silk::spawn(heard(radio.subscribe()));
    const auto other = silk::spawn(heard(radio.subscribe()));
    EXPECT_EQ(radio.receivers(), 2u);
    for (const char* word : {"a", "b", "c", "d", "e", "f"}) {
      EXPECT_EQ(radio.send(word), 2u);
      co_await at_rest();
    }
    radio.close();
    const std::string first = co_await one;
    const std::string second = co_await other;
    EXPECT_EQ(first, "abcdef");
    EXPECT_EQ(second, "abcdef");
    co_await at_rest();
    EXPECT_EQ(radio.receivers(), 0u);
  });
}

TEST_P(broadcast, sends_only_what_comes_after_the_subscription) {
  run([]() -> silk::task<> {
    silk::broadcast<std::string> radio(4);
    EXPECT_EQ(radio.send("nobody"), 0u);
    auto early = radio.subscribe();
    EXPECT_EQ(radio.send("a"), 1u);
    auto late = radio.subscribe();
    EXPECT_EQ(radio.send("b"), 2u);
    radio.close();
    const std::string first = co_await heard(std::move(early));
    const std::string second = co_await heard(std::move(late));
    EXPECT_EQ(first, "ab");
    EXPECT_EQ(second, "b");
  });
}

TEST_P(broadcast, tells_once_how_much_a_slow_receiver_has_missed) {
  run([]() -> silk::task<> {
    silk::broadcast<std::string> radio(3);
    auto slow = radio.subscribe();
    for (const char* word : {"a", "b", "c"}) static_cast<void>(radio.send(word));
    const auto first = co_await slow.next();
    EXPECT_EQ(first, "a");
    for (const char* word : {"d", "e", "f"}) static_cast<void>(radio.send(word));
    radio.close();
    const std::string rest = co_await heard(std::move(slow));
    EXPECT_EQ(rest, "(missed 2)def");
  });
}

TEST(broadcast, keeps_as_many_as_it_says) {
  silk::broadcast<int> radio(1);
  EXPECT_EQ(radio.capacity(), 1u);
  auto receiver = radio.subscribe();
  static_cast<void>(radio.send(1));
  EXPECT_EQ(receiver.try_next(), 1);
  EXPECT_EQ(receiver.try_next(), std::nullopt);
  static_cast<void>(radio.send(2));
  static_cast<void>(radio.send(3));
  EXPECT_THROW(static_cast<void>(receiver.try_next()), silk::lagged_error);
  EXPECT_EQ(receiver.try_next(), 3);
  EXPECT_THROW(silk::broadcast<int>(0), std::invalid_argument);
}

TEST(broadcast, refuses_to_send_when_it_is_closed) {
  silk::broadcast<int> radio(1);
  radio.close();
  radio.close();
  EXPECT_TRUE(radio.is_closed());
  EXPECT_THROW(radio.send(1), silk::closed_error);
  auto too_late = radio.subscribe();
  EXPECT_EQ(too_late.try_next(), std::nullopt);
  EXPECT_TRUE(too_late.is_closed());
}

TEST_P(broadcast, wakes_those_who_wait_when_it_ends) {
  run([]() -> silk::task<> {
    std::optional<silk::broadcast<std::string>> radio(std::in_place, 4);
    const auto one = silk::spawn(heard(radio->subscribe()));
    const auto other = silk::spawn(heard(radio->subscribe()));
    co_await at_rest();
    static_cast<void>(radio->send("bye"));
    radio.reset();
    const std::string first = co_await one;
    const std::string second = co_await other;
    EXPECT_EQ(first, "bye");
    EXPECT_EQ(second, "bye");
  });
}

// docs/cancellation.md: w15a
TEST_P(broadcast, loses_nothing_when_a_receiver_is_cancelled) {
  run([]() -> silk::task<> {
    silk::broadcast<int> radio(4);
    auto receiver = radio.subscribe();
    const auto waits = [&]() -> silk::task<> { static_cast<void>(co_await receiver.next()); };
    const auto while_waiting = silk::spawn(waits);
    co_await at_rest();
    while_waiting.cancel();
    const std::string end = co_await ending(while_waiting);
    EXPECT_EQ(end, "cancelled");
    static_cast<void>(radio.send(1));
    const auto got = co_await receiver.next();
    EXPECT_EQ(got, 1);
  });
}

// docs/cancellation.md: w15b
TEST(broadcast, loses_nothing_when_a_woken_receiver_is_cancelled) {
  silk::run(
      []() -> silk::task<> {
        silk::broadcast<int> radio(4);
        auto receiver = radio.subscribe();
        const auto waiter =
            silk::spawn([&]() -> silk::task<> { static_cast<void>(co_await receiver.next()); });
        co_await at_rest();
        static_cast<void>(radio.send(1));
        waiter.cancel();
        const std::string end = co_await ending(waiter);
        EXPECT_EQ(end, "cancelled");
        const auto got = co_await receiver.next();
        EXPECT_EQ(got, 1);
      },
      virtual_time(1));
}

TEST(broadcast, knows_its_receivers_through_moves) {
  silk::broadcast<int> radio(2);
  auto one = radio.subscribe();
  auto other = radio.subscribe();
  static_cast<void>(radio.send(1));
  one = std::move(other);
  EXPECT_EQ(radio.receivers(), 1u);
  auto third = std::move(one);
  EXPECT_EQ(radio.receivers(), 1u);
  EXPECT_EQ(third.try_next(), 1);
}

TEST(broadcast, lets_go_of_a_value_that_was_overwritten) {
  silk::broadcast<std::shared_ptr<int>> radio(1);
  auto receiver = radio.subscribe();
  const auto first = std::make_shared<int>(1);
  static_cast<void>(radio.send(first));
  EXPECT_EQ(first.use_count(), 2);
  static_cast<void>(radio.send(nullptr));
  EXPECT_EQ(first.use_count(), 1);
}

TEST_P(broadcast, is_heard_from_foreign_threads_and_by_two_runtimes) {
  silk::broadcast<int> radio(1'000);
  silk::runtime one(steady_time(workers())), other(steady_time(1));
  const auto sum = [](silk::broadcast<int>::receiver from) -> silk::task<long> {
    long total = 0;
    for (;;) {
      const auto item = co_await from.next();
      if (!item) break;
      total += *item;
    }
    co_return total;
  };
  std::vector<silk::join_handle<long>> sums;
  sums.push_back(one.spawn(sum, radio.subscribe()));
  sums.push_back(one.spawn(sum, radio.subscribe()));
  sums.push_back(other.spawn(sum, radio.subscribe()));
  std::vector<std::thread> senders;
  for (int t = 0; t < 2; ++t) {
    senders.emplace_back([&] {
      for (int i = 1; i <= 500; ++i) static_cast<void>(radio.send(i));
    });
  }
  for (auto& each : senders) each.join();
  radio.close();
  for (const auto& each : sums) EXPECT_EQ(one.block_on(silk::future<long>(each)), 2 * 125'250);
}

}  // namespace
