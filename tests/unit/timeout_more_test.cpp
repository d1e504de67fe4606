// with_timeout over handles, around and inside of gather and task groups, and many at once.
#include "at_workers.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class timeout_of_awaitable : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(timeout_of_awaitable);

TEST_P(timeout_of_awaitable, gives_what_awaiting_it_gives) {
  run([]() -> silk::task<> {
    silk::queue<int> queue;
    const auto putter = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      queue.put_nowait(7);
    });
    const int item = co_await silk::with_timeout(2s, queue.get());
    EXPECT_EQ(item, 7);
    co_await silk::with_deadline(silk::now() + 2s, silk::sleep(1s));
    const auto works = [&queue]() -> silk::task<int> {
      co_await silk::sleep(1s);
      co_return static_cast<int>(queue.size());
    };
    const int size = co_await silk::with_timeout(2s, works);
    EXPECT_EQ(size, 0);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

silk::generator<int> a_number_each(silk::duration d) {
  for (int i = 1;; ++i) {
    co_await silk::sleep(d);
    co_yield i;
  }
}

TEST_P(timeout_of_awaitable, gives_what_an_await_that_cannot_be_moved_gives) {
  run([]() -> silk::task<> {
    const auto [one, two] =
        co_await silk::with_timeout(2s, silk::gather(answer_after(1s, 1), answer_after(1s, 2)));
    EXPECT_EQ(one + two, 3);
    const auto handle = silk::spawn(answer_after(1s, 4));
    const int shielded = co_await silk::with_timeout(2s, silk::shield(handle));
    EXPECT_EQ(shielded, 4);
    const int again = co_await silk::with_timeout(0s, silk::shield(handle));  // done already
    EXPECT_EQ(again, 4);
    auto numbers = a_number_each(1s);
    const std::optional<int> first = co_await silk::with_timeout(2s, numbers.next());
    EXPECT_EQ(first, 1);
    const std::optional<int> second =
        co_await silk::with_deadline(silk::now() + 2s, numbers.next());
    EXPECT_EQ(second, 2);
    EXPECT_EQ(silk::now().time_since_epoch(), 4s);
  });
}

TEST_P(timeout_of_awaitable, cancels_the_children_of_a_gather_and_waits_for_them) {
  run([]() -> silk::task<> {
    bool cleaned[2] = {};
    bool late = false;
    try {
      co_await silk::with_timeout(
          1s, silk::gather(cleans_up_for(1s, cleaned[0]), cleans_up_for(2s, cleaned[1])));
    } catch (const silk::timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    EXPECT_TRUE(cleaned[0] && cleaned[1]);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(timeout_of_awaitable, lets_go_of_what_is_shielded_and_cancels_what_is_gathered) {
  run([]() -> silk::task<> {
    const auto shielded = silk::spawn(answer_after(2s, 7));
    const auto gathered = silk::spawn(asleep());
    int late = 0;
    try {
      static_cast<void>(co_await silk::with_timeout(1s, silk::shield(shielded)));
    } catch (const silk::timeout_error&) {
      ++late;
    }
    try {
      co_await silk::with_timeout(0s, silk::gather(gathered, gathered));
    } catch (const silk::timeout_error&) {
      ++late;
    }
    EXPECT_EQ(late, 2);
    const std::string end = co_await ending(gathered);
    EXPECT_TRUE(end.starts_with("cancelled"));
    const int value = co_await shielded;
    EXPECT_EQ(value, 7);
  });
}

TEST_P(timeout_of_awaitable, ends_a_generator_that_is_late) {
  run([]() -> silk::task<> {
    auto numbers = a_number_each(3s);
    bool late = false;
    try {
      static_cast<void>(co_await silk::with_timeout(1s, numbers.next()));
    } catch (const silk::timeout_error&) {
      late = true;
    }
    EXPECT_TRUE(late);
    const std::optional<int> after = co_await numbers.next();
    EXPECT_EQ(after, std::nullopt);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout_of_awaitable, has_no_limit_in_a_scope_without_one) {
  run([]() -> silk::task<> {
    silk::timeout_scope limit(std::nullopt);
    const std::optional<silk::time_point> soon = silk::now() + 1s;
    silk::timeout_scope other(soon);
    EXPECT_EQ(limit.when(), std::nullopt);
    EXPECT_EQ(other.when(), soon);
    co_await limit.run(asleep(100h));
    EXPECT_FALSE(limit.expired());
  });
}

TEST_P(timeout_of_awaitable, takes_nothing_when_the_time_is_up) {
  run([]() -> silk::task<> {
    silk::queue<int> queue;
    silk::mutex lock;
    co_await lock.lock();
    int late = 0;
    try {
      static_cast<void>(co_await silk::with_timeout(1s, queue.get()));
    } catch (const silk::timeout_error&) {
      ++late;
    }
    try {
      co_await silk::with_timeout(1s, lock.lock());
    } catch (const silk::timeout_error&) {
      ++late;
    }
    queue.put_nowait(1);
    lock.unlock();
    EXPECT_EQ(late, 2);
    EXPECT_EQ(queue.size(), 1u);
    EXPECT_FALSE(lock.is_locked());
  });
}

class timeout_of_handle : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(timeout_of_handle);

template <class Handle>
silk::task<> wait_at_most(silk::duration d, Handle handle) {
  co_await silk::with_timeout(d, std::move(handle));
}

TEST_P(timeout_of_handle, gives_the_result_of_a_task_that_is_in_time) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn(answer_after(1s, 42));
    const int value = co_await silk::with_timeout(2s, handle);
    EXPECT_EQ(value, 42);
    EXPECT_EQ(handle.result(), 42);  // the caller's handle keeps it
    const silk::future<int> done = handle;
    const int again = co_await silk::with_timeout(2s, done);
    EXPECT_EQ(again, 42);
  });
}

TEST_P(timeout_of_handle, moves_out_what_cannot_be_copied) {
  run([]() -> silk::task<> {
    const auto move_only = []() -> silk::task<std::unique_ptr<int>> {
      co_await silk::sleep(1s);
      co_return std::make_unique<int>(3);
    };
    const std::unique_ptr<int> value = co_await silk::with_timeout(2s, silk::spawn(move_only()));
    EXPECT_EQ(*value, 3);
  });
}

TEST_P(timeout_of_handle, cancels_the_task_and_waits_for_it) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    auto handle = silk::spawn(cleans_up_for(5s, cleaned));
    const std::string how = co_await ending(wait_at_most(10s, handle));
    EXPECT_EQ(how, "timeout");
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 15s);
  });
}

