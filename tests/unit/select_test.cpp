// select: the first one wins, the others have ended when it returns, and nothing that nobody got is lost.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace silk_tests;

class select : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(select);

template <class... What>
silk::task<> race(What... what) {
  static_cast<void>(co_await silk::select(std::move(what)...));
}
silk::task<> until(silk::join_handle<> handle) { co_await handle; }

TEST_P(select, gives_the_first_value_and_tells_whose_it_is) {
  run([]() -> silk::task<> {
    silk::queue<std::string> queue;
    const auto first = co_await silk::select(queue.get(), answer_after(1s, 42), silk::sleep(2s));
    static_assert(
        std::is_same_v<decltype(first), const std::variant<std::string, int, std::monostate>>);
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(first), 42);
    EXPECT_EQ(elapsed(), 1s);
  });
}

TEST_P(select, of_one_is_that_one) {
  run([]() -> silk::task<> {
    const auto only = co_await silk::select(answer_after(1s, 7));
    EXPECT_EQ(std::get<0>(only), 7);
  });
}

TEST_P(select, may_have_the_same_type_twice) {
  run([]() -> silk::task<> {
    const auto first = co_await silk::select(answer_after(2s, 1), answer_after(1s, 2));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(first), 2);
  });
}

TEST_P(select, the_losers_have_ended_when_it_returns) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto first = co_await silk::select(answer_after(1s, 1), cleans_up_for(5s, cleaned));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_TRUE(cleaned);
    EXPECT_EQ(elapsed(), 6s);
  });
}

TEST_P(select, the_first_failure_in_time_is_rethrown) {
  run([]() -> silk::task<> {
    const std::string failed = co_await ending(race(fail_after(1s), asleep(2s)));
    EXPECT_EQ(failed, "boom");
    EXPECT_EQ(elapsed(), 1s);
    const auto first = co_await silk::select(answer_after(1s, 1), fail_after(2s));
    EXPECT_EQ(first.index(), 0u);
  });
}

TEST_P(select, one_that_ends_cancelled_by_itself_wins_as_a_failure_does) {
  run([]() -> silk::task<> {
    const auto gives_up = []() -> silk::task<> {
      co_await silk::sleep(1s);
      throw silk::cancelled("gave up");
    };
    const std::string end = co_await ending(race(gives_up(), asleep()));
    EXPECT_EQ(end, "cancelled: gave up");
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
  });
}

TEST_P(select, what_is_ready_first_keeps_the_others_from_starting_on_one_worker) {
  if (GetParam() != 1) return;
  run([]() -> silk::task<> {
    silk::queue<int> queue;
    queue.put_nowait(1);
    bool started = false;
    const auto starts = [&]() -> silk::task<> {
      started = true;
      co_return;
    };
    const auto first = co_await silk::select(queue.get(), starts());
    EXPECT_EQ(first.index(), 0u);
    EXPECT_FALSE(started);
  });
}

TEST_P(select, values_that_only_move_are_moved) {
  run([]() -> silk::task<> {
    silk::queue<std::unique_ptr<int>> queue;
    queue.put_nowait(std::make_unique<int>(3));
    auto first = co_await silk::select(queue.get(), asleep());
    EXPECT_EQ(*std::get<0>(first), 3);
    silk::promise<std::unique_ptr<int>> promise;
    promise.set_value(std::make_unique<int>(4));
    auto second = co_await silk::select(promise.get_future(), asleep());
    EXPECT_EQ(*std::get<0>(second), 4);
  });
}

// ---- cancelled from outside ----

// docs/cancellation.md: w9a
TEST_P(select, cancelled_from_outside_cancels_all_and_waits_for_them) {
  run([]() -> silk::task<> {
    bool one = false;
    bool two = false;
    const auto racing = silk::spawn(race(cleans_up_for(1s, one), cleans_up_for(2s, two)));
    co_await silk::sleep(1ms);
    EXPECT_TRUE(racing.cancel("enough"));
    const std::string end = co_await ending(until(racing));
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(one);
    EXPECT_TRUE(two);
    EXPECT_EQ(elapsed(), 2s + 1ms);
  });
}

TEST_P(select, cancelled_while_it_waits_for_the_losers_throws_cancelled) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    const auto racing = silk::spawn(race(answer_after(1s, 1), cleans_up_for(5s, cleaned)));
    co_await silk::sleep(2s);
    EXPECT_TRUE(racing.cancel());
    const std::string end = co_await ending(until(racing));
    EXPECT_EQ(end, "cancelled");
  });
}

// ---- handles and futures ----

