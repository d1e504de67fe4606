// Rows of the area `lock`: asyncio.Lock is silk::mutex.
#include "row.hpp"

namespace {

using namespace silk_conformance;

ROW(lock, acquire_release) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    EXPECT_FALSE(lock.is_locked());
    co_await lock.lock();
    EXPECT_TRUE(lock.is_locked());
    lock.unlock();
    EXPECT_FALSE(lock.is_locked());
  });
}

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

}  // namespace
