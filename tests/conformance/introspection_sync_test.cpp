// Rows of the area `introspection`: what asyncio shows as text, silk answers when it is asked.
#include "row.hpp"

namespace {

using namespace silk_conformance;

ROW(introspection, lock_event_condition_text) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    silk::event happened;
    silk::condition change;
    EXPECT_FALSE(lock.is_locked());
    EXPECT_FALSE(happened.is_set());
    EXPECT_FALSE(change.is_locked());

    co_await lock.lock();
    const auto locks = silk::spawn([&]() -> silk::task<> { co_await lock.lock(); });
    const auto waits = silk::spawn([&]() -> silk::task<> { co_await happened.wait(); });
    const auto listens = silk::spawn([&]() -> silk::task<> {
      const auto hold = co_await change.scoped();
      co_await change.wait();
    });
    co_await at_rest();
    EXPECT_TRUE(lock.is_locked());
    EXPECT_EQ(lock.waiting(), 1u);
    EXPECT_EQ(happened.waiting(), 1u);
    EXPECT_FALSE(change.is_locked());
    EXPECT_EQ(change.waiting(), 1u);

    lock.unlock();
    happened.set();
    co_await change.lock();
    EXPECT_TRUE(change.is_locked());
    change.notify();
    EXPECT_EQ(change.waiting(), 0u);
    change.unlock();
    co_await silk::gather(locks, waits, listens);
    EXPECT_TRUE(lock.is_locked());
    EXPECT_EQ(lock.waiting(), 0u);
    EXPECT_TRUE(happened.is_set());
    EXPECT_EQ(happened.waiting(), 0u);
    EXPECT_FALSE(change.is_locked());
  });
}

ROW(introspection, semaphore_barrier_text) {
  run([this]() -> silk::task<> {
    silk::semaphore permits(1);
    EXPECT_EQ(permits.available(), 1);
    EXPECT_FALSE(permits.is_locked());
    co_await permits.acquire();
    const auto acquires = silk::spawn([&]() -> silk::task<> { co_await permits.acquire(); });
    silk::barrier meeting(2);
    const auto meets = silk::spawn([&]() -> silk::task<> { co_await meeting.wait(); });
    co_await at_rest();
    EXPECT_EQ(permits.available(), 0);
    EXPECT_TRUE(permits.is_locked());
    EXPECT_EQ(permits.waiting(), 1u);
    permits.release();
    co_await acquires;
    EXPECT_EQ(permits.waiting(), 0u);

    using enum silk::barrier_phase;
    EXPECT_EQ(meeting.phase(), filling);
    EXPECT_EQ(meeting.waiting(), 1u);
    EXPECT_EQ(meeting.parties(), 2u);
    co_await meeting.wait();
    if (workers() == 1) {
      EXPECT_EQ(meeting.phase(), draining);
      meeting.reset();
      EXPECT_EQ(meeting.phase(), resetting);
    }
    EXPECT_EQ(meeting.waiting(), 0u);
    co_await silk::gather_settled(meets);
    EXPECT_EQ(meeting.phase(), filling);
    meeting.abort();
    EXPECT_EQ(meeting.phase(), broken);
    EXPECT_TRUE(meeting.is_broken());
  });
}

}  // namespace
