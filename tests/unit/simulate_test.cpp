// Programs on one thread, in an order that a seed decides: what is found, and that it is found again.
#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk::testing::sim_end;
using silk::testing::simulate;

// What a function tells over many seeds.
std::set<std::string> told(std::uint64_t seeds,
                           const std::function<std::string(std::uint64_t)>& of) {
  std::set<std::string> all;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) all.insert(of(seed));
  return all;
}

silk::task<long> gathered_fib(int n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await silk::gather(gathered_fib(n - 1), gathered_fib(n - 2));
  co_return a + b;
}

silk::task<> takes_a_nap() { co_await silk::sleep(1ms); }

// A bit of everything.
silk::task<> mixed() {
  silk::queue<int> numbers(2);
  const auto puts = [](silk::queue<int>& to) -> silk::task<> {
    for (int i = 0; i < 5; ++i) co_await to.put(i);
    to.close();
  };
  const auto producer = silk::spawn(puts, std::ref(numbers));
  const auto sleeper = silk::spawn(silk::sleep(1h));
  silk::testing::outside([sleeper] { sleeper.cancel(); });
  int sum = 0;
  for (;;) {
    const auto got = co_await numbers.next();
    if (!got) break;
    sum += *got;
  }
  co_await producer;
  sum += co_await silk::to_thread([] { return 5; });
  co_await silk::gather(takes_a_nap(), takes_a_nap(), gathered_fib(6));
  silk::testing::check(sum == 15);
}

TEST(simulate, does_the_same_for_the_same_seed) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto one = simulate(mixed, {.seed = seed});
    const auto two = simulate(mixed, {.seed = seed});
    EXPECT_TRUE(one.ok()) << one.message;
    EXPECT_EQ(one.trace(), two.trace());
    EXPECT_EQ(one.schedule(), two.schedule());
    EXPECT_EQ(one.fingerprint(), two.fingerprint());
    EXPECT_EQ(one.steps, two.steps);
  }
}

TEST(simulate, does_something_else_for_another_seed) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    seen.insert(simulate(mixed, {.seed = seed}).fingerprint());
  EXPECT_GT(seen.size(), 80u);
}

TEST(simulate, does_the_same_by_the_schedule_of_an_earlier_run) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto one = simulate(mixed, {.seed = seed});
    EXPECT_EQ(simulate(mixed, {.schedule = one.schedule()}).trace(), one.trace());
  }
}

TEST(simulate, has_a_schedule_without_anything_unusual) {
  const auto usual = simulate(mixed, {.seed = 5, .schedule = "-"});
  EXPECT_TRUE(usual.ok()) << usual.message;
  EXPECT_EQ(usual.schedule(), "-");
  EXPECT_EQ(usual.departures(), 0u);
}

TEST(simulate, tells_what_happened_in_lines) {
  const auto sleeps = []() -> silk::task<> {
    const auto handle = silk::spawn({.name = "napper"}, silk::sleep(1ms));
    silk::spawn(silk::sleep(0s));
    co_await handle;
  };
  EXPECT_EQ(simulate(sleeps, {.schedule = "-", .workers = 1}).trace(),
            "w0 runs main\nw0 runs napper\nw0 runs task-3\nw0 runs task-3\ntime 1000000 ns\n"
            "w0 runs napper\nw0 runs main\n");
}

// ---- orders ----

TEST(simulate, has_timers_that_are_due_together_end_in_every_order) {
  const auto orders = told(100, [](std::uint64_t seed) {
    std::string order;
    const auto race = [&order]() -> silk::task<> {
      const auto sleeps = [&order](char name) -> silk::task<> {
        co_await silk::sleep(1ms);
        order += name;
      };
      co_await silk::gather(sleeps('a'), sleeps('b'), sleeps('c'));
    };
    EXPECT_TRUE(simulate(race, {.seed = seed}).ok());
    return order;
  });
  EXPECT_EQ(orders, (std::set<std::string>{"abc", "acb", "bac", "bca", "cab", "cba"}));
}

TEST(simulate, has_children_of_a_gather_run_in_every_order) {
  const auto orders = told(200, [](std::uint64_t seed) {
    std::string order;
    const auto race = [&order]() -> silk::task<> {
      const auto child = [&order](char name) -> silk::task<> {
        order += name;
        co_return;
      };
      co_await silk::gather(child('a'), child('b'), child('c'));
    };
    EXPECT_TRUE(simulate(race, {.seed = seed}).ok());
    return order;
  });
  EXPECT_GE(orders.size(), 4u);
  EXPECT_TRUE(orders.contains("abc"));
}

