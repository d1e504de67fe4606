// Rows of the area `lock`: asyncio.Lock is silk::mutex.
#include "row.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

using order = std::vector<int>;

// Waits for the lock, writes its number down, holds the lock for a while.
silk::task<> customer(silk::mutex& lock, order& served, int number) {
  const auto hold = co_await lock.scoped();
  served.push_back(number);
  co_await silk::sleep(1s);
}

ROW(lock, acquire_release) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    EXPECT_FALSE(lock.is_locked());
    co_await lock.lock();
    EXPECT_TRUE(lock.is_locked());
    lock.unlock();
    EXPECT_FALSE(lock.is_locked());

    // It does not suspend: a task that is runnable gets no turn on the only worker.
    std::atomic<bool> other_ran = false;
    const auto other = silk::spawn([&]() -> silk::task<> {
      other_ran = true;
      co_return;
    });
    co_await lock.lock();
    if (silk::runtime::current().workers() == 1) {
      EXPECT_FALSE(other_ran);
    }
    lock.unlock();
    co_await other;
  });
}

ROW(lock, fifo_order) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    order served;
    std::vector<silk::join_handle<>> customers;
    co_await lock.lock();
    for (int n = 0; n < 3; ++n) {
      customers.push_back(silk::spawn(customer(lock, served, n)));
      co_await at_rest();
    }
    EXPECT_TRUE(served.empty());
    lock.unlock();
    co_await at_rest();
    EXPECT_EQ(served, (order{0}));  // one for each release
    customers.push_back(silk::spawn(customer(lock, served, 3)));
    co_await at_rest();
    EXPECT_EQ(lock.waiting(), 3u);
    co_await silk::gather(customers);
    EXPECT_EQ(served, (order{0, 1, 2, 3}));
    EXPECT_FALSE(lock.is_locked());
  });
}

ROW(lock, no_barging) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    order served;
    co_await lock.lock();
    const auto chosen = silk::spawn(customer(lock, served, 0));
    co_await at_rest();
    lock.unlock();
    EXPECT_TRUE(lock.is_locked());  // handed over directly
    EXPECT_FALSE(lock.try_lock());
    co_await customer(lock, served, 1);
    co_await chosen;
    EXPECT_EQ(served, (order{0, 1}));
  });
}

ROW(lock, not_owned) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    co_await lock.lock();
    co_await silk::spawn([&]() -> silk::task<> {
      lock.unlock();
      co_return;
    });
    EXPECT_FALSE(lock.is_locked());

    co_await lock.lock();
    std::thread([&] { lock.unlock(); }).join();
    EXPECT_FALSE(lock.is_locked());

    // A thread that is no worker hands it to a task that waits.
    co_await lock.lock();
    order served;
    const auto waiter = silk::spawn(customer(lock, served, 0));
    co_await at_rest();
    std::thread([&] { lock.unlock(); }).join();
    co_await waiter;
    EXPECT_EQ(served, (order{0}));
  });
}

// docs/cancellation.md: w11a
ROW(lock, acquire_cancelled) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    co_await lock.lock();
    const auto waiter = silk::spawn([&]() -> silk::task<> { co_await lock.lock(); });
    co_await at_rest();
    EXPECT_EQ(lock.waiting(), 1u);
    waiter.cancel("enough");
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(lock.waiting(), 0u);
    lock.unlock();
    EXPECT_FALSE(lock.is_locked());
  });
}

ROW(lock, cancel_then_release_wakes_one) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    order served;
    std::vector<silk::join_handle<>> customers;
    co_await lock.lock();
    for (int n = 0; n < 3; ++n) {
      customers.push_back(silk::spawn(customer(lock, served, n)));
      co_await at_rest();
    }
    customers[0].cancel();
    lock.unlock();
    co_await at_rest();
    EXPECT_EQ(served, (order{1}));
    EXPECT_EQ(lock.waiting(), 1u);
    co_await silk::gather_settled(customers);
    EXPECT_EQ(served, (order{1, 2}));
    EXPECT_FALSE(lock.is_locked());
  });
}