TEST_P(timeout_of_handle, cancels_a_running_task_when_the_time_is_zero_or_less) {
  run([]() -> silk::task<> {
    for (const silk::duration d : {0ns, -1ns}) {
      bool cleaned = false;
      auto handle = silk::spawn(cleans_up_for(1s, cleaned));
      co_await silk::sleep(1s);  // it runs by now
      const std::string how = co_await ending(wait_at_most(d, handle));
      EXPECT_EQ(how, "timeout");
      EXPECT_TRUE(cleaned);
    }
  });
}

TEST_P(timeout_of_handle, gives_what_is_there_already_even_when_the_time_is_zero) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 200; ++i) {
      silk::promise<int> promise;
      promise.set_value(i);
      const int value = co_await silk::with_timeout(0s, promise.get_future());
      EXPECT_EQ(value, i);
      const int past = co_await silk::with_deadline(silk::now() - 1s, promise.get_future());
      EXPECT_EQ(past, i);
    }
  });
}

TEST_P(timeout_of_handle, leaves_a_shielded_task_alone) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn(answer_after(5s, 42));
    const auto shielded = [](silk::join_handle<int> h) -> silk::task<> {
      co_await silk::shield(h);
    };
    const auto limited = [](silk::duration d, silk::task<> body) -> silk::task<> {
      co_await silk::with_timeout(d, std::move(body));
    };
    const std::string late = co_await ending(limited(1s, shielded(handle)));
    EXPECT_EQ(late, "timeout");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    const std::string never_started = co_await ending(limited(0s, shielded(handle)));
    EXPECT_EQ(never_started, "timeout");
    const std::string in_time = co_await ending(limited(10s, shielded(handle)));
    EXPECT_EQ(in_time, "value");
    EXPECT_EQ(handle.result(), 42);
  });
}

