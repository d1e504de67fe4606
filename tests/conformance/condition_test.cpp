// Rows of the area `condition`: asyncio.Condition is silk::condition; its wait_for is wait(predicate).
#include "row.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace {

using namespace silk_conformance;

using order = std::vector<int>;

silk::task<> locked_wait(silk::condition& change) {
  const auto hold = co_await change.scoped();
  co_await change.wait();
}

// Writes its number down, under the lock, when it has been notified.
silk::task<> listener(silk::condition& change, order& heard, int number) {
  const auto hold = co_await change.scoped();
  co_await change.wait();
  heard.push_back(number);
}

silk::task<> notify_under_lock(silk::condition& change, std::size_t n) {
  const auto hold = co_await change.scoped();
  change.notify(n);
}

ROW(condition, wait_releases_lock) {
  run([]() -> silk::task<> {
    silk::condition change;
    order heard;
    std::vector<silk::join_handle<>> listeners;
    for (int n = 0; n < 3; ++n) listeners.push_back(silk::spawn(listener(change, heard, n)));
    co_await at_rest();
    EXPECT_EQ(change.waiting(), 3u);
    EXPECT_FALSE(change.is_locked());
    co_await notify_under_lock(change, 3);
    co_await silk::gather(listeners);
    EXPECT_EQ(heard.size(), 3u);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, notify_n_in_order) {
  run([]() -> silk::task<> {
    silk::condition change;
    order heard;
    const auto slow_listener = [&](int number) -> silk::task<> {
      const auto hold = co_await change.scoped();
      co_await change.wait();
      heard.push_back(number);
      co_await silk::sleep(1s);  // with the lock
    };
    std::vector<silk::join_handle<>> listeners;
    for (int n = 0; n < 6; ++n) {
      listeners.push_back(silk::spawn(std::ref(slow_listener), n));
      co_await at_rest();
    }
    {
      const auto hold = co_await change.scoped();
      change.notify(2);
      EXPECT_EQ(change.waiting(), 4u);
      co_await at_rest();
      EXPECT_TRUE(heard.empty());  // the lock is not free yet
    }
    co_await at_rest();
    EXPECT_EQ(heard, (order{0}));  // one at a time
    co_await silk::sleep(5s);
    EXPECT_EQ(heard, (order{0, 1}));
    {
      const auto hold = co_await change.scoped();
      change.notify();
      change.notify_all();
    }
    co_await silk::gather(listeners);
    EXPECT_EQ(heard, (order{0, 1, 2, 3, 4, 5}));
  });
}

ROW(condition, notify_more_than_waiting) {
  run([]() -> silk::task<> {
    silk::condition change;
    order heard;
    std::vector<silk::join_handle<>> listeners;
    for (int n = 0; n < 2; ++n) {
      listeners.push_back(silk::spawn(listener(change, heard, n)));
      co_await at_rest();
    }
    co_await notify_under_lock(change, 2048);
    co_await silk::gather(listeners);
    EXPECT_EQ(heard, (order{0, 1}));
    const auto later = silk::spawn(listener(change, heard, 2));
    co_await at_rest();
    EXPECT_FALSE(later.done());
    co_await notify_under_lock(change, 1);
    co_await later;
  });
}

// Waits, and when it is cancelled: says whether the lock was held at that moment.
silk::task<std::string> cancelled_wait(silk::condition& change, bool& held) {
  co_await change.lock();
  const std::string end = co_await ending(change.wait());
  held = change.is_locked() && !change.try_lock();
  change.unlock();
  co_return end;
}

// docs/cancellation.md: w12a
ROW(condition, wait_cancelled_reacquires) {
  run([]() -> silk::task<> {
    silk::condition change;
    bool held = false;
    const auto waiter = silk::spawn(cancelled_wait(change, held));
    co_await at_rest();
    co_await change.lock();
    waiter.cancel();
    co_await at_rest();
    EXPECT_FALSE(waiter.done());  // only after it has the lock
    EXPECT_EQ(change.waiting(), 0u);
    change.unlock();
    const std::string end = co_await waiter;
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(held);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, cancel_after_notify_kept) {
  run([]() -> silk::task<> {
    silk::condition change;
    bool held = false;
    const auto waiter = silk::spawn(cancelled_wait(change, held));
    co_await at_rest();
    co_await change.lock();
    change.notify();
    co_await at_rest();
    waiter.cancel();
    co_await at_rest();
    EXPECT_FALSE(waiter.done());
    change.unlock();
    const std::string end = co_await waiter;
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(held);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, wait_without_lock) {
  run([]() -> silk::task<> {
    silk::condition change;
    const std::string end = co_await ending(change.wait());
    EXPECT_EQ(end, "usage");
    EXPECT_EQ(change.waiting(), 0u);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, wait_for_predicate) {
  run([]() -> silk::task<> {
    silk::condition change;
    int value = 0;  // guarded by change, as the next
    int looks = 0;
    const auto waiter = silk::spawn([&]() -> silk::task<int> {
      co_await change.lock();
      const int found = co_await change.wait([&] {
        ++looks;
        return value >= 2 ? value * 10 : 0;
      });
      EXPECT_TRUE(change.is_locked());
      change.unlock();
      co_return found;
    });
    co_await at_rest();
    for (int step = 1; step <= 2; ++step) {
      EXPECT_FALSE(waiter.done());
      const auto hold = co_await change.scoped();
      EXPECT_EQ(looks, step);
      value = step;
      change.notify();
      co_await at_rest();
    }
    const int found = co_await waiter;
    EXPECT_EQ(found, 20);
    EXPECT_EQ(looks, 3);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, wait_for_true_at_once) {
  run([]() -> silk::task<> {
    silk::condition change;
    const int found = co_await change.wait([] { return 42; });
    EXPECT_EQ(found, 42);
    EXPECT_FALSE(change.is_locked());
    co_await change.lock();
    const bool locked = co_await change.wait([] { return true; });
    EXPECT_TRUE(locked);
    EXPECT_TRUE(change.is_locked());
    change.unlock();
  });
}

ROW(condition, wait_for_without_lock) {
  run([]() -> silk::task<> {
    silk::condition change;
    const std::string end = co_await ending(change.wait([] { return false; }));
    EXPECT_EQ(end, "usage");
    EXPECT_EQ(change.waiting(), 0u);
  });
}

ROW(condition, notify_without_lock) {
  silk::condition change;
  EXPECT_EQ(told([&] { change.notify(); }), "usage");
  EXPECT_EQ(told([&] { change.notify_all(); }), "usage");
}

ROW(condition, scoped) {
  run([]() -> silk::task<> {
    silk::condition change;
    {
      const auto hold = co_await change.scoped();
      EXPECT_TRUE(change.is_locked());
    }
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(condition, shared_lock) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    silk::condition change(lock), other_change(lock);
    EXPECT_FALSE(change.is_locked());
    co_await lock.lock();
    EXPECT_TRUE(change.is_locked());
    EXPECT_TRUE(other_change.is_locked());
    lock.unlock();
    co_await change.lock();
    EXPECT_TRUE(lock.is_locked());
    EXPECT_TRUE(other_change.is_locked());
    change.unlock();
    EXPECT_FALSE(lock.is_locked());
  });
}

ROW(condition, wait_with_timeout) {
  run([]() -> silk::task<> {
    silk::condition change;
    const silk::time_point start = silk::runtime::current().now();
    {
      const auto hold = co_await change.scoped();
      const auto wait_at_most = [&]() -> silk::task<> {
        co_await silk::with_timeout(500ms, change.wait());
      };
      const std::string end = co_await ending(wait_at_most());
      EXPECT_EQ(end, "timeout");
      EXPECT_EQ(silk::runtime::current().now() - start, 500ms);
      EXPECT_TRUE(change.is_locked());
    }
    EXPECT_FALSE(change.is_locked());
  });
}

// "The same object" shows in its reason only: it is the one that was given first, at the wait itself.
ROW(condition, cancel_message_kept) {
  run([]() -> silk::task<> {
    silk::condition change;
    bool held = false;
    const auto waiter = silk::spawn(cancelled_wait(change, held));
    co_await at_rest();
    waiter.cancel("while it waits");
    const std::string end = co_await waiter;
    EXPECT_EQ(end, "cancelled: while it waits");
    EXPECT_TRUE(held);
  });
}

ROW(condition, cancel_message_kept_on_reacquire) {
  run([]() -> silk::task<> {
    silk::condition change;
    bool held = false;
    for (const bool notified : {false, true}) {
      const auto waiter = silk::spawn(cancelled_wait(change, held));
      co_await at_rest();
      co_await change.lock();
      if (notified) {
        change.notify();
      } else {
        waiter.cancel("while it waits");  // now it waits for the lock, as one that was notified
      }
      co_await at_rest();
      waiter.cancel("while it locks");
      co_await at_rest();
      EXPECT_FALSE(waiter.done());
      change.unlock();
      const std::string end = co_await waiter;
      EXPECT_EQ(end, "cancelled: while it locks");  // the latest
      EXPECT_TRUE(held);
    }
  });
}

// Producer and consumers of a single item. The consumer that was notified is cancelled.
class shop {
 public:
  silk::task<> consume() {
    const auto hold = co_await change.scoped();
    while (items == 0) co_await change.wait();
    --items;
    ++consumed;
  }
  silk::task<> produce() {
    const auto hold = co_await change.scoped();
    ++items;
    change.notify();
  }

  silk::condition change;
  int items = 0;  // guarded by change, as the next
  int consumed = 0;
};

ROW(condition, notify_not_lost_to_cancelled_waiter) {
  run([this]() -> silk::task<> {
    shop here;
    const auto first = silk::spawn(here.consume());
    co_await at_rest();
    const auto second = silk::spawn(here.consume());
    co_await at_rest();
    co_await here.produce();
    const bool in_time = first.cancel();  // it has not run since it was notified
    if (workers() == 1) {
      EXPECT_TRUE(in_time);
    }
    co_await at_rest();
    EXPECT_EQ(here.items, 0);
    EXPECT_EQ(here.consumed, 1);
    EXPECT_TRUE(first.done());
    if (workers() == 1) {
      EXPECT_TRUE(second.done());
      EXPECT_TRUE(first.is_cancelled());
    }
    if (!second.done()) co_await here.produce();  // the first one was too fast to be cancelled
    co_await silk::gather_settled(first, second);
  });
}

// docs/cancellation.md: w12b
ROW(condition, notify_not_lost_on_relock_cancel) {
  run([]() -> silk::task<> {
    shop here;
    const auto first = silk::spawn(here.consume());
    co_await at_rest();
    const auto second = silk::spawn(here.consume());
    co_await at_rest();
    co_await here.change.lock();
    ++here.items;
    here.change.notify();
    co_await at_rest();
    first.cancel();  // while it waits for the lock
    co_await at_rest();
    here.change.unlock();
    co_await at_rest();
    EXPECT_EQ(here.items, 0);
    EXPECT_EQ(here.consumed, 1);
    EXPECT_TRUE(second.done());
    const std::string end = co_await ending(first);
    EXPECT_EQ(end, "cancelled");
    co_await second;
  });
}

ROW(condition, spurious_wakeups_allowed) {
  run([]() -> silk::task<> {
    silk::condition change;
    int looks = 0;
    bool true_now = false;
    const auto waiter = silk::spawn([&]() -> silk::task<> {
      const auto hold = co_await change.scoped();
      const bool found = co_await change.wait([&] {
        ++looks;
        return true_now;
      });
      EXPECT_TRUE(found);
    });
    co_await at_rest();
    // A notification that was meant for a waiter that is cancelled is passed on although nothing is true.
    const auto first = silk::spawn(locked_wait(change));
    co_await at_rest();
    for (int nothing_new = 0; nothing_new < 3; ++nothing_new) {
      co_await notify_under_lock(change, 1);
      co_await at_rest();
      EXPECT_FALSE(waiter.done());
      if (first.done()) break;
    }
    EXPECT_GE(looks, 2);
    {
      const auto hold = co_await change.scoped();
      true_now = true;
      change.notify_all();
    }
    co_await silk::gather(waiter, first);
    EXPECT_GE(looks, 3);
  });
}

}  // namespace
