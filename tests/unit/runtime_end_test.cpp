// close, shutdown, the destructor, and what outlives them.
#include "at_workers.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class runtime_end : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(runtime_end);

silk::task<> gather_two(silk::task<> first, silk::task<> second) {
  co_await silk::gather(std::move(first), std::move(second));
}
// Swallows every cancel until it is let go.
silk::task<> stubborn(silk::future<void> let_go) {
  bool free = false;
  while (!free) {
    try {
      co_await silk::shield(let_go);
      free = true;
    } catch (const silk::cancelled&) {
    }
  }
}

TEST_P(runtime_end, close_cancels_whatever_its_tasks_wait_for) {
  silk::runtime runtime({.workers = GetParam()});
  silk::promise<> never;
  std::vector<silk::join_handle<void>> handles;
  for (int i = 0; i < 20; ++i) {
    handles.push_back(runtime.spawn(asleep()));
    handles.push_back(runtime.spawn(never_ends()));
    handles.push_back(runtime.spawn(at_most(1h, asleep())));
    handles.push_back(runtime.spawn(gather_two(asleep(), never_ends())));
    handles.push_back(
        runtime.spawn([&]() -> silk::task<> { co_await silk::shield(never.get_future()); }));
    handles.push_back(runtime.spawn([&]() -> silk::task<> {
      const std::vector watched{never.get_future()};
      co_await silk::wait(watched);
    }));
    handles.push_back(runtime.spawn([]() -> silk::task<> {
      co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
        group.spawn(asleep());
        co_return;
      });
    }));
    handles.push_back(runtime.spawn([]() -> silk::task<> {
      for (;;) co_await silk::yield();
    }));
  }
  runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  runtime.close();
  runtime.close();
  for (auto& handle : handles) EXPECT_THROW(runtime.block_on(handle), silk::cancelled);
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(runtime.live_tasks(), 0u);
  EXPECT_FALSE(never.done());
}

// Else who waits for others would take their being cancelled for an ordinary end, and go on.
TEST_P(runtime_end, close_cancels_all_tasks_as_of_one_instant) {
  silk::runtime runtime({.workers = GetParam()});
  constexpr int crowd = 200;
  std::atomic<int> waiting = 0, went_on = 0;
  for (int i = 0; i < crowd; ++i) {
    runtime.spawn([&]() -> silk::task<> {
      const std::vector handles{silk::spawn(never_ends()), silk::spawn(asleep())};
      ++waiting;
      co_await silk::wait(handles);
      ++went_on;
    });
    runtime.spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(asleep());
        ++waiting;
        co_return;
      });
      ++went_on;
    });
  }
  while (waiting < 2 * crowd) std::this_thread::yield();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_EQ(went_on, 0);
}

TEST_P(runtime_end, close_tells_the_tasks_why) {
  silk::runtime runtime(virtual_time());
  auto handle = runtime.spawn(never_ends());
  runtime.close();
  std::string reason;
  try {
    runtime.block_on(handle);
  } catch (const silk::cancelled& stopped) {
    reason = stopped.reason();
  }
  EXPECT_EQ(reason, "the runtime is shutting down");
}

// docs/cancellation.md: k7
TEST_P(runtime_end, a_task_that_is_spawned_while_closing_starts_cancelled) {
  silk::runtime runtime(virtual_time());
  silk::promise<> go;
  std::atomic<bool> ran = false;
  silk::join_handle<void> late;
  std::latch running{1};
  auto cleaner = runtime.spawn([&]() -> silk::task<> {
    bool stopped = false;
    running.count_down();
    try {
      co_await never_ends();
    } catch (const silk::cancelled&) {
      stopped = true;
    }
    EXPECT_TRUE(stopped);
    late = silk::spawn([&]() -> silk::task<> {
      ran = true;
      co_return;
    });
    co_await silk::sleep(1h);  // clean-up code may take its time
  });
  running.wait();
  runtime.close();
  runtime.block_on(cleaner);
  EXPECT_THROW(runtime.block_on(late), silk::cancelled);
  auto from_outside = runtime.spawn([&]() -> silk::task<> {
    ran = true;
    co_return;
  });
  EXPECT_EQ(told([&] { runtime.block_on(from_outside); }),
            "cancelled: the runtime is shutting down");
  EXPECT_FALSE(ran);
}

TEST_P(runtime_end, shutdown_gives_up_when_the_grace_is_over_and_may_be_called_again) {
  silk::runtime runtime(virtual_time());
  silk::promise<> let_go;
  std::latch running{1};
  auto handle = runtime.spawn([&]() -> silk::task<> {
    running.count_down();
    co_await stubborn(let_go.get_future());
  });
  running.wait();
  EXPECT_FALSE(runtime.shutdown(0s));
  EXPECT_FALSE(runtime.shutdown(-1s));
  EXPECT_FALSE(runtime.shutdown(1ms));
  EXPECT_FALSE(handle.done());
  let_go.set_value();
  EXPECT_TRUE(runtime.shutdown(1h));
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(handle.done());
}

