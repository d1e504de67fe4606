// Rows of the area `semaphore`: asyncio.Semaphore and BoundedSemaphore are silk::semaphore and
// silk::bounded_semaphore.
#include "row.hpp"

#include <atomic>
#include <functional>
#include <vector>

namespace {

using namespace silk_conformance;

using order = std::vector<int>;

silk::task<> acquires(silk::semaphore& permits) { co_await permits.acquire(); }

ROW(semaphore, zero_is_locked) {
  silk::semaphore permits(0);
  EXPECT_TRUE(permits.is_locked());
  EXPECT_FALSE(permits.try_acquire());
}

ROW(semaphore, negative_rejected) {
  EXPECT_EQ(told([] { silk::semaphore permits(-1); }), "invalid argument");
  EXPECT_EQ(told([] { silk::bounded_semaphore permits(-1); }), "invalid argument");
}

ROW(semaphore, counts) {
  run([]() -> silk::task<> {
    silk::semaphore permits(3);
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(permits.is_locked());
      co_await permits.acquire();  // were it to suspend, nothing would ever resume it
    }
    EXPECT_TRUE(permits.is_locked());
    std::vector<silk::join_handle<>> waiters;
    for (int i = 0; i < 3; ++i) waiters.push_back(silk::spawn(acquires(permits)));
    co_await at_rest();
    for (std::size_t admitted = 0; admitted < 3; ++admitted) {
      EXPECT_EQ(permits.waiting(), 3 - admitted);
      std::size_t done = 0;
      for (const auto& waiter : waiters) done += waiter.done();
      EXPECT_EQ(done, admitted);
      permits.release();
      co_await at_rest();
    }
    co_await silk::gather(waiters);
    EXPECT_TRUE(permits.is_locked());
  });
}

ROW(semaphore, acquire_cancelled) {
  run([]() -> silk::task<> {
    silk::semaphore permits(0);
    const auto waiter = silk::spawn(acquires(permits));
    co_await at_rest();
    EXPECT_EQ(permits.waiting(), 1u);
    waiter.cancel("enough");
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(permits.waiting(), 0u);
    permits.release();
    EXPECT_EQ(permits.available(), 1);
  });
}

ROW(semaphore, woken_then_cancelled_returns_permit) {
  run([this]() -> silk::task<> {
    silk::semaphore permits(0);
    const auto waiter = silk::spawn([&]() -> silk::task<> {
      co_await permits.acquire();
      permits.release();
    });
    co_await at_rest();
    permits.release();
    const bool in_time = waiter.cancel();  // on many workers it may have gone on
    if (workers() == 1) {
      EXPECT_TRUE(in_time);
    }
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, in_time ? "cancelled" : "value");
    EXPECT_EQ(permits.available(), 1);
    co_await silk::with_timeout(1s, acquires(permits));
  });
}

ROW(semaphore, bounded_over_release) {
  silk::bounded_semaphore permits(2);
  EXPECT_EQ(told([&] { permits.release(); }), "invalid argument");
  EXPECT_EQ(permits.available(), 2);
  EXPECT_TRUE(permits.try_acquire());
  EXPECT_EQ(told([&] { permits.release(2); }), "invalid argument");
  EXPECT_EQ(permits.available(), 1);
  permits.release();
  EXPECT_EQ(permits.available(), 2);
}

