// as_completed: every outcome once, in the order in which they come, whoever asks and is cancelled.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class as_completed : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(as_completed);

using int_handles = std::vector<silk::join_handle<int>>;
static_assert(std::input_iterator<silk::completions<silk::join_handle<int>>::iterator>);

template <class Awaited>
silk::task<> await(Awaited awaited) {
  static_cast<void>(co_await std::move(awaited));
}
template <class Handle>
silk::task<> wait_for_next(silk::completions<Handle>& completed) {
  static_cast<void>(co_await completed.next());
}

silk::task<> for_a_second(silk::task<> body) { co_await silk::with_timeout(1s, std::move(body)); }

TEST_P(as_completed, gives_failed_and_cancelled_ones_too) {
  run([]() -> silk::task<> {
    const std::vector all{silk::spawn(fail_after(1s)), silk::spawn(asleep())};
    all[1].cancel();
    auto completed = silk::as_completed(all);
    const auto first = co_await completed.next();
    EXPECT_EQ(*first, all[1]);
    auto at = completed.begin();
    const std::string end = co_await ending(await(*at));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(completed.remaining(), 0u);
  });
}

TEST_P(as_completed, gives_those_that_are_done_at_once) {
  run([]() -> silk::task<> {
    std::vector<silk::promise<int>> promises(3);
    std::vector<silk::future<int>> futures;
    for (const auto& one : promises) futures.push_back(one.get_future());
    promises[2].set_value(2);
    promises[0].set_value(0);
    auto completed = silk::as_completed(futures, {.timeout = 1h});
    for (int expected : {0, 2}) {
      const auto done = co_await completed.next();
      EXPECT_EQ(done->result(), expected);
    }
    EXPECT_EQ(futures[1].waiting(), 1u);
    promises[1].set_value(1);
    const auto last = co_await completed.next();
    EXPECT_EQ(last->result(), 1);
    EXPECT_EQ(elapsed(), 0s);
  });
}

TEST_P(as_completed, moves_values_that_cannot_be_copied) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(
        []() -> silk::task<std::unique_ptr<int>> { co_return std::make_unique<int>(42); });
    for (auto slot : completed) {
      const std::unique_ptr<int> value = co_await slot;
      EXPECT_EQ(*value, 42);
    }
  });
}

TEST_P(as_completed, a_mixed_pack_gives_futures) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    auto completed = silk::as_completed(promise.get_future(), answer_after(1s, 1));
    static_assert(std::is_same_v<decltype(completed), silk::completions<silk::future<int>>>);
    promise.set_value(0);
    for (int expected : {0, 1}) {
      const auto done = co_await completed.next();
      EXPECT_EQ(done->result(), expected);
    }
  });
}

// docs/cancellation.md: w6a
TEST_P(as_completed, a_cancelled_next_loses_nothing) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(answer_after(2s, 1));
    const std::string end = co_await ending(for_a_second(wait_for_next(completed)));
    EXPECT_EQ(end, "timeout");
    EXPECT_EQ(completed.remaining(), 1u);
    const auto done = co_await completed.next();
    EXPECT_EQ(done->result(), 1);
  });
}

// docs/cancellation.md: w6b
TEST_P(as_completed, who_is_cancelled_after_it_was_served_passes_the_outcome_on) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 20; ++i) {
      silk::promise<int> promise;
      auto completed = silk::as_completed(promise.get_future());
      bool was_given = false;
      const auto wait_for_it = [&]() -> silk::task<> {
        co_await wait_for_next(completed);
        was_given = true;
      };
      const auto first = silk::spawn(wait_for_it);
      co_await silk::sleep(1ms);
      promise.set_value(i);
      const bool in_time = first.cancel();
      const std::string end = co_await ending(await(first));
      // The cancel may also come between the wait and the end of the task (rule 5).
      EXPECT_EQ(end == "cancelled", in_time);
      EXPECT_TRUE(in_time || was_given);
      EXPECT_EQ(completed.remaining(), was_given ? 0u : 1u);
      const auto again = co_await completed.next();
      EXPECT_EQ(again.has_value(), !was_given);
    }
  });
}

// docs/cancellation.md: w6a
TEST_P(as_completed, a_slot_whose_await_was_cancelled_can_be_awaited_again) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(answer_after(2s, 7));
    auto at = completed.begin();
    auto slot = *at;
    const auto once = [&]() -> silk::task<> { static_cast<void>(co_await slot); };
    const std::string end = co_await ending(for_a_second(once()));
    EXPECT_EQ(end, "timeout");
    const int value = co_await slot;
    EXPECT_EQ(value, 7);
    const std::string again = co_await ending(once());
    EXPECT_EQ(again, "usage");
  });
}

TEST_P(as_completed, a_slot_that_is_dropped_goes_back) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(answer_after(1s, 1), answer_after(2s, 2));
    for (auto slot : completed) {
      EXPECT_EQ(completed.remaining(), 1u);
      break;
    }
    EXPECT_EQ(completed.remaining(), 2u);
    auto kept = *completed.begin();
    kept = *completed.begin();
    EXPECT_EQ(completed.remaining(), 1u);
    const int value = co_await kept;
    EXPECT_EQ(value, 1);
  });
}

TEST_P(as_completed, a_slot_outlives_what_it_came_from) {
  run([]() -> silk::task<> {
    auto slot = *silk::as_completed(answer_after(1s, 5)).begin();
    const int value = co_await slot;
    EXPECT_EQ(value, 5);
  });
}

