#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/fork_join.hpp>

#include <atomic>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

namespace {

using namespace silk_tests;

class fork_join : public at_workers {
 protected:
  // In a task: what is thrown comes out.
  template <class F>
  static auto in_a_task(F function) {
    const auto calls = [&function]() -> silk::task<std::invoke_result_t<F&>> {
      co_return function();
    };
    return run(calls);
  }
};
RUN_AT_1_2_AND_8_WORKERS(fork_join);

// Gives others the opportunity to take what waits.
void fork_until(const std::atomic<bool>& reached) {
  while (!reached) forks_nothing();
}

long fib(long n) {
  if (n < 2) return n;
  const auto [a, b] = silk::fork_join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
  return a + b;
}

TEST_P(fork_join, gives_the_values_in_the_order_of_the_arguments) {
  in_a_task([] {
    const std::tuple<int, std::string, std::monostate, double> values = silk::fork_join(
        [] { return 1; }, [] { return std::string("two"); }, [] {}, [] { return 4.0; });
    EXPECT_EQ(std::get<0>(values), 1);
    EXPECT_EQ(std::get<1>(values), "two");
    EXPECT_EQ(std::get<3>(values), 4.0);
  });
}

TEST_P(fork_join, gives_nothing_when_there_are_no_values) {
  in_a_task([] {
    static_assert(std::is_void_v<decltype(silk::fork_join([] {}, [] {}))>);
    static_assert(std::is_void_v<decltype(silk::fork_join())>);
    std::atomic<int> calls = 0;
    silk::fork_join([&] { ++calls; }, [&] { ++calls; }, [&] { ++calls; });
    silk::fork_join([&] { ++calls; });
    silk::fork_join();
    EXPECT_EQ(calls, 4);
  });
}

TEST_P(fork_join, gives_copies_of_what_references_refer_to) {
  in_a_task([] {
    const int one = 1;
    const auto returns_a_reference = [&one]() -> const int& { return one; };
    auto values = silk::fork_join(returns_a_reference, returns_a_reference);
    static_assert(std::is_same_v<decltype(values), std::tuple<int, int>>);
    EXPECT_EQ(values, std::tuple(1, 1));
  });
}

TEST_P(fork_join, passes_values_on_that_can_only_be_moved) {
  in_a_task([] {
    for (int i = 0; i < 1000; ++i) {
      const auto [a, b] = silk::fork_join([i] { return std::make_unique<int>(i); },
                                          [i] { return std::make_unique<int>(-i); });
      EXPECT_EQ(*a, i);
      EXPECT_EQ(*b, -i);
    }
  });
}

TEST_P(fork_join, calls_each_function_once_however_deep) {
  EXPECT_EQ(in_a_task([] { return fib(22); }), 17711);
}

TEST_P(fork_join, uses_what_it_is_given_as_it_is_given) {
  in_a_task([] {
    struct counts {
      int calls = 0;
      int operator()() & { return ++calls; }
    } kept;
    const auto [a, b] = silk::fork_join([] { return 0; }, kept);
    EXPECT_EQ(a, 0);
    EXPECT_EQ(b, 1);
    EXPECT_EQ(kept.calls, 1);
    auto owned = std::make_unique<int>(7);
    const auto [c, d] =
        silk::fork_join([] { return 0; }, [mine = std::move(owned)] { return *mine; });
    EXPECT_EQ(c, 0);
    EXPECT_EQ(d, 7);
  });
}

// ---- failures ----

TEST_P(fork_join, throws_what_a_branch_has_thrown) {
  for (int failing = 0; failing < 3; ++failing) {
    const auto fails_if = [failing](int mine) {
      return [failing, mine] {
        if (mine == failing) throw boom(mine);
        return mine;
      };
    };
    try {
      in_a_task([&] { silk::fork_join(fails_if(0), fails_if(1), fails_if(2)); });
      ADD_FAILURE() << failing;
    } catch (const boom& thrown) {
      EXPECT_EQ(thrown.number, failing);
    }
  }
}

TEST_P(fork_join, has_no_branch_left_when_it_throws) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> begun = 0;
    std::atomic<int> ended = 0;
    const auto works = [&] {
      ++begun;
      static_cast<void>(fib(6));
      ++ended;
    };
    const auto fails = [] { throw boom(); };
    const std::string how =
        told([&] { in_a_task([&] { silk::fork_join(works, fails, works, works); }); });
    EXPECT_EQ(how, "boom");
    EXPECT_EQ(begun, ended);
  }
}