TEST_P(timeout_of_handle, gives_what_a_stubborn_task_answers) {
  run([]() -> silk::task<> {
    const auto swallows = []() -> silk::task<int> {
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) co_await silk::sleep(1s);
      co_return 42;
    };
    const int value = co_await silk::with_timeout(1s, silk::spawn(swallows()));
    EXPECT_EQ(value, 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(timeout_of_handle, a_cancel_from_above_ends_the_task_first) {
  run([]() -> silk::task<> {
    bool cleaned = false;
    auto inner = silk::spawn(cleans_up_for(5s, cleaned));
    auto outer = silk::spawn(wait_at_most(1h, inner));
    co_await silk::sleep(1s);
    outer.cancel();
    const std::string how = co_await ending(wait_at_most(1h, outer));
    EXPECT_EQ(how, "cancelled");
    EXPECT_TRUE(inner.is_cancelled());
    EXPECT_TRUE(cleaned);
  });
}

TEST_P(timeout_of_handle, a_cancel_that_meets_the_completion_keeps_the_result_readable) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 100; ++i) {
      auto inner = silk::spawn(answer_after(1s, i));
      auto outer = silk::spawn(wait_at_most(1h, inner));
      co_await silk::sleep(1s);
      outer.cancel();
      const std::string how = co_await ending(wait_at_most(1h, outer));
      EXPECT_TRUE(how == "value" || how == "cancelled");
      EXPECT_TRUE(inner.done());
      EXPECT_TRUE(inner.is_cancelled() || inner.result() == i);
    }
  });
}

TEST_P(timeout_of_handle, a_dropped_promise_ends_it_before_the_time_is_up) {
  run([]() -> silk::task<> {
    silk::future<int> future;
    {
      silk::promise<int> promise;
      future = promise.get_future();
    }
    const std::string how = co_await ending(wait_at_most(1h, future));
    EXPECT_EQ(how, silk::broken_promise().what());
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

// ---- together with gather and task groups ----

class timeout_of_many : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(timeout_of_many);

silk::task<> gather_sleepers(int count, std::atomic<int>& ended) {
  std::vector<silk::task<>> all;
  for (int i = 0; i < count; ++i) all.push_back(counts_its_end(ended));
  co_await silk::gather(std::move(all));
}

TEST_P(timeout_of_many, stops_every_child_of_a_gather) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const std::string how = co_await ending(at_most(1s, gather_sleepers(1000, ended)));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(ended, 1000);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout_of_many, in_a_child_of_a_gather_stops_the_siblings) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const auto all = [](std::atomic<int>& count) -> silk::task<> {
      co_await silk::gather(at_most(1s, asleep()), at_most(1h, counts_its_end(count)),
                            counts_its_end(count));
    };
    const std::string how = co_await ending(all(ended));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout_of_many, in_each_child_of_a_gather_ends_each_in_its_time) {
  run([]() -> silk::task<> {
    std::vector<silk::task<std::string>> all;
    for (int i = 0; i < 100; ++i) all.push_back(ending(at_most(i * 2s + 1s, asleep(100s))));
    const std::vector<std::string> how = co_await silk::gather(std::move(all));
    for (std::size_t i = 0; i < how.size(); ++i) {
      EXPECT_EQ(how[i], i < 50 ? "timeout" : "value") << i;
    }
    EXPECT_EQ(silk::now().time_since_epoch(), 100s);
  });
}

TEST_P(timeout_of_many, stops_the_body_and_every_child_of_a_task_group) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const auto body = [&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 100; ++i) group.spawn(counts_its_end(ended));
      co_await counts_its_end(ended);
    };
    const std::string how = co_await ending(at_most(1s, silk::with_task_group(body)));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(ended, 101);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout_of_many, stops_a_task_group_whose_body_ended_without_suspending) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const auto body = [&](silk::task_group& group) -> silk::task<> {
      group.spawn(counts_its_end(ended));
      co_return;
    };
    const std::string how = co_await ending(at_most(1s, silk::with_task_group(body)));
    EXPECT_EQ(how, "timeout");
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(timeout_of_many, gives_way_to_an_error_of_a_group_that_is_being_stopped) {
  run([]() -> silk::task<> {
    const auto child = []() -> silk::task<> {
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) throw boom(1);
    };
    const auto body = [&](silk::task_group& group) -> silk::task<> {
      group.spawn(child());
      co_await asleep();
    };
    const std::string how = co_await ending(at_most(1s, silk::with_task_group(body)));
    EXPECT_EQ(how, "group");
  });
}

