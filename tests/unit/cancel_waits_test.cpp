// Every kind of wait meets every kind of cancel: the wait ends, once, with the reason that was given,
// and the task can go on afterwards. At 1, 2 and 8 workers.
#include "tasks_fixture.hpp"
#include "wait_kinds.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <random>
#include <ranges>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;
using silk_tests::gate;
using silk_tests::knows_itself;
using silk_tests::let_run;
using silk_tests::roadblock;
using silk_tests::steady_time;

// ---- the kinds of waits: none ends by itself ----

namespace waits_in {

silk::task<> sleep() { co_await silk::sleep(10'000h); }
silk::task<> sleep_until() { co_await silk::sleep_until(silk::now() + 10'000h); }
silk::task<> yield() {
  for (;;) co_await silk::yield();
}
silk::task<> sleep_zero() {
  for (;;) co_await silk::sleep(0s);
}
silk::task<> future() {
  const silk::promise<int> promise;
  static_cast<void>(co_await promise.get_future());
}
silk::task<> handle() { co_await silk::spawn(sleep()); }
silk::task<> inline_calls() {
  auto down = [](auto self, int depth) -> silk::task<> {
    if (depth == 0) {
      co_await sleep();
    } else {
      co_await self(self, depth - 1);
    }
  };
  co_await down(down, 10);
}
silk::task<> gather() { co_await silk::gather(sleep(), future(), sleep()); }
silk::task<> gather_of_a_range() {
  co_await silk::gather(std::views::iota(0, 10) |
                        std::views::transform([](int) { return sleep(); }));
}
silk::task<> gather_settled() {
  static_cast<void>(co_await silk::gather_settled(sleep(), sleep()));
}
silk::task<> gather_of_handles() {
  co_await silk::gather(silk::spawn(sleep()), silk::spawn(sleep()));
}
silk::task<> gather_of_both() { co_await silk::gather(silk::spawn(sleep()), sleep()); }
silk::task<> nested_gathers() {
  auto down = [](auto self, int depth) -> silk::task<> {
    if (depth == 0) {
      co_await sleep();
    } else {
      co_await silk::gather(self(self, depth - 1), self(self, depth - 1));
    }
  };
  co_await down(down, 3);
}
silk::task<> nested_gathers_that_yield() {
  auto down = [](auto self, int depth) -> silk::task<> {
    if (depth == 0) {
      co_await yield();
    } else {
      co_await silk::gather(self(self, depth - 1), self(self, depth - 1));
    }
  };
  co_await down(down, 3);
}
silk::task<> gather_of_zero_sleeps() { co_await silk::gather(sleep_zero(), sleep_zero()); }
silk::task<> wait() {
  const silk::promise<> never;
  std::vector<silk::future<>> handles;
  handles.push_back(never.get_future());
  static_cast<void>(co_await silk::wait(handles));
}
silk::task<> wait_with_timeout() {
  const silk::promise<> never;
  std::vector<silk::future<>> handles;
  handles.push_back(never.get_future());
  static_cast<void>(co_await silk::wait(handles, {.timeout = 10'000h}));
}
silk::task<> shield() {
  const silk::promise<> never;
  const silk::future<> shielded = never.get_future();
  co_await silk::shield(shielded);
}
silk::task<> with_timeout() { co_await silk::with_timeout(10'000h, sleep()); }
silk::task<> timeouts_and_gathers() { co_await silk::with_timeout(9'000h, gather_of_both()); }

}  // namespace waits_in

using kind = silk_tests::wait_kind<>;

class cancel_wait : public testing::TestWithParam<kind> {
 protected:
  static silk::task<> wait() { return GetParam().wait(); }
  template <class Check>
  static void for_each_number_of_workers(Check check) {
    for (unsigned workers : {1u, 2u, 8u}) {
      SCOPED_TRACE("workers: " + std::to_string(workers));
      check(workers);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(
    kinds, cancel_wait,
    testing::Values(kind{"sleep", waits_in::sleep}, kind{"sleep_until", waits_in::sleep_until},
                    kind{"yield", waits_in::yield}, kind{"sleep_zero", waits_in::sleep_zero},
                    kind{"future", waits_in::future}, kind{"handle", waits_in::handle},
                    kind{"inline_calls", waits_in::inline_calls}, kind{"gather", waits_in::gather},
                    kind{"gather_of_a_range", waits_in::gather_of_a_range},
                    kind{"gather_settled", waits_in::gather_settled},
                    kind{"gather_of_handles", waits_in::gather_of_handles},
                    kind{"gather_of_both", waits_in::gather_of_both},
                    kind{"nested_gathers", waits_in::nested_gathers},
                    kind{"nested_gathers_that_yield", waits_in::nested_gathers_that_yield},
                    kind{"gather_of_zero_sleeps", waits_in::gather_of_zero_sleeps},
                    kind{"wait", waits_in::wait},
                    kind{"wait_with_timeout", waits_in::wait_with_timeout},
                    kind{"shield", waits_in::shield}, kind{"with_timeout", waits_in::with_timeout},
                    kind{"timeouts_and_gathers", waits_in::timeouts_and_gathers}),
    silk_tests::by_name);

// ---- the kinds of cancels ----

void spin(unsigned times) {
  for (std::atomic<unsigned> i = 0; i < times;) ++i;
}

TEST_P(cancel_wait, ends_at_once_with_the_reason) {
  for_each_number_of_workers([](unsigned workers) {
    silk::runtime runtime(steady_time(workers));
    const auto waiting = runtime.spawn(wait());
    for (int i = 0; i < 3; ++i) let_run(runtime);
    EXPECT_FALSE(waiting.done());
    EXPECT_TRUE(waiting.cancel("enough"));
    EXPECT_EQ(runtime.block_on(ending(waiting)), "cancelled: enough");
    EXPECT_TRUE(waiting.is_cancelled());
  });
}

TEST_P(cancel_wait, ends_whenever_another_thread_cancels_it) {
  std::minstd_rand random(testing::UnitTest::GetInstance()->random_seed() + 1);
  for_each_number_of_workers([&](unsigned workers) {
    silk::runtime runtime(steady_time(workers));
    for (int round = 0; round < 10; ++round) {
      const auto waiting = runtime.spawn(wait());
      spin(random() % 4096);
      EXPECT_TRUE(waiting.cancel("enough"));
      EXPECT_EQ(runtime.block_on(ending(waiting)), "cancelled: enough");
    }
  });
}

// docs/cancellation.md: w4c w5c
TEST_P(cancel_wait, ends_at_once_when_the_cancel_was_there_before) {
  for_each_number_of_workers([](unsigned workers) {
    silk::runtime runtime(steady_time(workers));
    knows_itself<> self(runtime, [](knows_itself<>& me) -> silk::task<> {
      EXPECT_TRUE(me.handle().cancel("myself"));
      co_await wait();
    });
    EXPECT_EQ(runtime.block_on(ending(self.handle())), "cancelled: myself");
  });
}

TEST_P(cancel_wait, can_be_followed_by_other_waits_when_it_is_swallowed) {
  for_each_number_of_workers([](unsigned workers) {
    silk::runtime runtime(steady_time(workers));
    gate started;
    const auto stubborn = runtime.spawn([&]() -> silk::task<> {
      started.open();
      for (int i = 0; i < 3; ++i) {
        const std::string end = co_await ending(wait());
        EXPECT_EQ(end, "cancelled: enough");
        co_await silk::yield();
        const auto [a, b] = co_await silk::gather(
            ending(silk::spawn([]() -> silk::task<> { co_await silk::yield(); })),
            ending([]() -> silk::task<> { co_await silk::sleep(0s); }()));
        EXPECT_EQ(a, "value");
        EXPECT_EQ(b, "value");
        const unsigned remaining = co_await silk::this_task::uncancel();
        EXPECT_LE(remaining, 1u);  // the next one may have come meanwhile
      }
    });
    started.pass();
    for (int i = 0; i < 3; ++i) {
      while (stubborn.cancelling() != 0) std::this_thread::yield();
      EXPECT_TRUE(stubborn.cancel("enough"));
    }
    EXPECT_EQ(runtime.block_on(ending(stubborn)), "value");
  });
}

// One worker, which is blocked: both cancels come before the task resumes.
TEST_P(cancel_wait, ends_once_when_it_is_cancelled_twice) {
  silk::runtime runtime(steady_time(1));
  int caught = 0;
  const auto waiting = runtime.spawn([&]() -> silk::task<> {
    std::exception_ptr stop;
    try {
      co_await wait();
    } catch (const silk::cancelled&) {
      ++caught;
      stop = std::current_exception();
    }
    for (int i = 0; i < 3; ++i) co_await silk::yield();
    std::rethrow_exception(stop);
  });
  let_run(runtime);
  {
    roadblock busy(runtime);
    EXPECT_TRUE(waiting.cancel("first"));
    EXPECT_TRUE(waiting.cancel("second"));
  }
  EXPECT_THROW(runtime.block_on(silk::future<>(waiting)), silk::cancelled);
  EXPECT_EQ(caught, 1);
  EXPECT_EQ(waiting.cancelling(), 2u);
}

TEST_P(cancel_wait, that_is_one_of_several_ends_with_the_gather) {
  for_each_number_of_workers([](unsigned workers) {
    silk::run(
        []() -> silk::task<> {
          auto fail = []() -> silk::task<> {
            for (int i = 0; i < 3; ++i) co_await silk::yield();
            throw std::runtime_error("boom");
          };
          const std::string end = co_await ending([](auto failing) -> silk::task<> {
            co_await silk::gather(wait(), failing(), wait());
          }(fail));
          EXPECT_EQ(end, "boom");
        },
        steady_time(workers));
  });
}

TEST_P(cancel_wait, ends_with_its_runtime) {
  for_each_number_of_workers([](unsigned workers) {
    silk::join_handle<> waiting;
    {
      silk::runtime runtime(steady_time(workers));
      waiting = runtime.spawn(wait());
      let_run(runtime);
    }
    EXPECT_EQ(silk_tests::told_of(waiting), "cancelled: the runtime is shutting down");
  });
}

}  // namespace