TEST(fork_join_alone, begins_nothing_after_a_failure) {
  std::vector<int> begun;
  const auto begins = [&](int n) {
    return [&begun, n] {
      begun.push_back(n);
      if (n >= 2) throw boom(n);
    };
  };
  try {
    silk::run(
        [&]() -> silk::task<> {
          silk::fork_join(begins(1), begins(2), begins(3));
          co_return;
        },
        virtual_time(1));
    ADD_FAILURE();
  } catch (const boom& thrown) {
    EXPECT_EQ(thrown.number, 2);
  }
  EXPECT_EQ(begun, (std::vector<int>{1, 2}));
}

// Two workers, so that somebody can take the second branch.
template <class F>
void in_a_task_of_two(F function) {
  silk::run(
      [&]() -> silk::task<> {
        function();
        co_return;
      },
      virtual_time(2));
}

TEST(fork_join_apart, waits_for_a_branch_that_another_worker_has) {
  in_a_task_of_two([] {
    const auto here = std::this_thread::get_id();
    std::atomic<bool> begun = false;
    std::thread::id there;
    silk::fork_join([&] { fork_until(begun); },
                    [&] {
                      there = std::this_thread::get_id();
                      begun = true;
                      static_cast<void>(fib(15));
                    });
    EXPECT_NE(here, there);
  });
}

TEST(fork_join_apart, passes_on_what_another_worker_has_made) {
  in_a_task_of_two([] {
    std::atomic<bool> begun = false;
    const auto [nothing, value] = silk::fork_join([&] { fork_until(begun); },
                                                  [&] {
                                                    begun = true;
                                                    return std::make_unique<int>(5);
                                                  });
    EXPECT_EQ(*value, 5);
  });
}

// Nobody sees from outside when a failure is noted, a little after its throw. So who waits for it forks for a
// while, for longer with each try.
constexpr int few = 1000;
void wait_for_failure(const std::atomic<bool>& about_to_fail, int forks) {
  fork_until(about_to_fail);
  for (; forks > 0; --forks) forks_nothing();
}

// Which of two branches that throw has failed first, when one waits for the other.
int failed_first(bool second_throws_first, int forks) {
  std::atomic<bool> second_begun = false, first_throws = false, second_throws = false;
  const auto first = [&] {
    fork_until(second_begun);
    if (second_throws_first) wait_for_failure(second_throws, forks);
    first_throws = true;
    throw boom(1);
  };
  const auto second = [&] {
    second_begun = true;
    if (!second_throws_first) wait_for_failure(first_throws, forks);
    second_throws = true;
    throw boom(2);
  };
  try {
    in_a_task_of_two([&] { silk::fork_join(first, second); });
  } catch (const boom& thrown) {
    EXPECT_TRUE(first_throws && second_throws);
    return thrown.number;
  }
  return 0;
}

TEST(fork_join_apart, throws_what_has_failed_first) {
  for (const bool second_throws_first : {true, false}) {
    int seen = 0;
    const int wanted = second_throws_first ? 2 : 1;
    for (int forks = few; seen != wanted; forks *= 2) {
      seen = failed_first(second_throws_first, forks);
      ASSERT_TRUE(seen == 1 || seen == 2);
      ASSERT_LT(forks, 1 << 28);
    }
  }
}

TEST(fork_join_apart, begins_nothing_after_a_failure_elsewhere) {
  std::atomic<bool> second_called = true;
  for (int forks = few; second_called; forks *= 2) {
    second_called = false;
    std::atomic<bool> third_begun = false;
    const std::string how = told([&] {
      in_a_task_of_two([&] {
        silk::fork_join([&] { wait_for_failure(third_begun, forks); },
                        [&] { second_called = true; },
                        [&] {
                          third_begun = true;
                          throw boom();
                        });
      });
    });
    ASSERT_EQ(how, "boom");
    ASSERT_LT(forks, 1 << 28);
  }
}

// While its branch is elsewhere, and blocks there, the waiting worker runs tasks and fires timers.
TEST(fork_join_apart, leaves_no_task_behind_while_it_waits) {
  silk::run(
      []() -> silk::task<> {
        std::atomic<bool> begun = false;
        std::binary_semaphore opened{0};
        const auto opens = [&opened]() -> silk::task<> {
          co_await silk::sleep(1ms);
          opened.release();
        };
        silk::join_handle<void> opener;
        silk::fork_join(
            [&] {
              fork_until(begun);
              opener = silk::spawn(opens);
            },
            [&] {
              begun = true;
              opened.acquire();
            });
        co_await opener;
      },
      steady_time(2));
}

