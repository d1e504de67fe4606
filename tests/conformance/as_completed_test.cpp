// Rows of the area `as_completed`.
#include "row.hpp"

#include <utility>
#include <vector>

namespace {

using namespace silk_conformance;

// Plain iteration to the end: the values, and a -1 for each timeout.
template <class Handle>
silk::task<std::vector<int>> all_of(silk::completions<Handle>& completed) {
  std::vector<int> values;
  for (auto slot : completed) {
    int value = -1;
    try {
      value = co_await slot;
    } catch (const silk::timeout_error&) {
    }
    values.push_back(value);
  }
  co_return values;
}

ROW(as_completed, completion_order) {
  run([]() -> silk::task<> {
    auto completed =
        silk::as_completed(gives_after(150ms, 1), gives_after(10ms, 2), gives_after(10ms, 3));
    std::vector<int> values;
    for (auto slot : completed) {
      const int value = co_await slot;
      values.push_back(value);
      EXPECT_EQ(elapsed(), value == 1 ? 150ms : 10ms);
    }
    if (values.at(0) == 3) std::swap(values[0], values[1]);
    EXPECT_EQ(values, (std::vector{2, 3, 1}));
  });
}

ROW(as_completed, timeout_raises_for_rest) {
  run([]() -> silk::task<> {
    auto completed =
        silk::as_completed({.timeout = 120ms}, gives_after(100ms, 1), gives_after(150ms, 2));
    std::vector<std::string> ends;
    for (auto slot : completed) {
      const std::string end = co_await ending(std::move(slot));
      ends.push_back(end);
      EXPECT_EQ(elapsed(), ends.size() == 1 ? 100ms : 120ms);
    }
    EXPECT_EQ(ends, (std::vector<std::string>{"value", "timeout"}));
  });
}

ROW(as_completed, timeout_leaves_children) {
  run([]() -> silk::task<> {
    const std::vector late{silk::spawn(gives_after(1s, 1)), silk::spawn(gives_after(2s, 2))};
    auto completed = silk::as_completed(late, {.timeout = 120ms});
    const std::vector values = co_await all_of(completed);
    EXPECT_EQ(values, (std::vector{-1, -1}));
    EXPECT_EQ(elapsed(), 120ms);
    for (const auto& one : late) {
      EXPECT_FALSE(one.done());
      EXPECT_EQ(one.cancelling(), 0u);
    }
    const std::vector later = co_await silk::gather(late);
    EXPECT_EQ(later, (std::vector{1, 2}));
    EXPECT_EQ(elapsed(), 2s);
  });
}

ROW(as_completed, timeout_every_remaining_slot) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed({.timeout = 50ms}, gives_after(1s, 1), gives_after(10ms, 2),
                                        gives_after(1s, 3), gives_after(1s, 4));
    const std::vector values = co_await all_of(completed);
    EXPECT_EQ(values, (std::vector{2, -1, -1, -1}));
    EXPECT_EQ(elapsed(), 50ms);
  });
}

ROW(as_completed, unused_timeout_disarmed) {
  silk::runtime runtime(options());
  runtime.block_on([]() -> silk::task<> {
    auto completed =
        silk::as_completed({.timeout = 1h}, gives_after(10ms, 1), gives_after(20ms, 2));
    const std::vector values = co_await all_of(completed);
    EXPECT_EQ(values, (std::vector{1, 2}));
    EXPECT_EQ(elapsed(), 20ms);
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 20ms);
}

ROW(as_completed, slots_filled_in_await_order) {
  run([]() -> silk::task<> {
    auto completed = silk::as_completed(gives_after(50ms, 5), gives_after(100ms, 10));
    auto at = completed.begin();
    auto first = *at;
    auto second = *++at;
    const auto awaits_second = silk::spawn(std::move(second));
    co_await at_rest();
    const auto awaits_first = silk::spawn(std::move(first));
    const int in_second = co_await awaits_second;
    EXPECT_EQ(in_second, 5);
    EXPECT_EQ(elapsed(), 50ms);
    const int in_first = co_await awaits_first;
    EXPECT_EQ(in_first, 10);
    EXPECT_EQ(elapsed(), 100ms);
  });
}

ROW(as_completed, duplicates_collapse) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn(gives_after(10ms, 7));
    auto completed = silk::as_completed(std::vector(2, one));
    EXPECT_EQ(completed.remaining(), 1u);
    const std::vector values = co_await all_of(completed);
    EXPECT_EQ(values, std::vector{7});
  });
}

ROW(as_completed, needs_scheduler) {
  bool started = false;
  const auto starts = [&]() -> silk::task<int> {
    started = true;
    co_return 1;
  };
  EXPECT_EQ(told([&] { static_cast<void>(silk::as_completed(starts(), starts())); }), "usage");
  EXPECT_FALSE(started);
}

