// Rows of the area `event`: asyncio.Event is silk::event.
#include "row.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

ROW(event, wait_blocks_until_set) {
  run([]() -> silk::task<> {
    silk::event happened;
    std::atomic<int> gone_on = 0;
    const auto waiter = [&]() -> silk::task<> {
      co_await happened.wait();
      ++gone_on;
    };
    std::vector<silk::join_handle<>> waiters;
    for (int n = 0; n < 3; ++n) waiters.push_back(silk::spawn(std::ref(waiter)));
    co_await at_rest();
    EXPECT_EQ(gone_on, 0);
    EXPECT_EQ(happened.waiting(), 3u);
    happened.set();
    co_await silk::gather(waiters);
    EXPECT_EQ(gone_on, 3);
    EXPECT_EQ(happened.waiting(), 0u);
    co_await happened.wait();  // set: goes straight through
  });
}

ROW(event, wake_order) {
  run([this]() -> silk::task<> {
    silk::event happened;
    std::atomic<int> next = 0;
    std::vector<int> place(4, -1);
    const auto waiter = [&](int n) -> silk::task<> {
      co_await happened.wait();
      place[static_cast<std::size_t>(n)] = next++;
    };
    std::vector<silk::join_handle<>> waiters;
    for (int n = 0; n < 3; ++n) {
      waiters.push_back(silk::spawn(std::ref(waiter), n));
      co_await at_rest();
    }
    waiters.push_back(silk::spawn(std::ref(waiter), 3));  // has not run yet, or is on its way
    happened.set();
    co_await silk::gather(waiters);
    EXPECT_EQ(next, 4);
    if (workers() == 1) {
      EXPECT_LT(place[0], place[1]);
      EXPECT_LT(place[1], place[2]);
    }
    EXPECT_EQ(happened.waiting(), 0u);
  });
}

ROW(event, wait_cancelled) {
  run([]() -> silk::task<> {
    silk::event happened;
    const auto waiter = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
    co_await at_rest();
    EXPECT_EQ(happened.waiting(), 1u);
    waiter.cancel("enough");
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(happened.waiting(), 0u);
    EXPECT_FALSE(happened.is_set());
  });
}

ROW(event, clear) {
  silk::event happened;
  EXPECT_FALSE(happened.is_set());
  happened.set();
  EXPECT_TRUE(happened.is_set());
  happened.clear();
  EXPECT_FALSE(happened.is_set());
  run([&]() -> silk::task<> {  // and it blocks again
    const auto waiter = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
    co_await at_rest();
    EXPECT_FALSE(waiter.done());
    happened.set();
    co_await waiter;
  });
}

ROW(event, set_then_clear_still_wakes) {
  run([]() -> silk::task<> {
    silk::event happened;
    const auto waiter = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
    co_await at_rest();
    happened.set();
    happened.clear();
    co_await at_rest();
    EXPECT_TRUE(waiter.done());
    EXPECT_FALSE(happened.is_set());
    happened.set();  // only so that a failure above is not followed by a hang
    co_await waiter;
  });
}

ROW(event, set_idempotent) {
  run([]() -> silk::task<> {
    silk::event happened;
    std::atomic<int> gone_on = 0;
    const auto waiter = [&]() -> silk::task<> {
      co_await happened.wait();
      ++gone_on;
    };
    const auto first = silk::spawn(std::ref(waiter));
    const auto second = silk::spawn(std::ref(waiter));
    co_await at_rest();
    happened.set();
    happened.set();
    co_await at_rest();
    EXPECT_EQ(gone_on, 2);
    co_await silk::gather(first, second);
    EXPECT_TRUE(happened.is_set());
  });
}

ROW(event, set_and_cancel_race) {
  run([this]() -> silk::task<> {
    {
      silk::event happened;
      const auto waiter = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
      co_await at_rest();
      happened.set();
      const bool in_time = waiter.cancel();
      if (workers() == 1) {
        EXPECT_TRUE(in_time);
      }
      const std::string end = co_await ending(waiter);
      EXPECT_EQ(end, in_time ? "cancelled" : "value");
      EXPECT_TRUE(happened.is_set());
    }
    for (int round = 0; round < 50; ++round) {  // from two threads
      silk::event happened;
      const auto waiter = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
      co_await at_rest();
      bool in_time = false;
      std::thread setter([&] { happened.set(); });
      std::thread canceller([&] { in_time = waiter.cancel(); });
      setter.join();
      canceller.join();
      const std::string end = co_await ending(waiter);
      EXPECT_EQ(end, in_time ? "cancelled" : "value");
      EXPECT_TRUE(happened.is_set());
      EXPECT_EQ(happened.waiting(), 0u);
    }
  });
}

}  // namespace
