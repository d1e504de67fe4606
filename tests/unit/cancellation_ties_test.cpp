// docs/cancellation.md, the tables after "Each wait", where no other test proves it: losers of a select,
// the ends of a task group, tasks and futures as a whole.
#include "at_workers.hpp"
#include "turn_fixture.hpp"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

// ---- select's losers ----

// One worker, which is blocked while all that a select waits for happens: the first to happen wins.
class select_loser : public turn_test {
 protected:
  // Runs `happen` before the select can run again, and gives the index of what has won.
  template <class Wake>
  std::size_t winner_of(const silk::join_handle<std::size_t>& racing, Wake happen) {
    {
      const roadblock block(runtime);
      decides.set_value(0);
      happen();
    }
    return runtime.block_on(racing);
  }
  silk::promise<int> decides;
};

// docs/cancellation.md: s1
TEST_F(select_loser, that_is_a_future_keeps_its_outcome) {
  silk::promise<std::unique_ptr<int>> later;
  const auto racing = start([&]() -> silk::task<std::size_t> {
    const auto first = co_await silk::select(decides.get_future(), later.get_future());
    co_return first.index();
  });
  EXPECT_EQ(winner_of(racing, [&] { later.set_value(std::make_unique<int>(7)); }), 0u);
  EXPECT_EQ(*later.get_future().result(), 7);
}

// docs/cancellation.md: s2
TEST_F(select_loser, that_had_its_turn_passes_it_on) {
  silk::mutex lock;
  silk::semaphore permits(0);
  silk::queue<int> items;
  EXPECT_TRUE(lock.try_lock());
  const auto racing = start([&]() -> silk::task<std::size_t> {
    const auto first =
        co_await silk::select(decides.get_future(), lock.lock(), permits.acquire(), items.get());
    co_return first.index();
  });
  const auto next_in_line = start([&]() -> silk::task<> { co_await lock.lock(); });
  const auto happen = [&] {
    lock.unlock();
    permits.release();
    items.put_nowait(7);
  };
  EXPECT_EQ(winner_of(racing, happen), 0u);
  EXPECT_EQ(end_of(next_in_line), "value");
  EXPECT_EQ(permits.available(), 1);
  EXPECT_EQ(items.try_get(), 7);
}

// docs/cancellation.md: s3
TEST_F(select_loser, that_is_a_put_has_happened_once_its_item_was_taken) {
  silk::queue<int> items(1);
  items.put_nowait(1);
  const auto racing = start([&]() -> silk::task<std::size_t> {
    const auto first = co_await silk::select(decides.get_future(), items.put(2));
    co_return first.index();
  });
  std::vector<int> taken;
  const auto happen = [&] {
    taken.push_back(items.get_nowait());
    taken.push_back(items.get_nowait());
  };
  EXPECT_EQ(winner_of(racing, happen), 0u);
  EXPECT_EQ(taken, (std::vector{1, 2}));
  EXPECT_EQ(items.unfinished(), 2u);
}

// docs/cancellation.md: s4
TEST_F(select_loser, that_is_a_task_has_its_value_destroyed) {
  auto token = std::make_shared<int>(0);
  const auto answers = [](std::shared_ptr<int> value) -> silk::task<std::shared_ptr<int>> {
    try {
      co_await never_ends();
    } catch (const silk::cancelled&) {
      ++*value;
    }
    co_return value;
  };
  const auto racing = start([&]() -> silk::task<std::size_t> {
    const auto first = co_await silk::select(decides.get_future(), answers(token));
    EXPECT_EQ(token.use_count(), 1);
    co_return first.index();
  });
  EXPECT_EQ(winner_of(racing, [] {}), 0u);
  EXPECT_EQ(*token, 1);
}

// ---- with_timeout ----

class timeout_tie : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(timeout_tie);

