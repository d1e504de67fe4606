// Rows of the area `wait`.
#include "row.hpp"

#include <vector>

namespace {

using namespace silk_conformance;

using handle_list = std::vector<silk::join_handle<>>;

silk::task<> ends_after(silk::duration d) { co_await silk::sleep(d); }
silk::task<> fails_after(silk::duration d) {
  co_await silk::sleep(d);
  throw failure_e();
}
silk::task<> fails_at_once() {
  throw failure_e();
  co_return;
}

// A task for each; then everybody's end, so that nothing outlives a row.
template <class... Bodies>
handle_list spawn_all(Bodies... bodies) {
  return handle_list{silk::spawn(std::move(bodies))...};
}
silk::task<> end_all(handle_list handles) {
  for (const auto& handle : handles) handle.cancel();
  static_cast<void>(co_await silk::gather_settled(handles));
}

// The handles of `all` at these places.
template <class... Places>
handle_list pick(const handle_list& all, Places... places) {
  return handle_list{all[static_cast<std::size_t>(places)]...};
}

ROW(wait, all_completed) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms), ends_after(150ms));
    const auto result = co_await silk::wait(all);
    EXPECT_EQ(elapsed(), 150ms);
    EXPECT_EQ(result.done, all);
    EXPECT_TRUE(result.pending.empty());
  });
}

ROW(wait, duplicates_collapse) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms));
    const handle_list twice = pick(all, 0, 0);
    const auto waiter = silk::spawn([&]() -> silk::task<> {
      const auto result = co_await silk::wait(twice);
      EXPECT_EQ(result.done, all);
      EXPECT_TRUE(result.pending.empty());
    });
    co_await at_rest();
    EXPECT_EQ(all[0].waiting(), 1u);
    co_await waiter;
  });
}

ROW(wait, empty_rejected) {
  run([]() -> silk::task<> {
    EXPECT_EQ(told([] { static_cast<void>(silk::wait(handle_list())); }), "invalid argument");
    co_return;
  });
}

ROW(wait, invalid_mode_rejected) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms));
    const auto unknown = static_cast<silk::return_when>(77);
    EXPECT_EQ(told([&] { static_cast<void>(silk::wait(all, {.return_when = unknown})); }),
              "invalid argument");
    co_await all[0];
  });
}

template <class T>
concept can_be_waited_for = requires(T&& what) { silk::wait(std::forward<T>(what)); };

ROW(wait, single_future_rejected) {
  EXPECT_TRUE(can_be_waited_for<handle_list>);
  EXPECT_TRUE(can_be_waited_for<std::vector<silk::future<int>>>);
  EXPECT_FALSE(can_be_waited_for<silk::join_handle<>>);
  EXPECT_FALSE(can_be_waited_for<silk::future<int>>);
  EXPECT_FALSE(can_be_waited_for<silk::task<>>);
  static_assert(can_be_waited_for<handle_list> && !can_be_waited_for<silk::join_handle<>>);
}

ROW(wait, bare_coroutines_rejected) {
  EXPECT_TRUE(can_be_waited_for<handle_list>);
  EXPECT_FALSE(can_be_waited_for<std::vector<silk::task<>>>);
  EXPECT_FALSE(can_be_waited_for<std::vector<silk::task<int>>&>);
  static_assert(!can_be_waited_for<std::vector<silk::task<>>>);
}

ROW(wait, first_completed) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(10s), ends_after(100ms));
    const auto result = co_await silk::wait(all, {.return_when = silk::first_completed});
    EXPECT_EQ(elapsed(), 100ms);
    EXPECT_EQ(result.done, pick(all, 1));
    EXPECT_EQ(result.pending, pick(all, 0));
    EXPECT_FALSE(all[0].done());
    EXPECT_EQ(all[0].cancelling(), 0u);
    co_await end_all(all);
  });
}

ROW(wait, done_set_taken_at_resume) {
  run([&]() -> silk::task<> {
    for (int i = 0; i < 20; ++i) {
      silk::promise<> first, second, third;
      const std::vector all{first.get_future(), second.get_future(), third.get_future()};
      const auto waiter = silk::spawn([&]() -> silk::task<> {
        const auto result = co_await silk::wait(all, {.return_when = silk::first_completed});
        EXPECT_EQ(result.done.size() + result.pending.size(), 3u);
        EXPECT_EQ(result.done.front(), all[0]);
        for (const auto& one : result.done) EXPECT_TRUE(one.done());
        EXPECT_EQ(result.pending.back(), all[2]);
        if (workers() == 1) {
          EXPECT_EQ(result.done.size(), 2u);
        }
      });
      co_await at_rest();
      first.set_value();
      second.set_value();
      co_await waiter;
      third.set_value();
    }
  });
}

ROW(wait, first_exception_already_failed) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(10s), fails_at_once());
    const auto result = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(elapsed(), 0s);
    EXPECT_EQ(result.done, pick(all, 1));
    EXPECT_EQ(result.pending, pick(all, 0));
    co_await end_all(all);
  });
}

ROW(wait, first_exception_later) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(10s), fails_after(10ms));
    const auto result = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(elapsed(), 10ms);
    EXPECT_EQ(result.done, pick(all, 1));
    EXPECT_EQ(result.pending, pick(all, 0));
    co_await end_all(all);
  });
}