// docs/cancellation.md: s1
TEST_P(select, a_handle_that_loses_lives_on) {
  run([]() -> silk::task<> {
    const auto slow = silk::spawn(answer_after(5s, 5));
    const auto first = co_await silk::select(slow, silk::sleep(1s));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_EQ(slow.cancelling(), 0u);
    EXPECT_EQ(slow.waiting(), 0u);
    const auto second = co_await silk::select(slow, silk::sleep(10s));
    EXPECT_EQ(std::get<0>(second), 5);
    EXPECT_EQ(elapsed(), 5s);
  });
}

// docs/cancellation.md: w9a
TEST_P(select, a_handle_lives_on_when_the_select_is_cancelled) {
  run([]() -> silk::task<> {
    silk::promise<> stop;
    const auto slow = silk::spawn(answer_after(5s, 5));
    const auto racing = silk::spawn(race(slow, stop.get_future()));
    co_await silk::sleep(1s);
    racing.cancel();
    const std::string end = co_await ending(until(racing));
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_FALSE(stop.done());
    const int value = co_await slow;
    EXPECT_EQ(value, 5);
  });
}

TEST_P(select, a_failed_handle_rethrows_and_keeps_its_failure) {
  run([]() -> silk::task<> {
    const auto fails = silk::spawn(fail_after(1s));
    const std::string end = co_await ending(race(fails, asleep()));
    EXPECT_EQ(end, "boom");
    EXPECT_NE(fails.exception(), nullptr);
    const std::string again = co_await ending(race(fails, asleep()));
    EXPECT_EQ(again, "boom");
  });
}

TEST_P(select, of_handles_alone_waits_for_the_first) {
  run([]() -> silk::task<> {
    const auto slow = silk::spawn(asleep(2s));
    const auto fast = silk::spawn(answer_after(1s, 1));
    const auto first = co_await silk::select(slow, fast);
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(elapsed(), 1s);
  });
}

TEST_P(select, a_value_that_cannot_be_copied_stays_in_the_future_that_loses) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 50; ++i) {
      silk::promise<std::unique_ptr<int>> promise;
      const auto future = promise.get_future();
      const auto sets = silk::spawn([&]() -> silk::task<> {
        promise.set_value(std::make_unique<int>(i));
        co_return;
      });
      const auto first = co_await silk::select(silk::yield(), future);
      co_await sets;
      if (first.index() == 0) {
        EXPECT_NE(future.result(), nullptr);
      }
    }
  });
}

// ---- nothing is lost ----

TEST_P(select, an_item_is_taken_by_the_winner_or_stays) {
  run([]() -> silk::task<> {
    silk::queue<int> one, two;
    int taken = 0;
    constexpr int rounds = 200;
    const auto puts = silk::spawn([&]() -> silk::task<> {
      for (int i = 0; i < rounds; ++i) {
        one.put_nowait(i);
        two.put_nowait(i);
        if (i % 3 == 0) co_await silk::yield();
      }
    });
    while (taken < 2 * rounds) {
      const auto first = co_await silk::select(one.get(), two.get(), silk::sleep(1s));
      EXPECT_NE(first.index(), 2u);
      if (first.index() == 2) break;
      ++taken;
    }
    co_await puts;
    EXPECT_EQ(taken, 2 * rounds);
    EXPECT_TRUE(one.empty());
    EXPECT_TRUE(two.empty());
  });
}

// docs/cancellation.md: w9b
TEST_P(select, an_item_that_won_goes_back_when_the_select_is_cancelled) {
  run([]() -> silk::task<> {
    silk::queue<int> queue;
    bool cleaned = false;
    const auto racing = silk::spawn([&]() -> silk::task<> {
      static_cast<void>(co_await silk::select(queue.get(), cleans_up_for(5s, cleaned)));
    });
    co_await silk::sleep(1s);
    queue.put_nowait(42);
    co_await silk::sleep(1s);
    EXPECT_TRUE(racing.cancel());
    const std::string end = co_await ending(until(racing));
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(queue.try_get(), 42);
  });
}

TEST_P(select, a_lock_that_loses_is_free_again) {
  run([]() -> silk::task<> {
    silk::mutex mutex;
    silk::semaphore permits(1);
    for (int i = 0; i < 100; ++i) {
      const auto first = co_await silk::select(silk::yield(), mutex.lock(), permits.acquire());
      if (first.index() == 1) mutex.unlock();
      if (first.index() == 2) permits.release();
      EXPECT_FALSE(mutex.is_locked());
      EXPECT_EQ(permits.available(), 1);
    }
  });
}

TEST_P(select, a_guard_that_wins_is_given) {
  run([]() -> silk::task<> {
    silk::mutex mutex;
    {
      const auto first = co_await silk::select(mutex.scoped(), asleep());
      EXPECT_EQ(first.index(), 0u);
      EXPECT_TRUE(mutex.is_locked());
    }
    EXPECT_FALSE(mutex.is_locked());
  });
}

