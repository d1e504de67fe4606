// Rows of the area `context`.
#include "row.hpp"

#include <vector>

namespace {

using namespace silk_conformance;

const silk::context_var<std::string> variable("default");
const silk::context_var<int> precision(28);

silk::task<std::string> reads() { co_return variable.get(); }

ROW(context, child_copies_parent) {
  run([]() -> silk::task<> {
    co_await variable.set("parent");
    silk::event changed;
    const auto child = silk::spawn([&]() -> silk::task<std::string> {
      const std::string at_first = variable.get();
      co_await changed.wait();
      const std::string later = variable.get();
      co_await variable.set("child");
      co_return at_first + ", " + later;
    });
    co_await variable.set("changed");
    changed.set();
    const std::string told = co_await child;
    EXPECT_EQ(told, "parent, parent");
    EXPECT_EQ(variable.get(), "changed");
  });
}

ROW(context, isolation_across_suspension) {
  run([]() -> silk::task<> {
    silk::promise<> made;
    const auto awaited = made.get_future();
    std::string seen_by_callback;
    awaited.add_done_callback([&](const silk::future<>&) {
      seen_by_callback = variable.get();
      variable.set_here("callback");
    });
    co_await variable.set("mine");
    EXPECT_EQ(variable.get(), "mine");
    co_await silk::yield();
    EXPECT_EQ(variable.get(), "mine");
    silk::spawn([&]() -> silk::task<> {
      co_await variable.set("another's");
      made.set_value();
    });
    co_await awaited;
    co_await silk::sleep(1s);
    EXPECT_EQ(variable.get(), "mine");
    EXPECT_EQ(seen_by_callback, "default");
  });
}

silk::task<int> sets_and_rereads(int of) {
  int wrong = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string mine = std::to_string(of) + "/" + std::to_string(i);
    co_await variable.set(mine);
    co_await silk::sleep(1ms * ((of * 7 + i * 3) % 11));
    if (variable.get() != mine) ++wrong;
  }
  co_return wrong;
}

ROW(context, many_tasks_isolated) {
  run([]() -> silk::task<> {
    co_await variable.set("outer");
    std::vector<silk::join_handle<int>> spawned;
    for (int i = 0; i < 100; ++i) spawned.push_back(silk::spawn(sets_and_rereads(i)));
    std::vector<silk::task<int>> forked;
    for (int i = 0; i < 100; ++i) forked.push_back(sets_and_rereads(100 + i));
    const std::vector<int> wrong = co_await silk::gather(std::move(forked));
    EXPECT_EQ(wrong, std::vector<int>(100, 0));
    const std::vector<int> wrong_too = co_await silk::gather(spawned);
    EXPECT_EQ(wrong_too, std::vector<int>(100, 0));
    EXPECT_EQ(variable.get(), "outer");
  });
}

ROW(context, explicit_context_shared) {
  run([]() -> silk::task<> {
    const silk::context shared;
    co_await silk::spawn({.context = shared}, []() -> silk::task<> {
      EXPECT_EQ(variable.get(), "default");
      co_await variable.set("first");
    });
    EXPECT_EQ(shared.get(variable), "first");
    EXPECT_EQ(variable.get(), "default");
    const std::string second = co_await silk::spawn({.context = shared}, reads());
    EXPECT_EQ(second, "first");
  });
}

// What the row asks to be defined: at once is allowed, and each access is atomic.
ROW(context, explicit_context_used_at_once) {
  run([]() -> silk::task<> {
    const silk::context shared;
    std::vector<silk::join_handle<>> both;
    for (int i = 0; i < 8; ++i) {
      both.push_back(silk::spawn(
          {.context = shared},
          [](int n) -> silk::task<> {
            for (int k = 0; k < 20; ++k) {
              co_await variable.set(std::to_string(n));
              co_await silk::yield();
              EXPECT_NE(variable.get(), "default");
            }
          },
          i));
    }
    co_await silk::gather(both);
    EXPECT_NE(shared.get(variable), "default");
  });
}

ROW(context, default_outside) {
  run([]() -> silk::task<> { co_await variable.set("inside"); });
  EXPECT_EQ(variable.get(), "default");
  EXPECT_FALSE(variable.is_set());
}

silk::task<> computes_with(int digits, silk::duration pause) {
  {
    const auto hold = co_await precision.scoped(digits);
    co_await silk::sleep(pause);
    EXPECT_EQ(precision.get(), digits);
    co_await silk::sleep(pause);
    EXPECT_EQ(precision.get(), digits);
  }
  EXPECT_EQ(precision.get(), 28);
}

ROW(context, scoped_value_per_task) {
  run([]() -> silk::task<> {
    co_await silk::gather(computes_with(2, 10ms), computes_with(3, 15ms));
    EXPECT_EQ(precision.get(), 28);
  });
}

ROW(context, callback_context_captured) {
  run([]() -> silk::task<> {
    silk::promise<> made;
    const auto awaited = made.get_future();
    std::vector<std::string> seen;
    const auto notes = [&](const silk::future<>&) { seen.push_back(variable.get()); };
    co_await variable.set("when added");
    awaited.add_done_callback(notes);
    const silk::context given;
    given.set(variable, "given");
    awaited.add_done_callback(given, notes);
    co_await variable.set("later");
    made.set_value();
    co_await at_rest();
    EXPECT_EQ(seen, (std::vector<std::string>{"when added", "given"}));
  });
}

ROW(context, group_child_context) {
  run([]() -> silk::task<> {
    const silk::context one;
    const silk::context two;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(
          {.context = one},
          [](std::string to) -> silk::task<> { co_await variable.set(std::move(to)); }, "one");
      group.spawn(
          {.context = two},
          [](std::string to) -> silk::task<> { co_await variable.set(std::move(to)); }, "two");
      co_return;
    });
    EXPECT_EQ(one.get(variable), "one");
    EXPECT_EQ(two.get(variable), "two");
    EXPECT_EQ(variable.get(), "default");
  });
}

ROW(context, thread_work_inherits) {
  run([]() -> silk::task<> {
    co_await variable.set("caller's");
    const std::string seen = co_await silk::to_thread([] {
      std::string before = variable.get();
      variable.set_here("thread's");
      return before + ", " + variable.get();
    });
    EXPECT_EQ(seen, "caller's, thread's");
    EXPECT_EQ(variable.get(), "caller's");
  });
}

ROW(context, eager_step_isolated) {
  run([]() -> silk::task<> {
    co_await variable.set("creator");
    bool ran = false;
    const auto eager = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<> {
      EXPECT_EQ(variable.get(), "creator");
      co_await variable.set("eager");
      ran = true;
      co_await silk::yield();
      EXPECT_EQ(variable.get(), "eager");
    });
    EXPECT_TRUE(ran);
    EXPECT_EQ(variable.get(), "creator");
    co_await eager;
    EXPECT_EQ(variable.get(), "creator");
  });
}

ROW(context, get_context) {
  run([]() -> silk::task<> {
    const silk::context given;
    const auto in_given = silk::spawn({.context = given}, never_ends());
    EXPECT_EQ(in_given.context(), given);
    const auto in_its_own = silk::spawn([]() -> silk::task<> { co_await variable.set("own"); });
    const silk::context own = in_its_own.context();
    co_await in_its_own;
    EXPECT_EQ(own.get(variable), "own");
    EXPECT_EQ(in_its_own.context(), own);
    EXPECT_NE(own, silk::current_task().context());
    in_given.cancel();
  });
}

}  // namespace
