// Rows of the area `introspection`: current_task, all_tasks, and what tasks and futures say of themselves.
#include "row.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

bool contains(const std::vector<silk::task_ref>& all, const silk::task_ref& one) {
  return std::ranges::find(all, one) != all.end();
}

ROW(introspection, current_task) {
  EXPECT_FALSE(silk::current_task());
  run([]() -> silk::task<> {
    const silk::task_ref me = silk::current_task();
    EXPECT_TRUE(me);
    silk::task_ref seen;  // not what the task gives: it would keep itself
    const auto other = silk::spawn({.name = "other"}, [&]() -> silk::task<> {
      seen = silk::current_task();
      co_return;
    });
    co_await other;
    EXPECT_FALSE(seen == me);
    EXPECT_TRUE(seen == silk::task_ref(other));
    EXPECT_EQ(seen.name(), "other");
    for (int i = 0; i < 20; ++i) {
      co_await silk::sleep(1s);  // and perhaps on another worker now
      EXPECT_TRUE(silk::current_task() == me);
    }
    // A coroutine that is awaited directly is part of the same task.
    const auto asks = []() -> silk::task<silk::task_ref> {
      co_await silk::yield();
      co_return silk::current_task();
    };
    const silk::task_ref inner = co_await asks();
    EXPECT_TRUE(inner == me);
  });
  EXPECT_FALSE(silk::current_task());
}

ROW(introspection, current_task_outside) {
  silk::runtime idle(options());
  EXPECT_FALSE(silk::current_task());
  idle.block_on([]() -> silk::task<> { co_return; });
  EXPECT_FALSE(silk::current_task());
  EXPECT_TRUE(idle.all_tasks().empty());
}

// Without a scheduler it is empty, and an empty one is of no use.
ROW(introspection, current_task_no_scheduler) {
  const silk::task_ref none = silk::current_task();
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.done());
  EXPECT_THROW(none.name(), silk::usage_error);
  EXPECT_THROW(none.status(), silk::usage_error);
  EXPECT_THROW(none.description(), silk::usage_error);
  EXPECT_THROW(none.cancel(), silk::usage_error);
  EXPECT_THROW(silk::all_tasks(), silk::usage_error);
}

ROW(introspection, current_task_bookkeeping) {
  run([]() -> silk::task<> {
    std::atomic<int> wrong = 0, looked = 0;
    std::vector<silk::join_handle<>> handles;
    for (int i = 0; i < 20; ++i) {
      handles.push_back(silk::spawn([&]() -> silk::task<> {
        const silk::task_ref me = silk::current_task();
        for (int n = 0; n < 5; ++n) {
          // A callback runs between tasks: whichever ran before on its worker has been left.
          silk::runtime::current().post([&] {
            wrong += static_cast<bool>(silk::current_task());
            ++looked;
          });
          co_await silk::yield();
          wrong += !(silk::current_task() == me);
        }
      }));
    }
    for (const auto& handle : handles) co_await handle;
    co_await at_rest();
    EXPECT_EQ(looked, 100);
    EXPECT_EQ(wrong, 0);
  });
}

// Nobody enters or leaves tasks by hand, so nobody can leave the wrong one. Where one task runs inside
// another, eager starts within eager starts, the one around it is current again, however it came about.
TEST(introspection, tasks_are_left_in_the_order_in_which_they_were_entered) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    struct nest {
      static silk::task<> at(int depth) {
        const silk::task_ref me = silk::current_task();
        const silk::spawn_options eager{.start = silk::start::eager};
        if (depth > 0) {
          const auto inner = silk::spawn(eager, at(depth - 1));
          EXPECT_TRUE(silk::current_task() == me);
          const auto fails = silk::spawn(eager, []() -> silk::task<> {
            throw failure_e();
            co_return;
          });
          EXPECT_TRUE(silk::current_task() == me);
          EXPECT_EQ(told_of(fails.exception()), "E");
          co_await inner;
        }
        co_await silk::yield();
        EXPECT_TRUE(silk::current_task() == me);
      }
    };
    silk::run(nest::at(10), {.workers = workers, .time = silk::time_source::virtual_time});
  }
}

