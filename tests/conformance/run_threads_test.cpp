// Rows of the area `run`: schedulers and threads. run_coroutine_threadsafe is runtime::spawn, and the
// blocking future's result() is runtime::block_on of the handle.
#include "row.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<int> adds(int a, int b) {
  co_await silk::sleep(50ms);
  co_return a + b;
}
silk::task<int> gives_none(std::string what) {
  co_await silk::sleep(50ms);
  throw failure_e(what);
}

// Everything in `action` happens on a thread that silk does not know.
void on_a_thread(auto&& action) { std::thread(action).join(); }

ROW(run, submit_from_thread_result) {
  silk::runtime runtime(options());
  on_a_thread([&] { EXPECT_EQ(runtime.block_on(runtime.spawn(adds(1, 2))), 3); });
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      const auto handle = runtime.spawn([&]() -> silk::task<int> {
        EXPECT_EQ(&silk::runtime::current(), &runtime);
        return adds(40, 2);
      });
      right += runtime.block_on(handle) == 42;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 10);
}

ROW(run, submit_from_thread_exception) {
  silk::runtime runtime(options());
  on_a_thread([&] {
    std::string what;
    const auto handle = runtime.spawn(gives_none("Fail!"));
    try {
      runtime.block_on(handle);
    } catch (const failure_e& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "Fail!");
  });
}

ROW(run, submit_from_thread_cancelled) {
  silk::runtime runtime(options());
  on_a_thread([&] {
    const auto cancels_itself = runtime.spawn([]() -> silk::task<int> {
      silk::current_task().cancel("by itself");
      co_await silk::sleep(1s);
      co_return 1;
    });
    EXPECT_EQ(told([&] { runtime.block_on(cancels_itself); }), "cancelled: by itself");
    const auto never = runtime.spawn([]() -> silk::task<int> {
      silk::promise<int> kept;
      co_return co_await kept.get_future();
    });
    EXPECT_TRUE(never.cancel("by the thread"));
    EXPECT_EQ(told([&] { runtime.block_on(never); }), "cancelled: by the thread");
  });
}

// The submitter learns it by the call itself, so there is no future to fail and nothing to report.
TEST(run, submitting_what_cannot_be_made_fails_at_the_submitter) {
  std::atomic<int> told_handler = 0;
  silk::runtime runtime(
      {.workers = 1, .on_failure = [&](const silk::failure&) { ++told_handler; }});
  on_a_thread([&] {
    struct never_moves_in {
      never_moves_in() = default;
      never_moves_in(const never_moves_in&) { throw failure_e("no copy"); }
      silk::task<> operator()() const { co_return; }
    };
    const never_moves_in unlucky;
    EXPECT_EQ(told([&] { runtime.spawn(unlucky); }), "no copy");
    EXPECT_EQ(runtime.live_tasks(), 0u);
  });
  EXPECT_TRUE(runtime.shutdown());
  on_a_thread([&] { EXPECT_EQ(told([&] { runtime.spawn(adds(1, 2)); }), "usage"); });
  EXPECT_EQ(told_handler, 0);
}

ROW(run, other_scheduler_inside_rejected) {
  // On a worker thread: neither through an own runtime nor through silk::run.
  silk::runtime other(options());
  run([&]() -> silk::task<> {
    bool started = false;
    const auto body = [&]() -> silk::task<> {
      started = true;
      co_return;
    };
    EXPECT_THROW(other.block_on(body), silk::usage_error);
    EXPECT_THROW(silk::run(body, options()), silk::usage_error);
    EXPECT_FALSE(started);
    // A plain thread beside it may.
    const int value = co_await silk::to_thread([&] { return silk::run(adds(1, 2), options()); });
    EXPECT_EQ(value, 3);
  });
}

ROW(run, many_schedulers_in_threads) {
  constexpr std::size_t others = 100;
  std::vector<std::thread> threads;
  std::latch all_counted{10};
  for (int n = 0; n < 10; ++n) {
    threads.emplace_back([&] {
      std::vector<silk::join_handle<>> handles;
      run([&]() -> silk::task<> {
        silk::runtime& own = silk::runtime::current();
        for (std::size_t i = 0; i < others; ++i) {
          handles.push_back(silk::spawn([&own]() -> silk::task<> {
            EXPECT_EQ(&silk::runtime::current(), &own);
            co_await silk::sleep(1h);
            EXPECT_EQ(&silk::runtime::current(), &own);
          }));
        }
        all_counted.arrive_and_wait();  // while the nine others are in full swing
        const auto all = silk::all_tasks();
        EXPECT_EQ(all.size(), others + 1);
        std::size_t mine = 0;
        for (const silk::task_ref& each : all) {
          for (const auto& handle : handles) mine += each == silk::task_ref(handle);
        }
        EXPECT_EQ(mine, others);
        for (const auto& handle : handles) co_await handle;
      });
      for (const auto& handle : handles) EXPECT_TRUE(handle.done());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
