// Several runtimes at once, and tasks of one that wait for those of another.
#include "at_workers.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class runtimes : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(runtimes);

template <class T>
silk::task<T> result_of(silk::future<T> future) {
  co_return co_await std::move(future);
}
TEST_P(runtimes, ten_in_ten_threads_do_not_meet) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int n = 0; n < 10; ++n) {
    threads.emplace_back([&] {
      silk::runtime runtime(virtual_time());
      std::atomic<int> ended = 0;
      runtime.block_on([&]() -> silk::task<> {
        std::vector<silk::join_handle<void>> handles;
        for (int i = 0; i < 100; ++i) {
          handles.push_back(silk::spawn([&, i]() -> silk::task<> {
            co_await silk::sleep((i + 1) * 1ms);
            EXPECT_EQ(&silk::runtime::current(), &runtime);
            ++ended;
          }));
        }
        EXPECT_EQ(runtime.live_tasks(), 101u);
        co_await silk::gather(handles);
      });
      right += ended == 100 && runtime.live_tasks() == 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 10);
}

TEST_P(runtimes, a_task_stays_at_home_when_it_waits_for_another_runtime) {
  silk::runtime home(virtual_time()), abroad(virtual_time());
  auto there = abroad.spawn(answer_after(1h, 42));
  const int value = home.block_on([&]() -> silk::task<int> {
    const int got = co_await there;
    EXPECT_EQ(&silk::runtime::current(), &home);
    co_return got;
  });
  EXPECT_EQ(value, 42);
}

TEST_P(runtimes, hand_results_to_and_fro) {
  silk::runtime ping(virtual_time()), pong(virtual_time());
  constexpr int rounds = 500;
  std::vector<silk::promise<int>> there(rounds), back(rounds);
  auto server = pong.spawn([&]() -> silk::task<> {
    for (std::size_t i = 0; i < rounds; ++i) {
      const int got = co_await there[i].get_future();
      back[i].set_value(got + 1);
    }
  });
  const int last = ping.block_on([&]() -> silk::task<int> {
    int value = 0;
    for (std::size_t i = 0; i < rounds; ++i) {
      there[i].set_value(value);
      value = co_await back[i].get_future();
    }
    co_return value;
  });
  EXPECT_EQ(last, rounds);
  pong.block_on(server);
}

TEST_P(runtimes, gather_over_both) {
  silk::runtime home(virtual_time()), abroad(virtual_time());
  std::vector<silk::join_handle<int>> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back((i % 2 == 0 ? home : abroad).spawn(answer_after(i * 1ms, i)));
  }
  const auto sum = home.block_on([&]() -> silk::task<int> {
    const std::vector<int> values = co_await silk::gather(handles);
    int total = 0;
    for (const int value : values) total += value;
    co_return total;
  });
  EXPECT_EQ(sum, 4950);
}

TEST_P(runtimes, a_cancel_crosses_over) {
  silk::runtime home(virtual_time()), abroad(virtual_time());
  for (int i = 0; i < 100; ++i) {
    auto there = abroad.spawn(never_ends());
    std::latch started{1};  // a task that is cancelled before it starts waits for nothing
    auto here = home.spawn([&]() -> silk::task<> {
      started.count_down();
      co_await there;
    });
    started.wait();
    abroad.block_on([&]() -> silk::task<> {
      here.cancel();
      co_return;
    });
    EXPECT_THROW(home.block_on(here), silk::cancelled);
    EXPECT_THROW(abroad.block_on(there), silk::cancelled);
  }
}

TEST_P(runtimes, a_timeout_here_ends_a_task_there) {
  silk::runtime home(virtual_time()), abroad(virtual_time());
  auto there = abroad.spawn(never_ends());
  const std::string how = home.block_on([&]() -> silk::task<std::string> {
    co_return co_await ending(at_most(1h, result_of<void>(there)));
  });
  EXPECT_EQ(how, "timeout");
  EXPECT_TRUE(there.is_cancelled());
  EXPECT_EQ(home.now().time_since_epoch(), 1h);
}

TEST_P(runtimes, a_runtime_that_ends_cancels_what_another_waits_for) {
  silk::runtime home(virtual_time());
  std::optional<silk::runtime> abroad(std::in_place, virtual_time());
  auto there = abroad->spawn(never_ends());
  auto here = home.spawn(result_of<void>(there));
  abroad.reset();
  EXPECT_THROW(home.block_on(here), silk::cancelled);
  EXPECT_TRUE(there.is_cancelled());
}

TEST_P(runtimes, one_may_be_used_by_the_tasks_of_another) {
  silk::runtime home(virtual_time()), abroad(virtual_time());
  const std::string names = home.block_on([&]() -> silk::task<std::string> {
    const auto asks = []() -> silk::task<std::string> {
      co_return co_await silk::this_task::name();
    };
    auto there = abroad.spawn(silk::spawn_options{.name = "there"}, asks());
    auto here = silk::spawn(silk::spawn_options{.name = "here"}, asks());
    const auto [first, second] = co_await silk::gather(there, here);
    co_return first + " " + second;
  });
  EXPECT_EQ(names, "there here");
}

TEST_P(runtimes, come_and_go) {
  for (int i = 0; i < 30; ++i) {
    silk::runtime runtime(virtual_time());
    auto handle = runtime.spawn(answer_after(1s, i));
    if (i % 3 == 0) continue;  // never used again
    EXPECT_EQ(runtime.block_on(handle), i);
  }
}

}  // namespace