TEST_P(select, a_put_that_loses_is_withdrawn) {
  run([]() -> silk::task<> {
    silk::queue<int> queue(1);
    queue.put_nowait(1);
    const auto first = co_await silk::select(queue.put(2), silk::sleep(1s));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(queue.try_get(), 1);
    EXPECT_TRUE(queue.empty());
    const auto second = co_await silk::select(queue.put(3), asleep());
    EXPECT_EQ(second.index(), 0u);
    EXPECT_EQ(queue.try_get(), 3);
  });
}

// docs/cancellation.md: w9b
TEST_P(select, a_put_that_won_and_was_taken_stands_although_the_select_is_cancelled) {
  run([]() -> silk::task<> {
    silk::queue<int> queue(1);
    bool cleaned = false;
    std::string next_await = "value";
    const auto racing = silk::spawn([&]() -> silk::task<> {
      const auto first = co_await silk::select(queue.put(7), cleans_up_for(5s, cleaned));
      EXPECT_EQ(first.index(), 0u);
      next_await = co_await ending(asleep());
    });
    co_await silk::sleep(1s);
    EXPECT_EQ(queue.try_get(), 7);
    EXPECT_TRUE(racing.cancel());
    static_cast<void>(co_await ending(until(racing)));
    EXPECT_EQ(next_await, "cancelled");
  });
}

TEST_P(select, a_closed_queue_wins_as_a_failure) {
  run([]() -> silk::task<> {
    silk::queue<int> queue;
    queue.close();
    const std::string end = co_await ending([](silk::queue<int>& q) -> silk::task<> {
      static_cast<void>(co_await silk::select(q.get(), asleep()));
    }(queue));
    EXPECT_EQ(end, "closed");
    const auto first = co_await silk::select(queue.next(), asleep());
    EXPECT_FALSE(std::get<0>(first).has_value());
  });
}

TEST_P(select, other_primitives_take_part) {
  run([]() -> silk::task<> {
    silk::event event;
    silk::latch latch(1);
    silk::barrier barrier(1);
    silk::watch<int> watch(0);
    auto receiver = watch.subscribe();
    const auto none = co_await silk::select(event.wait(), receiver.changed(), silk::sleep(1s));
    EXPECT_EQ(none.index(), 2u);
    const auto counted = co_await silk::select(latch.arrive_and_wait(), asleep());
    EXPECT_EQ(counted.index(), 0u);
    EXPECT_EQ(latch.count(), 0);
    const auto round = co_await silk::select(barrier.wait(), asleep());
    EXPECT_EQ(std::get<0>(round), 0u);
    watch.send(1);
    const auto changed = co_await silk::select(asleep(), receiver.changed());
    EXPECT_EQ(changed.index(), 1u);
    EXPECT_FALSE(receiver.has_changed());
  });
}

TEST_P(select, takes_other_verbs_and_itself) {
  run([]() -> silk::task<> {
    const auto first = co_await silk::select(silk::gather(answer_after(3s, 1), answer_after(4s, 2)),
                                             silk::select(asleep(), silk::sleep(2s)),
                                             silk::with_timeout(5s, asleep()));
    EXPECT_EQ(first.index(), 1u);
    EXPECT_EQ(std::get<1>(first).index(), 1u);
    EXPECT_EQ(elapsed(), 2s);
  });
}

// ---- failures that nobody would hear of ----

// docs/cancellation.md: s5
TEST_P(select, what_a_loser_throws_reaches_the_failure_handler) {
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure&) { ++told; };
  silk::run(
      []() -> silk::task<> {
        const auto fails_in_cleanup = []() -> silk::task<> {
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            throw boom();
          }
        };
        const auto first = co_await silk::select(answer_after(1s, 1), fails_in_cleanup());
        EXPECT_EQ(first.index(), 0u);
      },
      options);
  EXPECT_EQ(told, 1);
}

TEST_P(select, a_task_that_was_moved_from_is_refused) {
  run([]() -> silk::task<> {
    const auto misuse = []() -> silk::task<> {
      auto task = answer_after(0s, 1);
      const int value = co_await std::move(task);
      EXPECT_EQ(value, 1);
      static_cast<void>(co_await silk::select(std::move(task), asleep()));
    };
    const std::string end = co_await ending(misuse());
    EXPECT_EQ(end, "usage");
  });
}

TEST_P(select, that_is_not_awaited_starts_nothing) {
  run([]() -> silk::task<> {
    bool started = false;
    const auto starts = [&]() -> silk::task<> {
      started = true;
      co_return;
    };
    silk::queue<int> queue;
    queue.put_nowait(1);
    {
      [[maybe_unused]] const auto never = silk::select(starts(), queue.get());
    }
    EXPECT_FALSE(started);
    EXPECT_EQ(queue.try_get(), 1);
    co_return;
  });
}

}  // namespace
