// Rows of the area `queue` about putting, getting and joining: asyncio.Queue is silk::queue, and so
// PriorityQueue and LifoQueue; QueueFull is queue_full. Those about closing are in queue_close_test.cpp.
#include "queues.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace silk_conformance;

template <class Queue>
silk::task<> is_empty_at_first_and_after_the_matching_get() {
  Queue q;
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.size(), 0u);
  co_await q.put(1);
  EXPECT_FALSE(q.empty());
  EXPECT_EQ(q.size(), 1u);
  const int got = co_await q.get();
  EXPECT_EQ(got, 1);
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.size(), 0u);
}

ROW(queue, empty_and_size) {
  run(is_empty_at_first_and_after_the_matching_get<fifo>());
  run(is_empty_at_first_and_after_the_matching_get<lifo>());
  run(is_empty_at_first_and_after_the_matching_get<priority>());
}

ROW(queue, full) {
  run([]() -> silk::task<> {
    fifo unbounded;
    EXPECT_FALSE(unbounded.full());
    for (int i = 0; i < 100; ++i) co_await unbounded.put(i);
    EXPECT_FALSE(unbounded.full());

    fifo one(1);
    EXPECT_FALSE(one.full());
    co_await one.put(1);
    EXPECT_TRUE(one.full());
    static_cast<void>(one.get_nowait());
    EXPECT_FALSE(one.full());
  });
}

ROW(queue, fifo) {
  run([]() -> silk::task<> {
    fifo q;
    for (const int item : {1, 3, 2}) co_await q.put(item);
    const std::vector<int> order = drained(q);
    EXPECT_EQ(order, (std::vector{1, 3, 2}));
  });
  // Several producers, a bound that makes them wait: each one's items keep their order.
  run([]() -> silk::task<> {
    fifo q(3);
    std::vector<silk::join_handle<void>> producers;
    for (int p = 0; p < 4; ++p) {
      producers.push_back(silk::spawn(
          [&q](int mine) -> silk::task<> {
            for (int i = 0; i < 50; ++i) co_await q.put(mine * 100 + i);
          },
          p));
    }
    std::vector<int> expected{0, 100, 200, 300};
    for (int i = 0; i < 200; ++i) {
      const int item = co_await q.get();
      int& next = expected[static_cast<std::size_t>(item / 100)];
      EXPECT_EQ(item, next);
      ++next;
    }
    EXPECT_EQ(expected, (std::vector{50, 150, 250, 350}));
    co_await silk::gather(producers);
  });
}

ROW(queue, capacity_blocks_put) {
  run([]() -> silk::task<> {
    fifo q(2);
    int completed = 0;
    const auto producer = silk::spawn([&]() -> silk::task<> {
      for (int i = 1; i <= 3; ++i) {
        co_await q.put(i);
        completed = i;
      }
    });
    co_await at_rest();
    EXPECT_EQ(completed, 2);
    EXPECT_EQ(q.waiting_putters(), 1u);
    const int first = q.get_nowait();
    EXPECT_EQ(first, 1);
    co_await producer;
    EXPECT_EQ(completed, 3);
    const std::vector<int> order = drained(q);
    EXPECT_EQ(order, (std::vector{2, 3}));
  });
}

template <class Queue>
silk::task<> get_waits_for_a_put() {
  Queue q;
  const auto getter = silk::spawn(gets(q));
  co_await at_rest();
  EXPECT_FALSE(getter.done());
  EXPECT_EQ(q.waiting_getters(), 1u);
  co_await q.put(7);
  const int got = co_await getter;
  EXPECT_EQ(got, 7);
  EXPECT_TRUE(q.empty());
}

ROW(queue, get_blocks_until_put) {
  run(get_waits_for_a_put<fifo>());
  run(get_waits_for_a_put<lifo>());
  run(get_waits_for_a_put<priority>());
}

ROW(queue, get_frees_a_putter) {
  run([]() -> silk::task<> {
    fifo q(1);
    co_await q.put(1);
    const auto second = silk::spawn(puts(q, 2));
    co_await at_rest();
    const auto third = silk::spawn(puts(q, 3));
    co_await at_rest();
    EXPECT_EQ(q.waiting_putters(), 2u);

    const int got = co_await q.get();
    EXPECT_EQ(got, 1);
    co_await at_rest();
    EXPECT_TRUE(second.done());
    EXPECT_FALSE(third.done());
    EXPECT_EQ(q.waiting_putters(), 1u);
    const int next = q.get_nowait();
    EXPECT_EQ(next, 2);
    co_await third;
  });
}