TEST(simulate, adds_up_whoever_steals) {
  std::set<char> workers;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto result = simulate(
        []() -> silk::task<> {
          const long sum = co_await gathered_fib(10);
          silk::testing::check(sum == 55);
        },
        {.seed = seed});
    EXPECT_TRUE(result.ok()) << result.message;
    for (const char worker : {'0', '1', '2', '3'}) {
      const std::string line = std::string("w") + worker + " runs main\n";
      if (result.trace().find(line) != std::string::npos) workers.insert(worker);
    }
  }
  EXPECT_EQ(workers, (std::set<char>{'0', '1', '2', '3'}));
}

TEST(simulate, has_a_call_from_outside_come_at_any_moment) {
  const auto moments = told(200, [](std::uint64_t seed) {
    std::string moment;
    const auto cancelled_somewhere = [&moment]() -> silk::task<> {
      moment = "before it began";
      const auto walks = [&moment]() -> silk::task<> {
        moment = "in the first wait";
        co_await silk::sleep(1ms);
        moment = "in the second wait";
        co_await silk::sleep(1ms);
        moment = "after its end";
      };
      const auto walker = silk::spawn(walks);
      silk::testing::outside([walker] { walker.cancel(); });
      co_await silk::gather_settled(walker);
    };
    EXPECT_TRUE(simulate(cancelled_somewhere, {.seed = seed}).ok());
    return moment;
  });
  EXPECT_EQ(moments, (std::set<std::string>{"before it began", "in the first wait",
                                            "in the second wait", "after its end"}));
}

TEST(simulate, makes_each_call_from_outside_even_if_nobody_waits_for_it) {
  int called = 0;
  const auto leaves = [&called]() -> silk::task<> {
    silk::testing::outside([&called] {
      ++called;
      silk::testing::outside([&called] { ++called; });
    });
    co_return;
  };
  EXPECT_TRUE(simulate(leaves).ok());
  EXPECT_EQ(called, 2);
}

TEST(simulate, makes_calls_of_to_thread_one_after_the_other_in_any_order) {
  const auto orders = told(50, [](std::uint64_t seed) {
    std::string order;
    const auto calls = [&order]() -> silk::task<> {
      const auto add = [&order](char name) {
        return silk::to_thread([&order, name] { order += name; });
      };
      co_await silk::gather(add('a'), add('b'));
    };
    EXPECT_TRUE(simulate(calls, {.seed = seed}).ok());
    return order;
  });
  EXPECT_EQ(orders, (std::set<std::string>{"ab", "ba"}));
}

// ---- time ----

silk::task<> works_in_many_steps() {
  for (int i = 0; i < 20; ++i) co_await silk::yield();
}

TEST(simulate, has_time_stand_still_while_anything_runs) {
  const auto result = [](silk::testing::sim_time time) {
    return told(100, [time](std::uint64_t seed) {
      std::string came;
      const auto limited = [&came]() -> silk::task<> {
        try {
          co_await silk::with_timeout(1ms, works_in_many_steps());
          came = "in time";
        } catch (const silk::timeout_error&) {
          came = "too late";
        }
      };
      EXPECT_TRUE(simulate(limited, {.seed = seed, .time = time}).ok());
      return came;
    });
  };
  EXPECT_EQ(result(silk::testing::sim_time::when_idle), (std::set<std::string>{"in time"}));
  EXPECT_EQ(result(silk::testing::sim_time::at_any_moment),
            (std::set<std::string>{"in time", "too late"}));
}

TEST(simulate, lets_time_go_on_after_a_call_that_changes_nothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto sleeps = []() -> silk::task<> {
      silk::testing::outside([] {});
      co_await silk::sleep(1h);
    };
    const auto result = simulate(sleeps, {.seed = seed});
    EXPECT_TRUE(result.ok()) << result.message;
  }
}

TEST(simulate, takes_no_real_time_for_sleeps) {
  const auto sleeps = []() -> silk::task<> {
    co_await silk::sleep(1000h);
    silk::testing::check(silk::now().time_since_epoch() == 1000h);
  };
  EXPECT_TRUE(simulate(sleeps).ok());
}

// ---- what is wrong ----

TEST(simulate, tells_what_came_out_of_the_program) {
  const auto throws = []() -> silk::task<> {
    co_await silk::yield();
    throw std::runtime_error("no luck");
  };
  const auto result = simulate(throws);
  EXPECT_EQ(result.end, sim_end::failed);
  EXPECT_EQ(result.message, "main threw: no luck");
  EXPECT_THROW(std::rethrow_exception(result.error), std::runtime_error);
}

TEST(simulate, tells_of_a_check_that_the_program_swallows) {
  const auto swallows = []() -> silk::task<> {
    try {
      silk::testing::check(false, "two and two");
    } catch (const std::exception&) {
    }
    co_return;
  };
  const auto result = simulate(swallows);
  EXPECT_EQ(result.end, sim_end::failed);
  EXPECT_TRUE(result.message.starts_with("two and two (")) << result.message;
}

