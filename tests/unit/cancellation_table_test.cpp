// The table "Each wait" of docs/cancellation.md, the column b: the cancel comes between what the task
// waits for and its next run. One worker, so that it certainly does. Other columns: cancel_waits_test.cpp,
// cancellation_pending_test.cpp.
#include "at_workers.hpp"
#include "turn_fixture.hpp"
#include "wait_kinds.hpp"

#include <silk/broadcast.hpp>
#include <silk/watch.hpp>

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class cancellation_table : public turn_test {};

// ---- what it waits for has happened, the task does not run yet ----

using watching = wait_kind<silk::future<int>>;

silk::task<> awaits(silk::future<int> f) { static_cast<void>(co_await f); }
silk::task<> shields(silk::future<int> f) { static_cast<void>(co_await silk::shield(f)); }
silk::task<> waits_for_one(silk::future<int> f) {
  const std::vector all{f};
  static_cast<void>(co_await silk::wait(all));
}
silk::task<> next_of(silk::future<int> f) {
  auto completed = silk::as_completed(f);
  static_cast<void>(co_await completed.next());
}
silk::task<> slot_of(silk::future<int> f) {
  auto completed = silk::as_completed(f);
  auto slot = *completed.begin();
  static_cast<void>(co_await slot);
}
silk::task<> gathers(silk::future<int> f) { static_cast<void>(co_await silk::gather(f, f)); }
silk::task<> settles(silk::future<int> f) {
  static_cast<void>(co_await silk::gather_settled(f, f));
}
silk::task<> gathers_tasks(silk::future<int> f) { co_await silk::gather(awaits(f), shields(f)); }
silk::task<> selects(silk::future<int> f) {
  static_cast<void>(co_await silk::select(f, never_ends()));
}

class cancelled_when_it_has_happened : public turn_test,
                                       public testing::WithParamInterface<watching> {};
INSTANTIATE_TEST_SUITE_P(kinds, cancelled_when_it_has_happened,
                         testing::Values(watching{"future", awaits}, watching{"shield", shields},
                                         watching{"wait", waits_for_one}, watching{"next", next_of},
                                         watching{"slot", slot_of}, watching{"gather", gathers},
                                         watching{"gather_settled", settles},
                                         watching{"gather_of_tasks", gathers_tasks},
                                         watching{"select", selects}),
                         by_name);

// docs/cancellation.md: w3b w4b w5b w6b w7b w8b w9b
TEST_P(cancelled_when_it_has_happened, throws_and_leaves_the_value_in_the_future) {
  silk::promise<int> promise;
  const silk::future<int> future = promise.get_future();
  const auto waiter = start([&] { return GetParam().wait(future); });
  cancel_before_it_resumes(waiter, [&] { promise.set_value(7); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_EQ(future.result(), 7);
}

// Both wake at the same instant, and the first to run cancels the other one.
// docs/cancellation.md: w1b
TEST(cancellation_in_virtual_time, a_sleep_whose_time_has_come_is_cancelled) {
  const auto sleeps = []() -> silk::task<> { co_await silk::sleep(1s); };
  const auto sleeps_until = []() -> silk::task<> { co_await silk::sleep_until(silk::now() + 1s); };
  const auto cancels_after = [](silk::task<> body) -> silk::task<> {
    silk::join_handle<> sleeper;
    const auto first = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      EXPECT_TRUE(sleeper.cancel("too late"));
    });
    sleeper = silk::spawn(std::move(body));
    const silk::time_point begin = silk::now();
    const std::string end = co_await ending(sleeper);
    EXPECT_EQ(end, "cancelled: too late");
    EXPECT_EQ(silk::now() - begin, 1s);
    co_await first;
  };
  silk::run(cancels_after(sleeps()), virtual_time(1));
  silk::run(cancels_after(sleeps_until()), virtual_time(1));
}

