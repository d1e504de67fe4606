// Rows of the area `loop_callbacks`: call_soon is runtime::post, call_later is call_after, a Handle is a
// callback_handle.
#include "row.hpp"

#include <malloc.h>

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace silk_conformance;

silk::runtime& here() { return silk::runtime::current(); }

ROW(loop_callbacks, call_soon_fifo) {
  run([&]() -> silk::task<> {
    constexpr int count = 100;
    std::vector<int> order;
    std::atomic<int> calls = 0;
    for (int i = 0; i < count; ++i) {
      here().post([&, i] {
        ++calls;
        if (workers() == 1) order.push_back(i);
      });
    }
    co_await at_rest();
    EXPECT_EQ(calls, count);
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], static_cast<int>(i));
  });
}

// Real time, since virtual time stands still while anything can run.
ROW(loop_callbacks, call_soon_from_callback_next_turn) {
  struct again {
    silk::runtime& runtime;
    std::atomic<bool>& stop;
    std::latch& stopped;
    void operator()() const {
      if (stop) return stopped.count_down();
      runtime.post(again(*this));
    }
  };
  std::atomic<bool> stop = false;
  std::latch stopped{1};
  silk::runtime steady({.workers = workers()});
  steady.post(again{steady, stop, stopped});
  steady.call_after(1ms, [&] { stop = true; });  // or the latch is never reached
  stopped.wait();

  if (workers() != 1) return;
  std::vector<std::string> order;
  run([&]() -> silk::task<> {
    here().post([&] {
      order.push_back("first");
      here().post([&] { order.push_back("posted by first"); });
      order.push_back("first ends");
    });
    here().post([&] { order.push_back("second"); });
    co_await at_rest();
  });
  EXPECT_EQ(order, (std::vector<std::string>{"first", "first ends", "second", "posted by first"}));
}

ROW(loop_callbacks, cancelled_handle_never_runs) {
  std::atomic<int> calls = 0;
  run([&]() -> silk::task<> {
    // The cancel either wins, and the function never runs, or says that it has lost.
    int lost = 0;
    for (int i = 0; i < 100; ++i) {
      const silk::callback_handle handle =
          i % 2 == 0 ? here().post([&] { ++calls; }) : here().call_after(0s, [&] { ++calls; });
      EXPECT_FALSE(handle.is_cancelled());
      const bool won = handle.cancel();
      EXPECT_EQ(handle.is_cancelled(), won);
      EXPECT_FALSE(handle.cancel());
      lost += !won;
    }
    const silk::callback_handle timed = here().call_after(1h, [&] { ++calls; });
    EXPECT_TRUE(timed.cancel());
    EXPECT_TRUE(timed.is_cancelled());
    co_await silk::sleep(2h);
    EXPECT_EQ(calls, lost);
    if (workers() == 1) {
      EXPECT_EQ(lost, 0);
    }
  });
}

ROW(loop_callbacks, call_later_fires) {
  run([]() -> silk::task<> {
    std::vector<std::string> given;
    silk::time_point called;
    here().call_after(100ms, [&, argument = std::string("argument")] {
      given.push_back(argument);
      called = silk::now();
    });
    co_await silk::sleep(10s);
    EXPECT_EQ(given, std::vector<std::string>{"argument"});
    EXPECT_EQ(called.time_since_epoch(), 100ms);
  });
}

ROW(loop_callbacks, call_later_returns_timer_handle) {
  run([]() -> silk::task<> {
    bool called = false;
    co_await silk::sleep(1s);
    const silk::callback_handle later = here().call_after(10500ms, [&] { called = true; });
    EXPECT_EQ(later.when().time_since_epoch(), 11500ms);
    const silk::callback_handle at = here().call_at(silk::now() + 2s, [&] { called = true; });
    EXPECT_EQ(at.when().time_since_epoch(), 3s);
    EXPECT_FALSE(called);
    EXPECT_FALSE(later.is_cancelled());
    EXPECT_TRUE(later.cancel());
    EXPECT_TRUE(at.cancel());
    EXPECT_TRUE(later.is_cancelled());
    co_await silk::sleep(20s);
    EXPECT_FALSE(called);
  });
}

template <class... Args>
concept can_call_after =
    requires(silk::runtime& runtime, Args... args) { runtime.call_after(args...); };
template <class... Args>
concept can_call_at = requires(silk::runtime& runtime, Args... args) { runtime.call_at(args...); };
using plain = void (*)();

ROW(loop_callbacks, call_later_none_rejected) {
  static_assert(can_call_after<silk::duration, plain>);
  static_assert(!can_call_after<plain>);
  static_assert(!can_call_after<std::nullptr_t, plain>);
  static_assert(!can_call_after<std::nullopt_t, plain>);
  static_assert(!can_call_after<int, plain>);  // of what unit?
  static_assert(can_call_at<silk::time_point, plain>);
  static_assert(!can_call_at<plain>);
  static_assert(!can_call_at<std::nullptr_t, plain>);
  static_assert(!can_call_at<std::nullopt_t, plain>);
  EXPECT_FALSE((can_call_after<std::nullptr_t, plain> || can_call_at<std::nullptr_t, plain>));
}