// ---- other tasks ----

TEST_P(fork_join, gives_other_tasks_a_turn) {
  run([]() -> silk::task<> {
    std::atomic<bool> ran = false;
    const auto sets = [&ran]() -> silk::task<> {
      co_await silk::yield();
      ran = true;
    };
    auto other = silk::spawn(sets);
    fork_until(ran);
    co_await other;
  });
}

TEST(fork_join_alone, gives_timers_a_turn) {
  silk::run(
      []() -> silk::task<> {
        std::atomic<bool> rang = false;
        const auto rings = [&rang]() -> silk::task<> {
          co_await silk::sleep(1ms);
          rang = true;
        };
        auto other = silk::spawn(rings);
        fork_until(rang);
        co_await other;
      },
      steady_time(1));
}

TEST_P(fork_join, may_be_inside_of_tasks_that_a_waiting_one_runs) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<long>> handles;
    for (int i = 0; i < 50; ++i) {
      handles.push_back(silk::spawn([]() -> silk::task<long> {
        const long first = fib(12);
        co_await silk::yield();
        co_return first + fib(12);
      }));
    }
    for (auto& each : handles) {
      const long value = co_await each;
      EXPECT_EQ(value, 288);
    }
  });
}

TEST_P(fork_join, may_be_inside_of_gather) {
  const auto forks = []() -> silk::task<long> {
    const long first = fib(14);
    co_await silk::yield();
    co_return first;
  };
  run([&forks]() -> silk::task<> {
    for (int i = 0; i < 20; ++i) {
      const auto [a, b, c] = co_await silk::gather(forks(), forks(), forks());
      EXPECT_EQ(a + b + c, 3 * 377);
    }
  });
}

// ---- what code finds out ----

TEST_P(fork_join, belongs_to_its_task_on_every_worker) {
  run([]() -> silk::task<> {
    static silk::context_var<int> number(0);
    co_await number.set(7);
    const silk::task_ref self = silk::current_task();
    std::atomic<int> wrong = 0;
    struct checks {
      std::atomic<int>& wrong;
      const silk::task_ref& self;
      void down(int depth) const {
        if (!(silk::current_task() == self) || number.get() != 7) ++wrong;
        if (depth > 0) silk::fork_join([&] { down(depth - 1); }, [&] { down(depth - 1); });
        if (!(silk::current_task() == self) || number.get() != 7) ++wrong;
      }
    };
    // Another one that runs in between, where this one waits or gives way.
    auto other = silk::spawn([]() -> silk::task<> {
      co_await number.set(8);
      for (int i = 0; i < 20; ++i) {
        static_cast<void>(fib(10));
        EXPECT_EQ(number.get(), 8);
        co_await silk::yield();
      }
    });
    checks{wrong, self}.down(12);
    EXPECT_EQ(wrong, 0);
    co_await other;
  });
}

TEST(fork_join_outside, says_where_it_is_to_be_called) {
  EXPECT_THROW(forks_nothing(), silk::usage_error);
  try {
    forks_nothing();
  } catch (const silk::usage_error& error) {
    EXPECT_NE(std::string(error.what()).find("block_on"), std::string::npos);
  }
  silk::run(
      []() -> silk::task<> {
        const auto how = co_await silk::to_thread([] { return told(forks_nothing); });
        EXPECT_EQ(how, "usage");
      },
      virtual_time(1));
}

#ifdef __OPTIMIZE__  // else the stack is too small for it
long depth(long n) {
  if (n == 0) return 0;
  const auto [a, b] = silk::fork_join([n] { return depth(n - 1); }, [] { return 1; });
  return a + b;
}

TEST_P(fork_join, calls_what_is_too_deep_to_be_forked) {
  EXPECT_EQ(in_a_task([] { return depth(9000); }), 9000);
}
#endif

TEST(fork_join_by_hand, runs_on_the_thread_that_drives) {
  silk::manual_runtime runtime({.time = silk::time_source::virtual_time});
  const long value = runtime.block_on([]() -> silk::task<long> { co_return fib(15); });
  EXPECT_EQ(value, 610);
}

}  // namespace