TEST_P(as_completed, many_consumers_get_each_outcome_once) {
  run([]() -> silk::task<> {
    int_handles all;
    for (int i = 0; i < 200; ++i) all.push_back(silk::spawn(answer_after(1ms * (i % 7), i)));
    auto completed = silk::as_completed(all);
    const auto consumes = [&]() -> silk::task<std::vector<int>> {
      std::vector<int> mine;
      for (;;) {
        const auto done = co_await completed.next();
        if (!done) break;
        mine.push_back(done->result());
      }
      co_return mine;
    };
    const auto shares = co_await silk::gather(consumes(), consumes(), consumes(), consumes());
    std::vector<int> seen;
    std::apply([&](auto&... mine) { (seen.insert(seen.end(), mine.begin(), mine.end()), ...); },
               shares);
    std::ranges::sort(seen);
    EXPECT_EQ(seen.size(), all.size());
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int>(i));
  });
}

TEST_P(as_completed, what_ends_at_the_instant_of_the_timeout_is_in_time) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed({.timeout = 1s}, answer_after(1s, 1), answer_after(2s, 2));
    const auto first = co_await completed.next();
    EXPECT_EQ(first->result(), 1);
    const std::string end = co_await ending(wait_for_next(completed));
    EXPECT_EQ(end, "timeout");
    EXPECT_EQ(elapsed(), 1s);
  });
}

TEST_P(as_completed, a_timeout_of_zero_looks_once) {
  run([]() -> silk::task<> {
    const int_handles all{silk::spawn(answer_after(1h, 1)), silk::spawn(answer_after(0s, 2))};
    co_await silk::sleep(1ms);
    auto completed = silk::as_completed(all, {.timeout = -1s});
    const auto done = co_await completed.next();
    EXPECT_EQ(*done, all[1]);
    const std::string end = co_await ending(wait_for_next(completed));
    EXPECT_EQ(end, "timeout");
    EXPECT_EQ(elapsed(), 1ms);
    EXPECT_EQ(all[0].waiting(), 0u);
    all[0].cancel();
  });
}

TEST_P(as_completed, the_time_counts_from_the_call_on) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed({.timeout = 2s}, answer_after(1s, 1), answer_after(3s, 2));
    co_await silk::sleep(10s);
    const auto first = co_await completed.next();
    EXPECT_EQ(first->result(), 1);
    const std::string end = co_await ending(wait_for_next(completed));
    EXPECT_EQ(end, "timeout");  // although it is done by now
    EXPECT_EQ(elapsed(), 10s);
    const auto over = co_await completed.next();
    EXPECT_FALSE(over.has_value());
  });
}

TEST_P(as_completed, nothing_is_left_behind_when_it_goes) {
  silk::promise<int> promise;
  const auto future = promise.get_future();
  silk::runtime runtime(virtual_time());
  runtime.block_on([&]() -> silk::task<> {
    auto completed = silk::as_completed(std::vector{future, future}, {.timeout = 1h});
    EXPECT_EQ(future.waiting(), 1u);
    co_return;
  });
  EXPECT_EQ(future.waiting(), 0u);
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

TEST_P(as_completed, may_outlive_its_runtime) {
  silk::promise<int> promise;
  const auto kept = run([&]() -> silk::task<silk::completions<silk::future<int>>> {
    co_return silk::as_completed({.timeout = 1h}, promise.get_future());
  });
  promise.set_value(1);
  EXPECT_EQ(kept.remaining(), 1u);
}

TEST_P(as_completed, is_awaited_in_the_runtime_in_which_it_was_made) {
  silk::promise<int> promise;
  run([&]() -> silk::task<> {
    auto completed = silk::as_completed(promise.get_future());
    std::thread([&] {
      const std::string end = run([&]() -> silk::task<std::string> {
        co_return co_await ending(wait_for_next(completed));
      });
      EXPECT_EQ(end, "usage");
    }).join();
    EXPECT_EQ(completed.remaining(), 1u);
    co_return;
  });
}

TEST_P(as_completed, says_so_when_it_was_moved_from) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(answer_after(0s, 1));
    auto moved = std::move(completed);
    const std::string end = co_await ending(wait_for_next(completed));
    EXPECT_EQ(end, "usage");
    const auto done = co_await moved.next();
    EXPECT_EQ(done->result(), 1);
  });
}

TEST_P(as_completed, completions_by_other_threads_reach_consumers_that_are_cancelled_meanwhile) {
  run([]() -> silk::task<> {
    constexpr int count = 300;
    std::vector<silk::promise<int>> promises(count);
    std::vector<silk::future<int>> futures;
    for (const auto& one : promises) futures.push_back(one.get_future());
    auto completed = silk::as_completed(futures);
    std::thread completes([&] {
      for (int i = 0; i < count; ++i) promises[static_cast<std::size_t>(i)].set_value(i);
    });
    int seen = 0;
    while (completed.remaining() != 0) {
      const auto consumer = silk::spawn([&]() -> silk::task<> {
        const auto done = co_await completed.next();
        if (done) ++seen;
      });
      co_await silk::yield();
      consumer.cancel();
      static_cast<void>(co_await ending(await(consumer)));
    }
    completes.join();
    EXPECT_EQ(seen, count);
  });
}

}  // namespace