TEST_P(runtime_end, shutdown_waits_for_clean_up) {
  silk::runtime runtime(virtual_time());
  std::vector<silk::join_handle<void>> handles;
  bool cleaned[50] = {};
  for (bool& one : cleaned) handles.push_back(runtime.spawn(cleans_up_for(1h, one)));
  while (runtime.now().time_since_epoch() == 0s && runtime.live_tasks() < 50)
    std::this_thread::yield();
  EXPECT_TRUE(runtime.shutdown());
  for (const auto& handle : handles) EXPECT_TRUE(handle.done());
}

TEST_P(runtime_end, from_a_worker_shutdown_is_refused_and_close_is_not) {
  silk::runtime runtime(virtual_time());
  auto other = runtime.spawn(never_ends());
  const std::string how = runtime.block_on([&]() -> silk::task<std::string> {
    EXPECT_THROW(silk::runtime::current().shutdown(), silk::usage_error);
    co_await silk::yield();  // and nothing has changed
    silk::runtime::current().close();
    co_return co_await ending(asleep());
  });
  EXPECT_EQ(how, "cancelled: the runtime is shutting down");
  EXPECT_THROW(runtime.block_on(other), silk::cancelled);
}

// docs/cancellation.md: k7
TEST_P(runtime_end, nothing_is_taken_after_it) {
  silk::runtime runtime(virtual_time());
  EXPECT_TRUE(runtime.shutdown());
  auto held = std::make_shared<int>(0);
  const auto keeps = [](std::shared_ptr<int>) -> silk::task<> { co_return; };
  EXPECT_THROW(runtime.spawn(keeps(held)), silk::usage_error);
  EXPECT_THROW(runtime.spawn(keeps, held), silk::usage_error);
  EXPECT_THROW(runtime.block_on(keeps(held)), silk::usage_error);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

TEST_P(runtime_end, destroys_tasks_that_never_started_and_callables_they_hold) {
  auto held = std::make_shared<int>(0);
  const auto keeps = [](std::shared_ptr<int>) -> silk::task<> { co_await never_ends(); };
  {
    silk::runtime runtime(virtual_time());
    runtime.close();
    for (int i = 0; i < 100; ++i) runtime.spawn(keeps(held));
    for (int i = 0; i < 100; ++i)
      runtime.spawn([held]() -> silk::task<> { co_await never_ends(); });
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(runtime_end, detached_tasks_end_before_the_destructor_does) {
  std::atomic<int> alive = 0;
  struct counted {
    explicit counted(std::atomic<int>& n) : count(n) { ++count; }
    ~counted() { --count; }
    std::atomic<int>& count;
  };
  {
    silk::runtime runtime(virtual_time());
    for (int i = 0; i < 1000; ++i) {
      runtime.spawn([&alive, i]() -> silk::task<> {
        const counted here(alive);
        co_await silk::sleep(i * 1ms);
        co_await never_ends();
      });
    }
  }
  EXPECT_EQ(alive, 0);
}

// ---- handles that outlive it ----

TEST_P(runtime_end, handles_keep_what_came_out) {
  silk::join_handle<std::string> value, stopped;
  silk::join_handle<void> failed;
  {
    silk::runtime runtime(virtual_time());
    const auto text = []() -> silk::task<std::string> { co_return std::string(100, 'x'); };
    const auto never = []() -> silk::task<std::string> {
      co_await never_ends();
      co_return "";
    };
    value = runtime.spawn(silk::spawn_options{.name = "Ann"}, text());
    failed = runtime.spawn(fail_after(0s));
    stopped = runtime.spawn(never());
    runtime.block_on(value);
    EXPECT_THROW(runtime.block_on(failed), boom);
  }
  EXPECT_EQ(value.result(), std::string(100, 'x'));
  EXPECT_EQ(value.name(), "Ann");
  EXPECT_THROW(failed.result(), boom);
  EXPECT_THROW(stopped.result(), silk::cancelled);
  EXPECT_FALSE(value.cancel());
  EXPECT_FALSE(stopped.cancel());
  EXPECT_FALSE(stopped.name().empty());
  EXPECT_EQ(stopped.cancelling(), 1u);
  silk::runtime other(virtual_time());
  EXPECT_EQ(other.block_on(value).size(), 100u);
}

TEST_P(runtime_end, futures_and_promises_live_on) {
  silk::promise<int> promise;
  {
    silk::runtime runtime(virtual_time());
    auto waits = runtime.spawn([&]() -> silk::task<> {
      const int value = co_await silk::shield(promise.get_future());
      static_cast<void>(value);
    });
    runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  }
  promise.set_value(42);  // nobody waits any more
  EXPECT_EQ(promise.get_future().result(), 42);
}

// ---- races ----

// Threads spawn until they are refused. Each task runs or ends cancelled; none is lost.
template <class End>
void spawn_against(silk::runtime& runtime, End end) {
  constexpr int threads = 4;
  std::atomic<int> spawned = 0, ran = 0;
  std::atomic<bool> stop = false;
  std::vector<std::vector<silk::join_handle<void>>> handles(threads);
  std::vector<std::thread> spawners;
  for (auto& mine : handles) {
    spawners.emplace_back([&] {
      const auto body = [&]() -> silk::task<> {
        ++ran;
        co_await silk::yield();
      };
      try {
        while (!stop) {
          mine.push_back(runtime.spawn(body));
          ++spawned;
          while (!stop && runtime.live_tasks() > 500) std::this_thread::yield();
        }
      } catch (const silk::usage_error&) {
      }
    });
  }
  while (spawned < 200) std::this_thread::yield();
  end();
  stop = true;
  for (std::thread& thread : spawners) thread.join();
  int finished = 0;
  for (auto& mine : handles) {
    for (auto& handle : mine) {
      try {
        runtime.block_on(handle);
        ++finished;
      } catch (const silk::cancelled&) {
      }
    }
  }
  EXPECT_LE(finished, ran);
  EXPECT_EQ(runtime.live_tasks(), 0u);
}

TEST_P(runtime_end, a_spawn_that_meets_close_runs_or_ends_cancelled) {
  for (int round = 0; round < 4; ++round) {
    silk::runtime runtime(virtual_time());
    spawn_against(runtime, [&] { runtime.close(); });
  }
}

// docs/cancellation.md: k7
TEST_P(runtime_end, a_spawn_that_meets_shutdown_runs_or_ends_cancelled_or_is_refused) {
  for (int round = 0; round < 4; ++round) {
    silk::runtime runtime(virtual_time());
    spawn_against(runtime, [&] { EXPECT_TRUE(runtime.shutdown()); });
  }
}

TEST_P(runtime_end, tasks_that_spawn_tasks_meet_close) {
  for (int round = 0; round < 4; ++round) {
    std::atomic<int> alive = 0;
    struct counted {
      explicit counted(std::atomic<int>& n) : count(n) { ++count; }
      ~counted() { --count; }
      std::atomic<int>& count;
    };
    struct spreads {
      static silk::task<> from(std::atomic<int>& alive, std::atomic<int>& started) {
        const counted here(alive);
        ++started;
        while (alive <= 500) {
          silk::spawn(from(alive, started));
          co_await silk::yield();
        }
        co_await never_ends();
      }
    };
    std::atomic<int> started = 0;
    {
      silk::runtime runtime(virtual_time());
      runtime.spawn(spreads::from(alive, started));
      while (started < 100) std::this_thread::yield();
    }
    EXPECT_EQ(alive, 0);
  }
}

TEST_P(runtime_end, posts_that_meet_shutdown_are_called_or_refused) {
  for (int round = 0; round < 4; ++round) {
    silk::runtime runtime(virtual_time());
    std::atomic<int> accepted = 0, called = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&] {
        try {
          for (;;) {
            runtime.post([&] { ++called; });
            ++accepted;
            while (accepted - called > 500) std::this_thread::yield();
          }
        } catch (const silk::usage_error&) {
        }
      });
    }
    while (accepted < 200) std::this_thread::yield();
    EXPECT_TRUE(runtime.shutdown());
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(called, accepted);
  }
}

TEST_P(runtime_end, may_be_asked_for_by_many_threads_at_once) {
  for (int round = 0; round < 20; ++round) {
    silk::runtime runtime(virtual_time());
    for (int i = 0; i < 100; ++i) runtime.spawn(never_ends());
    std::latch go{4};
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([&] {
        go.arrive_and_wait();
        EXPECT_TRUE(runtime.shutdown());
        EXPECT_THROW(runtime.spawn(asleep()), silk::usage_error);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST_P(runtime_end, cancels_from_outside_meet_the_end) {
  for (int round = 0; round < 4; ++round) {
    std::optional<silk::runtime> runtime(std::in_place,
                                         silk::runtime_options{.workers = GetParam()});
    std::vector<silk::join_handle<void>> handles;
    for (int i = 0; i < 300; ++i) handles.push_back(runtime->spawn(at_most(1h, asleep())));
    std::latch go{2};
    std::thread canceller([&] {
      go.arrive_and_wait();
      for (const auto& handle : handles) handle.cancel();
    });
    go.arrive_and_wait();
    runtime.reset();
    canceller.join();
    for (const auto& handle : handles) EXPECT_TRUE(handle.is_cancelled());
  }
}

}  // namespace