ROW(wait, first_exception_ignores_cancel) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(never_ends(), fails_after(100ms), ends_after(10s));
    const auto canceller =
        silk::runtime::current().call_after(10ms, [one = all[0]] { one.cancel(); });
    const auto result = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(elapsed(), 100ms);
    EXPECT_EQ(result.done, pick(all, 0, 1));
    EXPECT_EQ(result.pending, pick(all, 2));
    EXPECT_TRUE(all[0].is_cancelled());

    const handle_list others = spawn_all(never_ends(), ends_after(1s));
    others[0].cancel();
    const auto rest = co_await silk::wait(others, {.return_when = silk::first_exception});
    EXPECT_EQ(elapsed(), 1100ms);
    EXPECT_EQ(rest.done, others);
    co_await end_all(all);
  });
}

ROW(wait, first_exception_without_failure) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms), ends_after(150ms));
    const auto result = co_await silk::wait(all, {.return_when = silk::first_exception});
    EXPECT_EQ(elapsed(), 150ms);
    EXPECT_EQ(result.done, all);
    EXPECT_TRUE(result.pending.empty());
  });
}

ROW(wait, timeout_splits_sets) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms), ends_after(150ms));
    const auto result = co_await silk::wait(all, {.timeout = 110ms});
    EXPECT_EQ(elapsed(), 110ms);
    EXPECT_EQ(result.done, pick(all, 0));
    EXPECT_EQ(result.pending, pick(all, 1));
    EXPECT_EQ(all[1].cancelling(), 0u);
    co_await end_all(all);
  });
}

ROW(wait, timeout_tie_counts_as_done) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(100ms), ends_after(150ms));
    const auto result = co_await silk::wait(all, {.timeout = 100ms});
    EXPECT_EQ(elapsed(), 100ms);
    EXPECT_EQ(result.done, pick(all, 0));
    EXPECT_EQ(result.pending, pick(all, 1));
    co_await end_all(all);
  });
}

ROW(wait, timeout_zero_polls) {
  run([&]() -> silk::task<> {
    const handle_list all = spawn_all(fails_at_once(), ends_after(1s));
    co_await at_rest();
    const auto result = co_await silk::wait(all, {.timeout = 0s});
    EXPECT_EQ(elapsed(), 1ms);
    EXPECT_EQ(result.done, pick(all, 0));
    EXPECT_EQ(result.pending, pick(all, 1));
    EXPECT_EQ(told([&] { all[0].result(); }), "E");

    // One turn: what is runnable runs once, and counts.
    if (workers() == 1) {
      int turns_of_other = 0;
      const handle_list more = spawn_all(ends_after(0s), [&]() -> silk::task<> {
        for (;;) {
          ++turns_of_other;
          co_await silk::yield();
        }
      });
      const auto polled = co_await silk::wait(pick(more, 1), {.timeout = 0s});
      EXPECT_EQ(polled.pending, pick(more, 1));
      EXPECT_GE(turns_of_other, 1);
      EXPECT_LE(turns_of_other, 2);
      co_await end_all(more);
    }
    co_await end_all(all);
  });
}

ROW(wait, cancel_leaves_children) {
  run([]() -> silk::task<> {
    const handle_list all = spawn_all(ends_after(1s), ends_after(2s));
    const auto waiter =
        silk::spawn([&]() -> silk::task<> { static_cast<void>(co_await silk::wait(all)); });
    co_await at_rest();
    EXPECT_TRUE(waiter.cancel("enough"));
    const std::string end = co_await ending(waiter);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(elapsed(), 1ms);
    for (const auto& one : all) {
      EXPECT_FALSE(one.done());
      EXPECT_EQ(one.cancelling(), 0u);
    }
    co_await silk::gather(all);
    EXPECT_EQ(elapsed(), 2s);
  });
}

ROW(wait, unregisters_on_exit) {
  silk::runtime runtime(options());
  runtime.block_on([]() -> silk::task<> {
    silk::promise<> one, two;
    const std::vector all{one.get_future(), two.get_future()};
    // Returns.
    const auto returns = silk::spawn([&]() -> silk::task<> {
      static_cast<void>(
          co_await silk::wait(all, {.return_when = silk::first_completed, .timeout = 1h}));
    });
    co_await at_rest();
    EXPECT_EQ(all[1].waiting(), 1u);
    one.set_value();
    co_await returns;
    EXPECT_EQ(all[1].waiting(), 0u);
    // Times out.
    static_cast<void>(co_await silk::wait(all, {.timeout = 1s}));
    EXPECT_EQ(all[1].waiting(), 0u);
    // Is cancelled.
    const auto waits = silk::spawn(
        [&]() -> silk::task<> { static_cast<void>(co_await silk::wait(all, {.timeout = 1h})); });
    co_await at_rest();
    EXPECT_EQ(all[1].waiting(), 1u);
    waits.cancel();
    static_cast<void>(co_await ending(waits));
    EXPECT_EQ(all[1].waiting(), 0u);
    EXPECT_EQ(elapsed(), 1s + 2ms);
    two.set_value();
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 1s + 2ms);
}

}  // namespace