ROW(semaphore, release_beyond_initial) {
  silk::semaphore permits(1);
  permits.release();
  permits.release(3);
  EXPECT_EQ(permits.available(), 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(permits.try_acquire());
  EXPECT_TRUE(permits.is_locked());
}

ROW(semaphore, release_no_waiters) {
  run([]() -> silk::task<> {
    silk::semaphore permits(1);
    co_await permits.acquire();
    EXPECT_TRUE(permits.is_locked());
    permits.release();
    EXPECT_FALSE(permits.is_locked());
  });
}

ROW(semaphore, fifo) {
  run([]() -> silk::task<> {
    silk::semaphore permits(1);
    order served;
    const auto customer = [&](int number) -> silk::task<> {
      for (int round = 0; round < 2; ++round) {
        co_await permits.acquire();
        served.push_back(number);
        co_await silk::sleep(10ms);
        permits.release();
      }
    };
    std::vector<silk::join_handle<>> customers;
    for (int n = 1; n <= 3; ++n) {
      customers.push_back(silk::spawn(std::ref(customer), n));
      co_await at_rest();
    }
    co_await silk::gather(customers);
    EXPECT_EQ(served, (order{1, 2, 3, 1, 2, 3}));
  });
}

ROW(semaphore, no_barging_after_release) {
  run([]() -> silk::task<> {
    silk::semaphore permits(1);
    order served;
    const auto keeps = [&]() -> silk::task<> {  // releases and asks again, with others waiting
      co_await permits.acquire();
      served.push_back(1);
      co_await silk::sleep(1s);
      permits.release();
      co_await permits.acquire();
      served.push_back(4);
      permits.release();
    };
    const auto waits = [&](int number) -> silk::task<> {
      co_await permits.acquire();
      served.push_back(number);
      permits.release();
    };
    const auto first = silk::spawn(std::ref(keeps));
    co_await at_rest();
    const auto second = silk::spawn(std::ref(waits), 2);
    co_await at_rest();
    const auto third = silk::spawn(std::ref(waits), 3);
    co_await silk::gather(first, second, third);
    EXPECT_EQ(served, (order{1, 2, 3, 4}));
    EXPECT_EQ(permits.available(), 1);
  });
}

ROW(semaphore, fifo_after_cancel) {
  run([]() -> silk::task<> {
    silk::semaphore permits(0);
    order served;
    const auto waits = [&](int number) -> silk::task<> {
      co_await permits.acquire();
      served.push_back(number);
    };
    std::vector<silk::join_handle<>> waiters;
    for (int n = 1; n <= 3; ++n) {
      waiters.push_back(silk::spawn(std::ref(waits), n));
      co_await at_rest();
    }
    waiters[0].cancel();
    permits.release();
    co_await at_rest();
    EXPECT_EQ(served, (order{2}));
    permits.release();
    co_await at_rest();
    EXPECT_EQ(served, (order{2, 3}));
    co_await silk::gather_settled(waiters);
    EXPECT_TRUE(permits.is_locked());
  });
}

ROW(semaphore, locked_while_woken_pending) {
  run([]() -> silk::task<> {
    silk::semaphore permits(0);
    const auto waiter = silk::spawn(acquires(permits));
    co_await at_rest();
    permits.release();
    EXPECT_TRUE(permits.is_locked());  // whether it has resumed by now or not
    EXPECT_EQ(permits.available(), 0);
    EXPECT_FALSE(permits.try_acquire());
    co_await waiter;
    EXPECT_TRUE(permits.is_locked());
  });
}

ROW(semaphore, multiple_releases_wake_multiple) {
  run([this]() -> silk::task<> {
    silk::semaphore permits(0);
    std::atomic<int> next = 1;
    const auto waits = [&]() -> silk::task<int> {
      co_await permits.acquire();
      co_return next++;
    };
    std::vector<silk::join_handle<int>> waiters;
    for (int n = 0; n < 3; ++n) {
      waiters.push_back(silk::spawn(std::ref(waits)));
      co_await at_rest();
    }
    for (int i = 0; i < 3; ++i) permits.release();
    waiters.push_back(silk::spawn(std::ref(waits)));
    co_await at_rest();
    for (std::size_t n = 0; n < 3; ++n) EXPECT_TRUE(waiters[n].done()) << n;
    EXPECT_FALSE(waiters[3].done());
    permits.release();
    const order places = co_await silk::gather(waiters);
    EXPECT_EQ(places[3], 4);
    if (workers() == 1) {
      EXPECT_EQ(places, (order{1, 2, 3, 4}));
    }
  });
}

ROW(semaphore, not_directly_awaitable) {
  static_assert(!silk::detail::awaitable<silk::semaphore&>);
  static_assert(!silk::detail::awaitable<silk::bounded_semaphore&>);
  static_assert(silk::detail::awaitable<decltype(std::declval<silk::semaphore&>().acquire())>);
}

}  // namespace