ROW(queue, get_with_blocked_putters) {
  run([]() -> silk::task<> {
    fifo q(1);
    const auto first = silk::spawn(puts(q, 1));
    co_await at_rest();
    const auto second = silk::spawn(puts(q, 2));
    co_await at_rest();
    EXPECT_EQ(q.waiting_putters(), 1u);
    const int a = co_await q.get();
    const int b = co_await q.get();
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    co_await silk::gather(first, second);
  });
}

ROW(queue, put_nowait_full) {
  run([]() -> silk::task<> {
    fifo q(1);
    EXPECT_EQ(putting(q, 1), "value");
    std::string how;
    try {
      q.put_nowait(2);
    } catch (const silk::queue_full&) {
      how = "queue_full";
    }
    EXPECT_EQ(how, "queue_full");
    EXPECT_EQ(q.size(), 1u);
    EXPECT_EQ(q.unfinished(), 1u);
    const std::vector<int> left = drained(q);
    EXPECT_EQ(left, std::vector{1});
    co_return;
  });
}

ROW(queue, put_unbounded) {
  run([&]() -> silk::task<> {
    fifo q;
    bool another_ran = false;
    {
      const alone here(workers());
      silk::spawn([&]() -> silk::task<> {
        another_ran = true;
        co_return;
      });
      for (int i = 0; i < 1000; ++i) co_await q.put(i);
      EXPECT_FALSE(another_ran);  // so no put has suspended
    }
    EXPECT_EQ(q.size(), 1000u);
    co_await at_rest();
    EXPECT_TRUE(another_ran);
  });
}

ROW(queue, nonpositive_capacity_unbounded) {
  run([]() -> silk::task<> {
    for (const std::ptrdiff_t capacity : {std::ptrdiff_t{0}, std::ptrdiff_t{-1}}) {
      fifo q(capacity);
      EXPECT_EQ(q.capacity(), 0u);
      for (int i = 0; i < 100; ++i) co_await q.put(i);
      EXPECT_FALSE(q.full());
      EXPECT_EQ(q.size(), 100u);
    }
  });
}

// docs/cancellation.md: w13a
ROW(queue, cancelled_getter_removed) {
  run([]() -> silk::task<> {
    fifo q;
    const auto cancelled = silk::spawn(gets(q));
    co_await at_rest();
    const auto late =
        silk::spawn([&]() -> silk::task<> { co_await silk::with_timeout(10ms, gets(q)); });
    co_await at_rest();
    const auto next = silk::spawn(gets(q));
    co_await at_rest();
    EXPECT_EQ(q.waiting_getters(), 3u);

    cancelled.cancel();
    const std::string first = co_await ending(cancelled);
    EXPECT_EQ(first, "cancelled");
    EXPECT_EQ(q.waiting_getters(), 2u);
    const std::string second = co_await ending(late);
    EXPECT_EQ(second, "timeout");
    EXPECT_EQ(q.waiting_getters(), 1u);

    co_await q.put(1);
    const int got = co_await next;
    EXPECT_EQ(got, 1);
  });
}

// docs/cancellation.md: w13b
ROW(queue, woken_getter_cancelled_wakes_next) {
  run([&]() -> silk::task<> {
    fifo q;
    std::vector<silk::join_handle<int>> getters;
    for (int i = 0; i < 3; ++i) {
      getters.push_back(silk::spawn(gets(q)));
      co_await at_rest();
    }
    EXPECT_EQ(q.waiting_getters(), 3u);
    {
      const alone here(workers());
      q.put_nowait(1);
      q.put_nowait(2);
      EXPECT_EQ(q.waiting_getters(), 1u);
      getters[0].cancel();
    }
    const std::string first = co_await ending(getters[0]);
    EXPECT_EQ(first, "cancelled");
    co_await at_rest();
    EXPECT_TRUE(getters[1].done() && getters[2].done());
    q.close();  // so that a getter without an item would not wait for ever
    std::vector<int> got;
    for (const auto& each : {getters[1], getters[2]}) {
      const std::string end = co_await ending(each);
      EXPECT_EQ(end, "value");
      if (end == "value") got.push_back(each.result());
    }
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, (std::vector{1, 2}));
  });
}

ROW(queue, cancelled_putter_skipped) {
  run([]() -> silk::task<> {
    silk::queue<std::string> q(1);
    co_await q.put("a");
    const auto put_b = silk::spawn([&]() -> silk::task<> { co_await q.put("b"); });
    co_await at_rest();
    const auto put_x = silk::spawn([&]() -> silk::task<> { co_await q.put("X"); });
    co_await at_rest();
    EXPECT_EQ(q.waiting_putters(), 2u);
    put_x.cancel();
    const std::string a = co_await q.get();
    const std::string b = co_await q.get();
    EXPECT_EQ(a, "a");
    EXPECT_EQ(b, "b");
    co_await put_b;
    const std::string x = co_await ending(put_x);
    EXPECT_EQ(x, "cancelled");
    EXPECT_EQ(getting(q), "the queue is empty");
  });
}