TEST_P(timeout_of_many, ten_thousand_tasks_set_and_take_back_ten_each) {
  silk::runtime runtime(virtual_time());
  std::atomic<int> in_time = 0;
  runtime.block_on([&]() -> silk::task<> {
    const auto sets_and_takes_back = [&](int number) -> silk::task<> {
      for (int i = 0; i < 10; ++i) {
        co_await silk::with_timeout(1h, asleep((number + i) % 7 * 1ms));
        ++in_time;
      }
    };
    std::vector<silk::task<>> all;
    for (int i = 0; i < 10'000; ++i) all.push_back(sets_and_takes_back(i));
    co_await silk::gather(std::move(all));
  });
  EXPECT_EQ(in_time, 100'000);
  let_time_pass_if_it_can(runtime);
  EXPECT_LT(runtime.now().time_since_epoch(), 1s);
}

TEST_P(timeout_of_many, ten_thousand_expire_at_one_instant) {
  run([]() -> silk::task<> {
    std::vector<silk::task<std::string>> all;
    for (int i = 0; i < 10'000; ++i) all.push_back(ending(at_most(1s, asleep())));
    const std::vector<std::string> how = co_await silk::gather(std::move(all));
    for (const std::string& one : how) EXPECT_EQ(one, "timeout");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

silk::task<> two_sleep_a_second() { co_await silk::gather(asleep(1s), asleep(1s)); }

// A timeout that is set, expires and is cancelled from above at nearly the same time, again and again.
TEST_P(timeout_of_many, ends_each_of_many_that_are_cancelled_as_they_expire) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<void>> handles;
    for (int i = 0; i < 500; ++i) {
      handles.push_back(silk::spawn(at_most(1s, at_most(1s, two_sleep_a_second()))));
    }
    const auto cancels = [&](std::size_t from) -> silk::task<> {
      co_await silk::sleep(1s);
      for (std::size_t i = from; i < handles.size(); i += 4) handles[i].cancel();
    };
    co_await silk::gather(cancels(0), cancels(1), cancels(2), cancels(3));
    for (auto& handle : handles) {
      const std::string how = co_await ending(wait_at_most(1h, handle));
      EXPECT_TRUE(how == "value" || how == "timeout" || how == "cancelled");
    }
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// The real clock: no promise about lateness here, only about the outcome.
TEST(timeout_in_real_time, ends_work_that_would_never_end) {
  silk::run([]() -> silk::task<> {
    const auto start = silk::now();
    const std::string how = co_await ending(at_most(2ms, asleep()));
    EXPECT_EQ(how, "timeout");
    EXPECT_GE(silk::now() - start, 2ms);  // never early
  });
}

}  // namespace