// docs/cancellation.md: t2
TEST_P(timeout_tie, an_exception_comes_out_although_the_time_was_up_and_a_cancel_came_from_above) {
  run([]() -> silk::task<> {
    const auto fails_in_the_end = []() -> silk::task<> {
      for (int i = 0; i < 2; ++i) {
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
      }
      throw boom();
    };
    const auto limited =
        silk::spawn([&]() -> silk::task<> { co_await silk::with_timeout(1s, fails_in_the_end()); });
    co_await silk::sleep(2s);
    EXPECT_TRUE(limited.cancel());
    const std::string end = co_await ending(limited);
    EXPECT_EQ(end, "boom");
  });
}

// ---- with_task_group ----

class group_tie : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(group_tie);

// docs/cancellation.md: g4
TEST_P(group_tie, a_value_of_the_body_comes_out_although_two_cancels_have_come) {
  run([]() -> silk::task<> {
    const auto grouped = silk::spawn([]() -> silk::task<int> {
      const auto body = [](silk::task_group& group) -> silk::task<int> {
        group.cancel();
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
        co_return 7;
      };
      co_return co_await silk::with_task_group(body);
    });
    co_await silk::sleep(1s);
    EXPECT_TRUE(grouped.cancel("from above"));
    const std::string end = co_await ending(grouped);
    EXPECT_EQ(end, "value");
  });
}

// docs/cancellation.md: g4
TEST_P(group_tie, a_value_of_the_body_comes_out_although_the_group_was_cancelled) {
  run([]() -> silk::task<> {
    const auto body = [](silk::task_group& group) -> silk::task<int> {
      group.spawn(asleep());
      group.cancel();
      co_return 7;
    };
    const int value = co_await silk::with_task_group(body);
    EXPECT_EQ(value, 7);
  });
}

// docs/cancellation.md: g7
TEST_P(group_tie, without_a_value_the_cancelled_of_the_body_comes_out) {
  run([]() -> silk::task<> {
    const auto body = [](silk::task_group& group) -> silk::task<int> {
      group.cancel("of the group");
      co_await asleep();
      co_return 7;
    };
    const std::string of_the_group = co_await ending(silk::with_task_group(body));
    EXPECT_EQ(of_the_group, "cancelled: of the group");
    const auto gives_up = [](silk::task_group&) -> silk::task<> {
      throw silk::cancelled("its own");
      co_return;
    };
    const std::string its_own = co_await ending(silk::with_task_group(gives_up));
    EXPECT_EQ(its_own, "cancelled: its own");
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
  });
}

// ---- tasks and futures as a whole ----

// docs/cancellation.md: k4
TEST(future_tie, a_promise_that_is_dropped_and_a_cancel_of_its_future) {
  auto dropped = std::make_unique<silk::promise<int>>();
  auto cancelled = std::make_unique<silk::promise<int>>();
  const silk::future<int> first = dropped->get_future(), second = cancelled->get_future();
  dropped.reset();
  EXPECT_FALSE(first.cancel());
  EXPECT_THROW(static_cast<void>(first.result()), silk::broken_promise);
  EXPECT_TRUE(second.cancel("not needed"));
  cancelled.reset();
  EXPECT_EQ(told_of(second), "cancelled: not needed");
}

// Two threads, while the only worker is blocked: neither cancel can have been thrown before the other.
// docs/cancellation.md: k6
TEST(future_tie, two_cancels_that_meet_are_both_accepted_and_thrown_once) {
  for (int round = 0; round < 20; ++round) {
    silk::runtime runtime(steady_time(1));
    int thrown = 0;
    const auto handle = runtime.spawn([&]() -> silk::task<> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        ++thrown;
      }
      for (int i = 0; i < 3; ++i) co_await silk::yield();
    });
    let_run(runtime);
    bool accepted[2] = {};
    {
      const roadblock block(runtime);
      std::vector<std::jthread> threads;
      for (bool& mine : accepted) threads.emplace_back([&] { mine = handle.cancel(); });
    }
    EXPECT_EQ(runtime.block_on(ending(handle)), "value");
    EXPECT_TRUE(accepted[0] && accepted[1]);
    EXPECT_EQ(handle.cancelling(), 2u);
    EXPECT_EQ(thrown, 1);
  }
}

}  // namespace