ROW(as_completed, uses_running_scheduler) {
  run([]() -> silk::task<> {
    auto* const here = &silk::runtime::current();
    const auto tells_where = []() -> silk::task<silk::runtime*> {
      co_return &silk::runtime::current();
    };
    auto completed = silk::as_completed(tells_where());
    int slots = 0;
    for (auto slot : completed) {
      const auto* there = co_await slot;
      EXPECT_EQ(there, here);
      ++slots;
    }
    EXPECT_EQ(slots, 1);
  });
}

// docs/cancellation.md: w6a
ROW(as_completed, consumer_cancel_leaves_children) {
  run([]() -> silk::task<> {
    const std::vector children{silk::spawn(gives_after(1s, 1)), silk::spawn(gives_after(2s, 2))};
    const auto consumer = silk::spawn([&]() -> silk::task<> {
      auto completed = silk::as_completed(children);
      static_cast<void>(co_await all_of(completed));
    });
    co_await at_rest();
    EXPECT_TRUE(consumer.cancel("enough"));
    const std::string end = co_await ending(consumer);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(elapsed(), 1ms);
    for (const auto& one : children) {
      EXPECT_EQ(one.cancelling(), 0u);
      EXPECT_EQ(one.waiting(), 0u);
    }
    const std::vector values = co_await silk::gather(children);
    EXPECT_EQ(values, (std::vector{1, 2}));
  });
}

ROW(as_completed, empty) {
  silk::runtime runtime(options());
  runtime.block_on([]() -> silk::task<> {
    for (const silk::duration timeout : {silk::duration::max(), silk::duration(1h)}) {
      auto completed =
          silk::as_completed(std::vector<silk::join_handle<int>>(), {.timeout = timeout});
      int slots = 0;
      for ([[maybe_unused]] auto slot : completed) ++slots;
      EXPECT_EQ(slots, 0);
      auto next = completed.next();
      const bool ready = std::move(next).operator co_await().await_ready();
      EXPECT_TRUE(ready);  // so that awaiting it does not suspend
      const auto nobody = co_await completed.next();
      EXPECT_FALSE(nobody.has_value());
    }
  });
  let_time_pass_if_it_can(runtime);
  EXPECT_EQ(runtime.now().time_since_epoch(), 0s);
}

ROW(as_completed, async_iteration_returns_inputs) {
  run([]() -> silk::task<> {
    const std::vector handles{silk::spawn(gives_after(20ms, 1)), silk::spawn(gives_after(10ms, 2))};
    auto completed = silk::as_completed(handles);
    std::vector<silk::join_handle<int>> given;
    for (;;) {
      auto done = co_await completed.next();
      if (!done) break;
      EXPECT_TRUE(done->done());
      given.push_back(*done);
    }
    EXPECT_EQ(given, (std::vector{handles[1], handles[0]}));

    auto mixed = silk::as_completed(handles[0], gives_after(10ms, 3));
    const auto first = co_await mixed.next();
    EXPECT_EQ(*first, handles[0]);
    const auto second = co_await mixed.next();
    EXPECT_TRUE(second->done());
    EXPECT_FALSE(second->name().empty());  // of the task that was made for it
    EXPECT_EQ(second->result(), 3);
  });
}

ROW(as_completed, iteration_resumable) {
  run([]() -> silk::task<> {
    std::vector<silk::task<int>> tasks;
    for (int i = 1; i <= 4; ++i) tasks.push_back(gives_after(i * 10ms, i));
    auto completed = silk::as_completed(std::move(tasks));
    std::vector<int> values;
    for (auto slot : completed) {
      const int value = co_await slot;
      values.push_back(value);
      if (values.size() == 2) break;
    }
    EXPECT_EQ(completed.remaining(), 2u);
    for (auto slot : completed) {
      const int value = co_await slot;
      values.push_back(value);
    }
    EXPECT_EQ(values, (std::vector{1, 2, 3, 4}));
  });
}

ROW(as_completed, async_iteration_timeout) {
  run([]() -> silk::task<> {
    auto completed =
        silk::as_completed({.timeout = 120ms}, gives_after(100ms, 1), gives_after(150ms, 2));
    const auto first = co_await completed.next();
    EXPECT_EQ(first->result(), 1);
    EXPECT_EQ(elapsed(), 100ms);
    const std::string end = co_await ending(completed.next());
    EXPECT_EQ(end, "timeout");
    EXPECT_EQ(elapsed(), 120ms);
    const auto over = co_await completed.next();
    EXPECT_FALSE(over.has_value());
  });
}

}  // namespace