ROW(lock, cancelled_waiter_before_release) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    co_await lock.lock();
    const auto first = silk::spawn([&]() -> silk::task<> { co_await lock.lock(); });
    co_await at_rest();
    const auto second = silk::spawn([&]() -> silk::task<> { co_await lock.lock(); });
    co_await at_rest();
    first.cancel();
    lock.unlock();
    co_await second;
    const std::string end = co_await ending(first);
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(lock.is_locked());
    EXPECT_EQ(lock.waiting(), 0u);
    lock.unlock();
  });
}

ROW(lock, woken_then_cancelled_passes_on) {
  run([this]() -> silk::task<> {
    silk::mutex lock;
    const auto pass = [&]() -> silk::task<> { const auto hold = co_await lock.scoped(); };
    for (const bool somebody_is_next : {false, true}) {
      co_await lock.lock();
      const auto chosen = silk::spawn(std::ref(pass));
      co_await at_rest();
      silk::join_handle<> next;
      if (somebody_is_next) next = silk::spawn(std::ref(pass));
      co_await at_rest();
      lock.unlock();
      const bool in_time = chosen.cancel();  // on many workers it may have gone on
      const std::string end = co_await ending(chosen);
      if (workers() == 1) {
        EXPECT_TRUE(in_time);
      }
      EXPECT_EQ(end, in_time ? "cancelled" : "value");
      if (somebody_is_next) co_await next;
      EXPECT_FALSE(lock.is_locked());
    }
  });
}

// `thing` is held inside of the scope, however the scope is left.
template <class Primitive>
silk::task<> holds_in_scope(Primitive& thing) {
  {
    const auto hold = co_await thing.scoped();
    EXPECT_TRUE(static_cast<bool>(hold));
    EXPECT_TRUE(thing.is_locked());
    co_await at_rest();
    EXPECT_TRUE(thing.is_locked());
  }
  EXPECT_FALSE(thing.is_locked());

  const auto failing = [&]() -> silk::task<> {
    const auto hold = co_await thing.scoped();
    EXPECT_TRUE(thing.is_locked());
    throw failure_e();
  };
  const std::string end = co_await ending(failing());
  EXPECT_EQ(end, "E");
  EXPECT_FALSE(thing.is_locked());
}

ROW(lock, scoped) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    co_await holds_in_scope(lock);
    silk::condition condition;
    co_await holds_in_scope(condition);
    silk::semaphore semaphore(1);
    co_await holds_in_scope(semaphore);
    silk::bounded_semaphore bounded(1);
    co_await holds_in_scope(bounded);
  });
}

ROW(lock, not_directly_awaitable) {
  static_assert(!silk::detail::awaitable<silk::mutex>);
  static_assert(!silk::detail::awaitable<silk::mutex&>);
  static_assert(!silk::detail::awaitable<silk::rw_mutex&>);
  static_assert(!silk::detail::awaitable<silk::condition&>);
  static_assert(silk::detail::awaitable<decltype(std::declval<silk::mutex&>().lock())>);
}

// Here tasks of several runtimes may wait for the same lock.
ROW(lock, bound_to_first_scheduler) {
  silk::mutex lock;
  silk::runtime abroad(options());
  int inside = 0;  // guarded by lock
  int visits = 0;
  const auto visit = [&]() -> silk::task<> {
    for (int i = 0; i < 50; ++i) {
      const auto hold = co_await lock.scoped();
      EXPECT_EQ(++inside, 1);
      ++visits;
      co_await silk::yield();
      --inside;
    }
  };
  run([&]() -> silk::task<> {
    co_await lock.lock();
    const auto here = silk::spawn(std::ref(visit));
    const auto there = abroad.spawn(std::ref(visit));
    while (lock.waiting() != 2) co_await silk::yield();
    lock.unlock();
    co_await silk::gather(here, there);
  });
  EXPECT_EQ(visits, 100);
  EXPECT_FALSE(lock.is_locked());
}

}  // namespace