TEST(simulate, tells_of_failures_that_nobody_retrieves) {
  const auto forgets = []() -> silk::task<> {
    const auto fails = []() -> silk::task<> {
      co_await silk::yield();
      throw std::runtime_error("oh");
    };
    silk::spawn({.name = "lost"}, fails);
    co_await silk::sleep(1s);
  };
  EXPECT_EQ(simulate(forgets).message, "nobody retrieved the failure of 'lost': oh");
  int heard = 0;
  EXPECT_TRUE(simulate(forgets, {.on_failure = [&](const silk::failure&) { ++heard; }}).ok());
  EXPECT_EQ(heard, 1);
}

TEST(simulate, tells_of_what_a_call_from_outside_throws) {
  const auto calls = []() -> silk::task<> {
    silk::testing::outside([] { throw std::runtime_error("far away"); });
    co_return;
  };
  EXPECT_EQ(simulate(calls).message, "a call from outside threw: far away");
}

TEST(simulate, lets_one_look_at_what_is_left) {
  const auto nothing = []() -> silk::task<> { co_return; };
  const auto looks = [] { silk::testing::check(false, "a leak"); };
  EXPECT_TRUE(simulate(nothing, {.at_end = looks}).message.starts_with("a leak ("));
}

TEST(simulate, ends_a_program_that_does_not) {
  const auto spins = []() -> silk::task<> {
    const auto yields = []() -> silk::task<> {
      for (;;) co_await silk::yield();
    };
    co_await silk::spawn({.name = "spinner"}, yields);
  };
  const auto result = simulate(spins, {.most_steps = 500});
  EXPECT_EQ(result.end, sim_end::endless);
  EXPECT_TRUE(result.message.starts_with("no end after 500 steps; 2 tasks are left:"))
      << result.message;
}

// ---- what is refused ----

template <class Body>
std::string refused(Body body) {
  const auto result = simulate([body]() -> silk::task<> {
    body();
    co_return;
  });
  return result.end == sim_end::failed ? result.message : "accepted";
}

TEST(simulate, refuses_what_would_block_its_thread) {
  const auto waits = [] { silk::runtime::current().block_on(silk::sleep(1s)); };
  EXPECT_TRUE(refused(waits).starts_with("main threw: block_on would block a worker"));
  const auto outside = []() -> silk::task<> {
    silk::runtime& here = silk::runtime::current();
    silk::testing::outside([&here] { here.block_on(silk::sleep(1s)); });
    co_return;
  };
  EXPECT_NE(simulate(outside).message.find("another thread drives this runtime"),
            std::string::npos);
}

TEST(simulate, refuses_other_runtimes) {
  EXPECT_TRUE(refused([] {
                silk::runtime other({.workers = 1});
              }).starts_with("main threw: a simulated program has one runtime"));
  silk::runtime after({.workers = 1});  // not in the simulation any more
}

TEST(simulate, refuses_to_simulate_inside_of_itself) {
  EXPECT_NE(refused([] { simulate(mixed); }), "accepted");
}

TEST(simulate, refuses_options_out_of_range) {
  EXPECT_THROW(simulate(mixed, {.workers = 0}), std::invalid_argument);
  EXPECT_THROW(simulate(mixed, {.workers = 5000}), std::invalid_argument);
  EXPECT_THROW(simulate(mixed, {.most_steps = 0}), std::invalid_argument);
  for (const char* wrong : {"a", "a1", "a1:", "1:2", "a1:2,", "a1:2,x3:4", "a1:2;", "--"})
    EXPECT_THROW(simulate(mixed, {.schedule = wrong}), std::invalid_argument) << wrong;
}

TEST(simulate, tells_whether_it_does) {
  EXPECT_FALSE(silk::testing::is_simulated());
  bool inside = false;
  EXPECT_EQ(refused([&inside] { inside = silk::testing::is_simulated(); }), "accepted");
  EXPECT_TRUE(inside);
  EXPECT_FALSE(silk::testing::is_simulated());
}

TEST(simulate, leaves_its_tools_usable_elsewhere) {
  EXPECT_EQ(silk::testing::choose(5), 0u);
  EXPECT_THROW(silk::testing::choose(0), std::invalid_argument);
  EXPECT_THROW(silk::testing::check(false), silk::testing::check_failed);
  EXPECT_NO_THROW(silk::testing::check(true));
  EXPECT_THROW(silk::testing::outside([] {}), silk::usage_error);
}

TEST(simulate, lets_the_program_choose) {
  const auto chosen = told(60, [](std::uint64_t seed) {
    std::uint32_t taken = 9;
    EXPECT_EQ(simulate(
                  [&taken]() -> silk::task<> {
                    taken = silk::testing::choose(3);
                    co_return;
                  },
                  {.seed = seed})
                  .end,
              sim_end::finished);
    return std::to_string(taken);
  });
  EXPECT_EQ(chosen, (std::set<std::string>{"0", "1", "2"}));
}

}  // namespace
