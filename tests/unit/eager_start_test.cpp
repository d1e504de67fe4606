// start::eager: a task runs inside of spawn() up to its first suspension.
#include "at_workers.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace silk_tests;

class eager : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(eager);

TEST_P(eager, runs_up_to_the_first_suspension_and_then_like_any_other) {
  run([]() -> silk::task<> {
    std::string told;
    const auto handle = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<int> {
      told += "a";
      co_await silk::sleep(1s);
      told += "c";
      co_return 7;
    });
    told += "b";
    EXPECT_FALSE(handle.done());
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(told, "abc");
  });
}

TEST_P(eager, leaves_the_creator_the_current_task) {
  run([]() -> silk::task<> {
    const silk::task_ref creator = silk::current_task();
    silk::task_ref inside;
    const auto handle = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<> {
      inside = silk::current_task();
      co_await silk::sleep(1s);
      EXPECT_EQ(silk::current_task(), inside);
    });
    EXPECT_EQ(silk::current_task(), creator);
    EXPECT_EQ(inside, silk::task_ref(handle));
    co_await handle;
    EXPECT_EQ(silk::current_task(), creator);
  });
}

// The eager task wakes others and arms timers as if its turn were over; its creator goes on and on.
TEST_P(eager, does_not_make_others_wait_for_its_creator) {
  if (GetParam() == 1) GTEST_SKIP() << "one worker runs one task at a time";
  silk::runtime runtime({.workers = GetParam()});
  runtime.block_on([]() -> silk::task<> {
    std::atomic<bool> woken = false, timed = false;
    silk::promise<> go;
    const auto waiter = silk::spawn([&]() -> silk::task<> {
      co_await go.get_future();
      woken = true;
    });
    const auto yields = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<> {
      go.set_value();
      co_await silk::yield();
      co_await silk::sleep(1ms);
      timed = true;
    });
    while (!woken || !timed) std::this_thread::yield();  // keeps this worker
    co_await waiter;
    co_await yields;
  });
}

TEST_P(eager, from_outside_is_soon) {
  silk::runtime runtime(virtual_time());
  const auto self = std::this_thread::get_id();
  const auto handle = runtime.spawn({.start = silk::start::eager}, [self]() -> silk::task<> {
    EXPECT_NE(std::this_thread::get_id(), self);
    co_return;
  });
  runtime.block_on(handle);
}

TEST_P(eager, that_throws_fails_the_handle_not_the_creator) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn({.start = silk::start::eager}, []() -> silk::task<> {
      throw boom();
      co_return;
    });
    EXPECT_TRUE(handle.done());
    EXPECT_THROW(handle.result(), boom);
    co_return;
  });
}

// The child runs before spawn has come back: it is a member of the group by then.
TEST_P(eager, may_cancel_its_own_group) {
  run([]() -> silk::task<> {
    silk::join_handle<int> first;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      first = group.spawn({.start = silk::start::eager}, [&group]() -> silk::task<int> {
        group.cancel("enough");
        co_return 42;
      });
      co_return;
    });
    std::string reason = "none";
    try {
      first.result();
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
  });
}

TEST_P(eager, forks_and_joins_inside_of_spawn) {
  run([]() -> silk::task<> {
    const auto leaf = [](int n) -> silk::task<int> { co_return n; };
    const auto handle = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<int> {
      const auto [a, b, c] = co_await silk::gather(leaf(1), leaf(2), leaf(3));
      co_return a + b + c;
    });
    const int sum = co_await handle;
    EXPECT_EQ(sum, 6);
  });
}

TEST_P(eager, can_be_what_a_runtime_does_unless_told_otherwise) {
  auto options = virtual_time();
  options.start = silk::start::eager;
  silk::run(
      []() -> silk::task<> {
        bool ran = false;
        const auto mark = [&]() -> silk::task<> {
          ran = true;
          co_return;
        };
        const auto now = silk::spawn(mark());
        EXPECT_TRUE(ran);
        ran = false;
        const auto soon = silk::spawn({.start = silk::start::soon}, mark());
        co_await now;
        co_await soon;
        EXPECT_TRUE(ran);
      },
      std::move(options));
}

}  // namespace
