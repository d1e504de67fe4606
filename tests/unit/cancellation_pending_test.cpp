// The table "Each wait" of docs/cancellation.md, the columns a and c: a cancel finds the task waiting, or was
// pending when the wait began. Waits that need no partner: cancel_waits_test.cpp.
#include "at_workers.hpp"
#include "turn_fixture.hpp"
#include "wait_kinds.hpp"

#include <silk/broadcast.hpp>
#include <silk/watch.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

// What a task must wait for, of every kind that has a line of its own.
struct places {
  silk::mutex lock;
  silk::rw_mutex exclusive, shared;
  silk::semaphore permits{0};
  silk::event happened;
  silk::latch steps{1};
  silk::barrier meeting{2};
  silk::queue<int> empty, full{1}, unfinished;
  silk::broadcast<int> radio{1};
  silk::broadcast<int>::receiver hears = radio.subscribe();
  silk::watch<int> price{0};
  silk::watch<int>::receiver sees = price.subscribe();

  places() {
    static_cast<void>(lock.try_lock());
    static_cast<void>(exclusive.try_lock_shared());
    static_cast<void>(shared.try_lock());
    full.put_nowait(1);
    unfinished.put_nowait(1);
  }
  ~places() {
    lock.unlock();
    exclusive.unlock_shared();
    shared.unlock();
  }
  places(const places&) = delete;
  places& operator=(const places&) = delete;
};

struct place : wait_kind<places&> {
  std::size_t (*waiting)(const places&);  // how many tasks are in line, if it tells
};

silk::task<> locks(places& at) { co_await at.lock.lock(); }
silk::task<> writes(places& at) { co_await at.exclusive.lock(); }
silk::task<> reads(places& at) { co_await at.shared.lock_shared(); }
silk::task<> acquires(places& at) { co_await at.permits.acquire(); }
silk::task<> waits_for_event(places& at) { co_await at.happened.wait(); }
silk::task<> waits_for_latch(places& at) { co_await at.steps.wait(); }
silk::task<> meets(places& at) { co_await at.meeting.wait(); }
silk::task<> gets(places& at) { static_cast<void>(co_await at.empty.get()); }
silk::task<> nexts(places& at) { static_cast<void>(co_await at.empty.next()); }
silk::task<> puts(places& at) { co_await at.full.put(2); }
silk::task<> joins(places& at) { co_await at.unfinished.join(); }
silk::task<> hears(places& at) { static_cast<void>(co_await at.hears.next()); }
silk::task<> sees(places& at) { co_await at.sees.changed(); }

std::size_t at_lock(const places& at) { return at.lock.waiting(); }
std::size_t at_exclusive(const places& at) { return at.exclusive.waiting(); }
std::size_t at_shared(const places& at) { return at.shared.waiting(); }
std::size_t at_permits(const places& at) { return at.permits.waiting(); }
std::size_t at_event(const places& at) { return at.happened.waiting(); }
std::size_t at_latch(const places& at) { return at.steps.waiting(); }
std::size_t at_meeting(const places& at) { return at.meeting.waiting(); }
std::size_t at_empty(const places& at) { return at.empty.waiting_getters(); }
std::size_t at_full(const places& at) { return at.full.waiting_putters(); }

class cancelled_in_line : public turn_test, public testing::WithParamInterface<place> {
 protected:
  void nobody_is_left() const {
    if (GetParam().waiting != nullptr) {
      EXPECT_EQ(GetParam().waiting(here), 0u);
    }
    EXPECT_EQ(here.full.size(), 1u);
  }
  places here;
};
INSTANTIATE_TEST_SUITE_P(
    kinds, cancelled_in_line,
    testing::Values(place{{"mutex", locks}, at_lock}, place{{"rw_mutex", writes}, at_exclusive},
                    place{{"rw_mutex_shared", reads}, at_shared},
                    place{{"semaphore", acquires}, at_permits},
                    place{{"event", waits_for_event}, at_event},
                    place{{"latch", waits_for_latch}, at_latch},
                    place{{"barrier", meets}, at_meeting}, place{{"get", gets}, at_empty},
                    place{{"next", nexts}, at_empty}, place{{"put", puts}, at_full},
                    place{{"join", joins}, nullptr}, place{{"broadcast", hears}, nullptr},
                    place{{"watch", sees}, nullptr}),
    by_name);