// One fails, which is what the gather waits for; the other one is not told of the cancel.
// docs/cancellation.md: w7b
TEST_F(cancellation_table, a_gather_of_handles_that_is_over_cancels_nobody) {
  silk::promise<int> fails, other;
  const auto waiter = start([&]() -> silk::task<> {
    static_cast<void>(co_await silk::gather(fails.get_future(), other.get_future()));
  });
  cancel_before_it_resumes(waiter, [&] { fails.set_exception(std::make_exception_ptr(boom())); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_FALSE(other.done());
  EXPECT_NE(fails.get_future().exception(), nullptr);
}

// docs/cancellation.md: w8b
TEST_F(cancellation_table, a_gather_of_tasks_that_is_over_drops_the_results) {
  auto token = std::make_shared<int>(0);
  silk::promise<> promise;
  const auto child = [](silk::future<> f, std::shared_ptr<int> t) -> silk::task<decltype(t)> {
    try {
      co_await f;
    } catch (const silk::cancelled&) {
    }
    co_return t;
  };
  const auto waiter = start([&]() -> silk::task<> {
    static_cast<void>(co_await silk::gather(child(promise.get_future(), token),
                                            child(promise.get_future(), token)));
    ADD_FAILURE() << "the cancel was lost";
  });
  cancel_before_it_resumes(waiter, [&] { promise.set_value(); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_EQ(token.use_count(), 1);
}

// docs/cancellation.md: w9b
TEST_F(cancellation_table, a_select_that_has_won_an_item_gives_it_back) {
  silk::queue<int> items;
  const auto waiter = start([&]() -> silk::task<> {
    static_cast<void>(co_await silk::select(items.get(), never_ends()));
    ADD_FAILURE() << "the cancel was lost";
  });
  cancel_before_it_resumes(waiter, [&] { items.put_nowait(42); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_EQ(items.try_get(), 42);
}

// docs/cancellation.md: w9b
TEST_F(cancellation_table, a_select_whose_put_has_been_taken_gives_it_and_is_cancelled_next) {
  silk::queue<int> items(1);
  items.put_nowait(1);
  std::size_t won = 9;
  const auto waiter = start([&]() -> silk::task<> {
    const auto first = co_await silk::select(never_ends(), items.put(2));
    won = first.index();
    co_await never_ends();
  });
  cancel_before_it_resumes(waiter, [&] {
    EXPECT_EQ(items.get_nowait(), 1);
    EXPECT_EQ(items.get_nowait(), 2);
  });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_EQ(won, 1u);
}

// docs/cancellation.md: w15b
TEST_F(cancellation_table, a_join_of_a_queue_that_was_over_is_over_for_the_next) {
  silk::queue<int> items;
  items.put_nowait(1);
  EXPECT_EQ(items.get_nowait(), 1);
  const auto joins = [&]() -> silk::task<> { co_await items.join(); };
  const auto waiter = start(joins);
  cancel_before_it_resumes(waiter, [&] { items.task_done(); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
  EXPECT_TRUE(start(joins).done());
}

silk::generator<int> values_of(silk::future<int> f) {
  const int value = co_await f;
  co_yield value;
}
silk::generator<int> cleans_up_until(silk::future<int> f) {
  try {
    co_yield 1;
  } catch (const silk::cancelled&) {
  }
  static_cast<void>(co_await f);
}

// docs/cancellation.md: w16b
TEST_F(cancellation_table, a_step_or_a_close_of_a_generator_ends_as_the_await_in_its_body) {
  silk::promise<int> item, clean;
  const auto steps = start([&]() -> silk::task<> {
    auto source = values_of(item.get_future());
    static_cast<void>(co_await source.next());
  });
  const auto closes = start([&]() -> silk::task<> {
    auto source = cleans_up_until(clean.get_future());
    static_cast<void>(co_await source.next());
    co_await source.close();
  });
  cancel_before_it_resumes(steps, [&] { item.set_value(7); });
  cancel_before_it_resumes(closes, [&] { clean.set_value(7); });
  EXPECT_EQ(end_of(steps), "cancelled: too late");
  EXPECT_EQ(end_of(closes), "cancelled: too late");
  EXPECT_EQ(item.get_future().result(), 7);
}

// docs/cancellation.md: w17b
TEST_F(cancellation_table, a_foreign_awaitable_that_is_over_is_cancelled) {
  std::coroutine_handle<> waiting;
  const auto waiter = start([&]() -> silk::task<> {
    static_cast<void>(co_await foreign{waiting});
    ADD_FAILURE() << "the cancel was lost";
  });
  cancel_before_it_resumes(waiter, [&] { waiting.resume(); });
  EXPECT_EQ(end_of(waiter), "cancelled: too late");
}

// ---- yield: each of its columns is the same ----

// docs/cancellation.md: w2a w2b w2c
TEST(cancellation_in_virtual_time, a_yield_is_cancelled_when_its_turn_comes) {
  for (const bool zero_sleep : {false, true}) {
    silk::runtime runtime(virtual_time(1));
    std::string log;
    const auto yields = [&](bool pending) -> silk::task<> {
      if (pending) silk::current_task().cancel();
      try {
        if (zero_sleep) co_await silk::sleep(0s);
        if (!zero_sleep) co_await silk::yield();
      } catch (const silk::cancelled&) {
        log += pending ? 'p' : 'y';
      }
    };
    const auto logs = [&](char c) -> silk::task<> {
      log += c;
      co_return;
    };
    runtime.block_on([&]() -> silk::task<> {
      const auto yielder = silk::spawn(yields(false));
      const auto pending = silk::spawn(yields(true));
      const auto canceller = silk::spawn([&]() -> silk::task<> {
        log += yielder.cancel() ? 'c' : '?';
        static_cast<void>(silk::spawn(logs('3')));
        co_return;
      });
      static_cast<void>(silk::spawn(logs('1')));
      static_cast<void>(silk::spawn(logs('2')));
      co_await silk::gather_settled(yielder, pending, canceller);
    });
    let_run(runtime);
    EXPECT_EQ(log, "c12yp3") << zero_sleep;
  }
}

}  // namespace