// A time that has passed is now, so what is due already starts in the order in which it was armed, and
// before what is due later; that goes by deadline. The deadlines themselves can be asked for.
TEST(loop_callbacks, due_timers_start_as_armed_and_later_ones_by_deadline) {
  std::vector<std::string> order;
  silk::run(
      [&]() -> silk::task<> {
        co_await silk::sleep(10s);
        const auto note = [&](const char* what) {
          return [&order, what] { order.push_back(what); };
        };
        here().call_after(2s, note("in two"));
        here().call_after(1s, note("in one"));
        here().call_after(-1s, note("first"));
        here().call_after(-2s, note("second"));
        here().call_at(silk::time_point(1s), note("third"));
        co_await silk::sleep(5s);
      },
      {.workers = 1, .time = silk::time_source::virtual_time});
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second", "third", "in one", "in two"}));
}

ROW(loop_callbacks, call_at_not_early) {
  run([]() -> silk::task<> {
    co_await silk::sleep(1s);
    const silk::time_point deadline = silk::now() + 1234567ns;
    silk::time_point called;
    here().call_at(deadline, [&] { called = silk::now(); });
    co_await silk::sleep(1s);
    EXPECT_EQ(called, deadline);
  });
  silk::runtime steady({.workers = workers()});
  std::latch done{10};
  for (int i = 1; i <= 10; ++i) {
    const silk::time_point deadline = steady.now() + i * 100us;
    steady.call_at(deadline, [&, deadline] {
      EXPECT_GE(steady.now(), deadline);
      done.count_down();
    });
  }
  done.wait();
}

ROW(loop_callbacks, cancelled_timer_not_waited_for) {
  std::latch done{1};
  silk::runtime runtime(options());
  silk::time_point called;
  std::atomic<int> wrong = 0;
  runtime.block_on([&]() -> silk::task<> {  // inside, so that time stands still meanwhile
    const auto head = runtime.call_after(5s, [&] { ++wrong; });
    runtime.call_after(10s, [&] {
      called = runtime.now();
      done.count_down();
    });
    EXPECT_TRUE(head.cancel());
    co_return;
  });
  // Nobody sleeps now: the clock goes where the next live timer is, and stops there.
  done.wait();
  EXPECT_EQ(called.time_since_epoch(), 10s);
  EXPECT_EQ(wrong, 0);
}

ROW(loop_callbacks, cancelled_timers_reclaimed) {
  run([]() -> silk::task<> {
    constexpr std::size_t rounds = 100, each = 10'000, mebibyte = std::size_t{1} << 20;
    const auto held = std::make_shared<int>(0);
    std::atomic<int> live_calls = 0;
    for (int i = 0; i < 10; ++i) here().call_after(1h + i * 1s, [&] { ++live_calls; });
    std::size_t after_first = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      std::vector<silk::callback_handle> handles;
      for (std::size_t i = 0; i < each; ++i) {
        handles.push_back(here().call_after(10h + i * 1s, [held] {}));
      }
      for (const auto& handle : handles) EXPECT_TRUE(handle.cancel());
      handles.clear();
      EXPECT_EQ(held.use_count(), 1);
      if (round == 0) after_first = mallinfo2().uordblks;
    }
    // A million of them would be a hundred mebibytes.
    EXPECT_LT(mallinfo2().uordblks, after_first + 4 * mebibyte);
    co_await silk::sleep(2h);
    EXPECT_EQ(live_calls, 10);
    EXPECT_EQ(silk::now().time_since_epoch(), 2h);
  });
}

ROW(loop_callbacks, timer_cancel_drops_callable) {
  run([]() -> silk::task<> {
    const auto held = std::make_shared<int>(0);
    const silk::callback_handle handle = here().call_after(1h, [held] {});
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_TRUE(handle.cancel());
    EXPECT_EQ(held.use_count(), 1);  // though the handle is still there
    co_return;
  });
}

template <class F>
concept can_post = requires(silk::runtime& runtime, F f) { runtime.post(f); };
template <class F>
concept can_be_called_back =
    can_post<F> || can_call_after<silk::duration, F> || can_call_at<silk::time_point, F>;
template <class F>
concept can_go_to_thread = requires(F f) { silk::to_thread(f); };

ROW(loop_callbacks, non_callable_rejected) {
  static_assert(can_post<plain>);
  static_assert(!can_be_called_back<int>);
  static_assert(!can_be_called_back<std::nullptr_t>);
  static_assert(!can_be_called_back<std::string>);
  static_assert(!can_be_called_back<void (*)(int)>);  // callable, but not like this
  EXPECT_FALSE(can_be_called_back<int>);
}

ROW(loop_callbacks, coroutine_rejected) {
  using function = silk::task<> (*)();
  static_assert(!can_be_called_back<silk::task<>>);
  static_assert(!can_be_called_back<function>);
  static_assert(!can_be_called_back<silk::task<int> (*)()>);
  static_assert(can_go_to_thread<plain>);
  static_assert(!can_go_to_thread<silk::task<>>);
  static_assert(!can_go_to_thread<function>);
  EXPECT_FALSE((can_be_called_back<function> || can_go_to_thread<function>));
}

ROW(loop_callbacks, exception_isolated) {
  std::atomic<int> told = 0, calls = 0;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure& what) {
    EXPECT_EQ(told_of(what.error), "E");
    ++told;
  };
  silk::run(
      [&]() -> silk::task<> {
        for (int i = 0; i < 10; ++i) {
          here().post([] { throw failure_e(); });
          here().post([&] { ++calls; });
          here().call_after(1s, [] { throw failure_e(); });
          here().call_after(2s, [&] { ++calls; });
        }
        co_await silk::sleep(10s);
      },
      chosen);
  EXPECT_EQ(told, 20);
  EXPECT_EQ(calls, 20);
}

}  // namespace