ROW(introspection, all_tasks_excludes_done) {
  run([]() -> silk::task<> {
    const auto done = silk::spawn([]() -> silk::task<> { co_return; });
    const auto stopped = silk::spawn([]() -> silk::task<> { co_await silk::sleep(10'000h); });
    const auto alive = silk::spawn([]() -> silk::task<> { co_await silk::sleep(1h); });
    co_await at_rest();
    stopped.cancel();
    const std::string end = co_await ending(stopped);
    EXPECT_EQ(end, "cancelled");
    const auto all = silk::all_tasks();
    EXPECT_FALSE(contains(all, done));
    EXPECT_FALSE(contains(all, stopped));
    EXPECT_TRUE(contains(all, alive));
    EXPECT_TRUE(contains(all, silk::current_task()));
    EXPECT_EQ(all.size(), 2u);
  });
}

ROW(introspection, all_tasks_unregister) {
  silk::runtime runtime(options());
  runtime.block_on([&]() -> silk::task<> {
    std::vector<silk::join_handle<>> handles;
    for (int i = 0; i < 100; ++i) {
      handles.push_back(silk::spawn([]() -> silk::task<> { co_await silk::yield(); }));
    }
    for (const auto& handle : handles) co_await handle;
    EXPECT_EQ(runtime.all_tasks().size(), 1u);
    EXPECT_EQ(runtime.live_tasks(), 1u);
  });
  // While it is closing, what other threads spawn ends without having been in the set.
  const auto left = runtime.spawn([]() -> silk::task<> {
    silk::promise<> never;
    co_await never.get_future();
  });
  runtime.close();
  const auto refused = runtime.spawn([]() -> silk::task<> { co_return; });
  EXPECT_TRUE(refused.is_cancelled());
  EXPECT_FALSE(contains(runtime.all_tasks(), refused));
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(left.is_cancelled());
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

ROW(introspection, all_tasks_from_other_threads) {
  constexpr std::size_t count = 1000;
  silk::runtime runtime(options());
  std::atomic<std::size_t> created = 0;
  std::atomic<int> lost = 0;
  std::latch looking{10};
  std::vector<std::thread> threads;
  for (int n = 0; n < 10; ++n) {
    threads.emplace_back([&] {
      looking.count_down();
      for (std::size_t before = 0; before < count;) {
        before = created;
        if (runtime.all_tasks().size() < before) ++lost;
      }
    });
  }
  looking.wait();
  silk::promise<> end;
  const silk::future<> ended = end.get_future();
  std::vector<silk::join_handle<>> handles;
  runtime.block_on([&]() -> silk::task<> {
    for (std::size_t i = 0; i < count; ++i) {
      handles.push_back(silk::spawn([ended]() -> silk::task<> { co_await silk::shield(ended); }));
      ++created;
    }
    co_return;
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lost, 0);
  const auto all = runtime.all_tasks();
  for (const auto& handle : handles) EXPECT_TRUE(contains(all, handle));
  end.set_value();
  for (const auto& handle : handles) runtime.block_on(handle);
}

constexpr silk::start eagerly = silk::start::eager;

ROW(introspection, all_tasks_during_eager_step) {
  run([]() -> silk::task<> {
    bool was_in_it = false;
    const auto completes = silk::spawn({.start = eagerly}, [&]() -> silk::task<> {
      was_in_it = contains(silk::all_tasks(), silk::current_task());
      co_return;
    });
    EXPECT_TRUE(was_in_it);
    EXPECT_TRUE(completes.done());
    EXPECT_FALSE(contains(silk::all_tasks(), completes));
    const auto suspends =
        silk::spawn({.start = eagerly}, []() -> silk::task<> { co_await silk::sleep(1s); });
    EXPECT_TRUE(contains(silk::all_tasks(), suspends));
    co_await suspends;
    EXPECT_FALSE(contains(silk::all_tasks(), suspends));
  });
}

ROW(introspection, eager_current_task) {
  run([]() -> silk::task<> {
    const silk::task_ref creator = silk::current_task();
    silk::task_ref at_first, later;
    const auto eager = silk::spawn({.start = eagerly}, [&]() -> silk::task<> {
      at_first = silk::current_task();
      co_await silk::sleep(1s);
      later = silk::current_task();
    });
    EXPECT_TRUE(silk::current_task() == creator);
    EXPECT_TRUE(at_first == silk::task_ref(eager));
    EXPECT_FALSE(at_first == creator);
    co_await eager;
    EXPECT_TRUE(later == silk::task_ref(eager));
    EXPECT_TRUE(silk::current_task() == creator);
  });
}

ROW(introspection, task_text) {
  run([]() -> silk::task<> {
    const auto says = [](const silk::task_ref& task, const std::string& words) {
      const std::string text = task.description();
      EXPECT_NE(text.find(words), std::string::npos) << text << " without " << words;
      EXPECT_NE(text.find("introspection_test.cpp"), std::string::npos) << text;
    };
    using silk::task_status;
    const auto cleaner = silk::spawn({.name = "Ann"}, []() -> silk::task<> {
      bool stopped = false;
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) co_await silk::sleep(1s);
      throw silk::cancelled("tidy");
    });
    co_await at_rest();
    const silk::task_ref task = cleaner;
    says(task, "task 'Ann' pending");
    EXPECT_EQ(task.status(), task_status::pending);
    task.cancel();
    says(task, "task 'Ann' cancelling");
    EXPECT_EQ(task.status(), task_status::cancelling);
    EXPECT_EQ(task.cancelling(), 1u);
    co_await silk::sleep(2s);
    says(task, "task 'Ann' cancelled: tidy");
    EXPECT_EQ(task.status(), task_status::cancelled);

    const auto number = silk::spawn({.name = "Bob"}, []() -> silk::task<int> { co_return 42; });
    const auto failed = silk::spawn({.name = "Cid"}, []() -> silk::task<> {
      throw failure_e("no luck");
      co_return;
    });
    co_await at_rest();
    says(number, "task 'Bob' finished");  // of which type the value is, its handle knows
    EXPECT_EQ(number.ref().status(), task_status::finished);
    EXPECT_EQ(number.result(), 42);
    says(failed, "task 'Cid' failed: no luck");
    EXPECT_EQ(failed.ref().status(), task_status::failed);
    EXPECT_EQ(told_of(failed.ref().exception()), "no luck");

    // From any thread, while the task goes its way.
    std::atomic<bool> stop = false;
    const auto busy = silk::spawn({.name = "Dee"}, [&]() -> silk::task<> {
      while (!stop) co_await silk::yield();
    });
    const silk::task_ref ref = busy;
    co_await silk::to_thread([&] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_NE(ref.description().find("task 'Dee' pending"), std::string::npos);
      }
      stop = true;
    });
    co_await busy;
  });
}

ROW(introspection, future_text) {
  run([]() -> silk::task<> {
    silk::promise<int> pending, valued, failing;
    const auto future = pending.get_future();
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.is_cancelled());
    EXPECT_EQ(future.waiting(), 0u);
    const auto first = future.add_done_callback([](const silk::future<int>&) {});
    const auto second = future.add_done_callback([](const silk::future<int>&) {});
    EXPECT_EQ(future.waiting(), 2u);
    EXPECT_TRUE(future.remove_done_callback(first));
    EXPECT_EQ(future.waiting(), 1u);
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.done());
    EXPECT_TRUE(future.is_cancelled());
    co_await at_rest();
    EXPECT_EQ(future.waiting(), 0u);
    EXPECT_FALSE(future.remove_done_callback(second));

    valued.set_value(42);
    EXPECT_TRUE(valued.get_future().done());
    EXPECT_FALSE(valued.get_future().is_cancelled());
    EXPECT_EQ(valued.get_future().exception(), nullptr);
    EXPECT_EQ(valued.get_future().result(), 42);
    failing.set_exception(std::make_exception_ptr(failure_e()));
    EXPECT_TRUE(failing.get_future().done());
    EXPECT_EQ(told_of(failing.get_future().exception()), "E");
  });
}

}  // namespace