// docs/cancellation.md: w11a w13a w14a w15a
TEST_P(cancelled_in_line, leaves_it_at_once) {
  const auto waiter = start([&] { return GetParam().wait(here); });
  EXPECT_FALSE(waiter.done());
  if (GetParam().waiting != nullptr) {
    EXPECT_EQ(GetParam().waiting(here), 1u);
  }
  EXPECT_TRUE(waiter.cancel("enough"));
  EXPECT_EQ(end_of(waiter), "cancelled: enough");
  nobody_is_left();
}

// docs/cancellation.md: w11c w13c w14c w15c
TEST_P(cancelled_in_line, does_not_enter_it_when_a_cancel_is_pending) {
  const auto waiter = start([&] {
    silk::current_task().cancel("before");
    return GetParam().wait(here);
  });
  EXPECT_EQ(end_of(waiter), "cancelled: before");
  nobody_is_left();
}

// ---- a cancel was pending when it began ----

class cancelled_before : public turn_test {
 protected:
  // A task in which a cancel is pending when its wait begins.
  template <class Wait>
  auto start_cancelled(Wait wait) {
    return start([wait]() mutable {
      silk::current_task().cancel("before");
      return wait();
    });
  }
};

silk::task<int> declines(int answer) {
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
  }
  co_return answer;
}

// docs/cancellation.md: r4 w11c w13c w14c w15c
TEST_F(cancelled_before, what_need_not_wait_goes_on) {
  silk::queue<int> items(1), joined;
  silk::event happened;
  silk::broadcast<int> radio(1);
  silk::watch<int> price(0);
  auto hears_it = radio.subscribe();
  auto sees_it = price.subscribe();
  happened.set();
  static_cast<void>(radio.send(5));
  price.send(6);
  int got = 0;
  const auto waiter = start_cancelled([&]() -> silk::task<> {
    co_await happened.wait();
    co_await items.put(7);
    got = co_await items.get();
    co_await joined.join();
    static_cast<void>(co_await hears_it.next());
    co_await sees_it.changed();
    co_await silk::gather(std::vector<silk::task<>>());
    ++got;
    co_await silk::yield();
    ++got;
  });
  EXPECT_EQ(end_of(waiter), "cancelled: before");
  EXPECT_EQ(got, 8);
}

// docs/cancellation.md: r3 w3c
TEST_F(cancelled_before, a_future_or_handle_is_told_and_answers) {
  const silk::promise<int> promise;
  const auto inner = start([] { return declines(7); });
  int answer = 0;
  const auto of_handle = start_cancelled([&]() -> silk::task<> { answer = co_await inner; });
  const auto of_future =
      start_cancelled([&]() -> silk::task<> { static_cast<void>(co_await promise.get_future()); });
  EXPECT_EQ(end_of(of_future), "cancelled: before");
  EXPECT_TRUE(promise.get_future().is_cancelled());
  EXPECT_TRUE(inner.done());
  EXPECT_EQ(answer, 7);
}

// docs/cancellation.md: w6c
TEST_F(cancelled_before, as_completed_gives_what_is_done_and_waits_for_nothing) {
  silk::promise<int> done, pending;
  auto completed = runtime.block_on([&]() -> silk::task<silk::completions<silk::future<int>>> {
    co_return silk::as_completed(pending.get_future(), done.get_future());
  });
  done.set_value(7);
  int got = 0;
  const auto next = start_cancelled([&]() -> silk::task<> {
    const auto first = co_await completed.next();
    got = first->result();
    static_cast<void>(co_await completed.next());
  });
  EXPECT_EQ(end_of(next), "cancelled: before");
  EXPECT_EQ(got, 7);
  const auto slot = start_cancelled([&]() -> silk::task<> {
    auto last = *completed.begin();
    static_cast<void>(co_await last);
  });
  EXPECT_EQ(end_of(slot), "cancelled: before");
  EXPECT_EQ(completed.remaining(), 1u);
  EXPECT_FALSE(pending.done());
}

// docs/cancellation.md: w8c
TEST_F(cancelled_before, a_gather_tells_its_children_when_the_first_of_them_suspends) {
  std::string log;
  const auto child = [&](char name, int waits) -> silk::task<> {
    log += name;
    try {
      if (waits != 0) co_await never_ends();
    } catch (const silk::cancelled&) {
      log += '!';
    }
  };
  const auto suspend = start_cancelled([&]() -> silk::task<> {
    co_await silk::gather(child('a', 0), child('b', 1), child('c', 1));
  });
  EXPECT_EQ(end_of(suspend), "cancelled: before");
  EXPECT_EQ(log, "ab!");
  log.clear();
  const auto do_not = start_cancelled(
      [&]() -> silk::task<> { co_await silk::gather(child('a', 0), child('b', 0)); });
  EXPECT_EQ(end_of(do_not), "cancelled: before");
  EXPECT_EQ(log, "ab");
}