// docs/cancellation.md: w14a
ROW(queue, cancelled_putter_removed) {
  run([]() -> silk::task<> {
    fifo q(1);
    co_await q.put(0);
    const auto putter = silk::spawn(puts(q, 1));
    co_await at_rest();
    EXPECT_EQ(q.waiting_putters(), 1u);
    putter.cancel("enough");
    const std::string end = co_await ending(putter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(q.waiting_putters(), 0u);
    EXPECT_EQ(q.unfinished(), 1u);
  });
}

// docs/cancellation.md: w14b
ROW(queue, cancelled_putter_already_dequeued) {
  run([&]() -> silk::task<> {
    fifo q(1);
    co_await q.put(1);
    const auto putter = silk::spawn(puts(q, 2));
    co_await at_rest();
    EXPECT_EQ(q.waiting_putters(), 1u);
    {
      const alone here(workers());
      const int got = q.get_nowait();
      EXPECT_EQ(got, 1);
      EXPECT_EQ(q.waiting_putters(), 0u);
      putter.cancel("enough");
    }
    const std::string end = co_await ending(putter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_TRUE(q.empty());  // a put that was cancelled has put nothing
    EXPECT_EQ(q.unfinished(), 1u);
    EXPECT_EQ(putting(q, 3), "value");
  });
}

ROW(queue, lifo_order) {
  run([]() -> silk::task<> {
    lifo q;
    for (const int item : {1, 3, 2}) co_await q.put(item);
    const std::vector<int> order = drained(q);
    EXPECT_EQ(order, (std::vector{2, 3, 1}));
  });
}

ROW(queue, priority_order) {
  run([]() -> silk::task<> {
    priority q;
    for (const int item : {1, 3, 2}) co_await q.put(item);
    const std::vector<int> order = drained(q);
    EXPECT_EQ(order, (std::vector{1, 2, 3}));

    silk::priority_queue<int, std::greater<>> greatest_first;
    for (const int item : {1, 3, 2}) co_await greatest_first.put(item);
    const std::vector<int> reversed = drained(greatest_first);
    EXPECT_EQ(reversed, (std::vector{3, 2, 1}));
  });
}

template <class Queue>
silk::task<> task_done_must_not_come_too_often() {
  Queue q;
  EXPECT_EQ(told([&] { q.task_done(); }), "invalid argument");
  co_await q.put(1);
  static_cast<void>(q.get_nowait());
  EXPECT_EQ(told([&] { q.task_done(); }), "value");
  EXPECT_EQ(told([&] { q.task_done(); }), "invalid argument");
}

ROW(queue, task_done_underflow) {
  run(task_done_must_not_come_too_often<fifo>());
  run(task_done_must_not_come_too_often<lifo>());
  run(task_done_must_not_come_too_often<priority>());
}

template <class Queue>
silk::task<> join_waits_for_two_workers_and_a_hundred_items() {
  Queue q;
  for (int i = 0; i < 100; ++i) q.put_nowait(i);
  EXPECT_EQ(q.unfinished(), 100u);
  int done = 0;
  silk::mutex counting;
  const auto worker = [&]() -> silk::task<> {
    for (;;) {
      static_cast<void>(co_await q.get());
      co_await silk::sleep(1ms);
      {
        const auto hold = co_await counting.scoped();
        ++done;
      }
      q.task_done();
    }
  };
  const auto one = silk::spawn(worker());
  const auto other = silk::spawn(worker());
  co_await q.join();
  {
    const auto hold = co_await counting.scoped();
    EXPECT_EQ(done, 100);
  }
  EXPECT_EQ(q.unfinished(), 0u);
  one.cancel();
  other.cancel();
  const std::string first = co_await ending(one);
  const std::string second = co_await ending(other);
  EXPECT_EQ(first, "cancelled");
  EXPECT_EQ(second, "cancelled");
}

ROW(queue, join_waits_for_task_done) {
  run(join_waits_for_two_workers_and_a_hundred_items<fifo>());
  run(join_waits_for_two_workers_and_a_hundred_items<lifo>());
  run(join_waits_for_two_workers_and_a_hundred_items<priority>());
}

template <class Queue>
silk::task<> join_returns_at_once_and_again() {
  Queue q;
  const auto before = silk::now();
  co_await q.join();
  co_await q.join();
  EXPECT_EQ(silk::now(), before);
}

ROW(queue, join_empty) {
  run(join_returns_at_once_and_again<fifo>());
  run(join_returns_at_once_and_again<lifo>());
  run(join_returns_at_once_and_again<priority>());
}

}  // namespace