// docs/cancellation.md: w9c
TEST_F(cancelled_before, a_select_tells_its_children_when_the_first_of_them_suspends) {
  std::string log;
  const auto child = [&](char name) -> silk::task<> {
    log += name;
    try {
      co_await never_ends();
    } catch (const silk::cancelled&) {
      log += '!';
    }
  };
  const auto suspend = start_cancelled(
      [&]() -> silk::task<> { static_cast<void>(co_await silk::select(child('a'), child('b'))); });
  EXPECT_EQ(end_of(suspend), "cancelled: before");
  EXPECT_EQ(log, "a!");
  silk::queue<int> items;
  items.put_nowait(7);
  const auto do_not = start_cancelled(
      [&]() -> silk::task<> { static_cast<void>(co_await silk::select(items.get(), child('c'))); });
  EXPECT_EQ(end_of(do_not), "cancelled: before");
  EXPECT_EQ(items.try_get(), 7);
}

// docs/cancellation.md: w10c
TEST_F(cancelled_before, a_call_in_a_thread_never_begins) {
  std::atomic<bool> called = false;
  auto held = std::make_shared<int>(0);
  const auto calls = start_cancelled([&]() -> silk::task<> {
    auto call = silk::to_thread([&called, held] { called = true; });
    co_await std::move(call);
  });
  EXPECT_EQ(end_of(calls), "cancelled: before");
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_FALSE(called);
  EXPECT_EQ(held.use_count(), 1);
}

// Else the one that is in line for the lock would have it first.
// docs/cancellation.md: w12c
TEST_F(cancelled_before, a_wait_for_a_condition_does_not_let_the_lock_go) {
  silk::condition change;
  silk::join_handle<> other;
  bool other_had_it = true;
  const auto waiter = start([&]() -> silk::task<> {
    const auto hold = co_await change.scoped();
    other = silk::spawn([&]() -> silk::task<> { const auto mine = co_await change.scoped(); });
    co_await silk::yield();
    silk::current_task().cancel("before");
    try {
      co_await change.wait();
    } catch (const silk::cancelled&) {
      other_had_it = other.done();
      throw;
    }
  });
  EXPECT_EQ(end_of(waiter), "cancelled: before");
  EXPECT_FALSE(other_had_it);
  EXPECT_EQ(end_of(other), "value");
}

silk::generator<int> seven() { co_yield 7; }
silk::generator<int> waits_before_seven() {
  co_await never_ends();
  co_yield 7;
}
silk::generator<int> waits_when_closed() {
  try {
    co_yield 7;
  } catch (const silk::cancelled&) {
  }
  co_await never_ends();
}

// docs/cancellation.md: w16c
TEST_F(cancelled_before, a_generator_is_cancelled_where_its_body_waits) {
  int got = 0;
  const auto steps = start_cancelled([&]() -> silk::task<> {
    auto first = seven();
    const auto item = co_await first.next();  // no suspension
    got = *item;
    auto second = waits_before_seven();
    static_cast<void>(co_await second.next());
  });
  const auto closes = start_cancelled([&]() -> silk::task<> {
    auto source = waits_when_closed();
    static_cast<void>(co_await source.next());
    co_await source.close();
  });
  EXPECT_EQ(end_of(steps), "cancelled: before");
  EXPECT_EQ(got, 7);
  EXPECT_EQ(end_of(closes), "cancelled: before");
}

// docs/cancellation.md: w17a w17c
TEST_F(cancelled_before, a_foreign_awaitable_is_not_interrupted) {
  std::coroutine_handle<> waiting;
  const auto waiter = start_cancelled([&]() -> silk::task<> {
    static_cast<void>(co_await foreign{waiting});
    ADD_FAILURE() << "the cancel was lost";
  });
  EXPECT_FALSE(waiter.done());
  waiting.resume();
  EXPECT_EQ(end_of(waiter), "cancelled: before");
}

// docs/cancellation.md: w1c
TEST(cancelled_before_a_sleep, arms_no_timer) {
  silk::runtime runtime(virtual_time(1));
  for (const bool until : {false, true}) {
    const auto sleeper = runtime.spawn([until]() -> silk::task<> {
      silk::current_task().cancel("before");
      if (until) co_await silk::sleep_until(silk::now() + 1h);
      if (!until) co_await silk::sleep(1h);
    });
    EXPECT_EQ(runtime.block_on(ending(sleeper)), "cancelled: before");
  }
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

}  // namespace
