// gather of lazy tasks: all of them at once, and nobody left when it is over. Ranges:
// gather_range_test.cpp; handles: gather_handles_test.cpp; cancels from outside: cancel_waits_test.cpp.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;
using silk_tests::fail_after;
using silk_tests::gate;
using silk_tests::knows_itself;
using silk_tests::nothing;
using silk_tests::virtual_time;

class gather : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather);

template <class T>
silk::task<T> give(T value) {
  co_return value;
}
template <class T>
silk::task<T> give_after(silk::duration d, T value) {
  co_await silk::sleep(d);
  co_return value;
}
// Sleeps for ever; when it is stopped, cleans up for `d` and counts itself.
silk::task<> clean_up_for(silk::duration d, std::atomic<int>& cleaned) {
  std::exception_ptr stop;
  try {
    co_await silk::sleep(10'000h);
  } catch (const silk::cancelled&) {
    stop = std::current_exception();
  }
  co_await silk::sleep(d);
  ++cleaned;
  std::rethrow_exception(stop);
}

// ---- results ----

TEST_P(gather, gives_the_values_in_the_order_of_the_arguments) {
  run([]() -> silk::task<> {
    const auto [a, b, c] = co_await silk::gather(
        give_after(3s, 1), give_after(1s, std::string("2")), give_after(2s, 3.0));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "2");
    EXPECT_EQ(c, 3.0);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(gather, has_an_empty_place_for_a_void_child) {
  run([]() -> silk::task<> {
    auto both = co_await silk::gather(nothing(), give(7));
    static_assert(std::is_same_v<decltype(both), std::tuple<std::monostate, int>>);
    EXPECT_EQ(std::get<1>(both), 7);
  });
}

TEST_P(gather, of_void_children_only_gives_nothing) {
  run([]() -> silk::task<> {
    static_assert(std::is_void_v<decltype(silk::gather(nothing(), nothing()).await_resume())>);
    co_await silk::gather(nothing(), nothing());
  });
}

TEST_P(gather, of_nothing_is_over_at_once) {
  run([]() -> silk::task<> {
    static_assert(std::is_void_v<decltype(silk::gather().await_resume())>);
    co_await silk::gather();
  });
}

TEST_P(gather, of_one_child_gives_a_tuple_of_one) {
  run([]() -> silk::task<> {
    const auto [only] = co_await silk::gather(give(7));
    EXPECT_EQ(only, 7);
  });
}

TEST_P(gather, children_sleep_at_the_same_time) {
  run([]() -> silk::task<> {
    co_await silk::gather(give_after(2s, 1), give_after(2s, 2), give_after(2s, 3));
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(gather, children_may_use_the_locals_of_the_caller) {
  run([]() -> silk::task<> {
    std::vector<int> parts(8);
    auto fill = [&](std::size_t at) -> silk::task<> {
      co_await silk::yield();
      parts[at] = static_cast<int>(at);
    };
    co_await silk::gather(fill(0), fill(1), fill(2), fill(3), fill(4), fill(5), fill(6), fill(7));
    EXPECT_EQ(parts, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  });
}

TEST_P(gather, nests) {
  run([]() -> silk::task<> {
    auto inner = [](int n) -> silk::task<int> {
      const auto [a, b] = co_await silk::gather(give_after(1s, n), give(n));
      co_return a + b;
    };
    auto outer = [&](int n) -> silk::task<int> {
      const auto [a, b] = co_await silk::gather(inner(n), inner(n + 1));
      co_return a + b;
    };
    const auto [a, b] = co_await silk::gather(outer(1), outer(3));
    EXPECT_EQ(a + b, 2 * (1 + 2 + 3 + 4));
  });
}

silk::task<int> fib(int n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await silk::gather(fib(n - 1), fib(n - 2));
  co_return a + b;
}

TEST_P(gather, forks_and_joins_a_tree_of_calls) {
  EXPECT_EQ(silk::run(fib(18), virtual_time()), 2584);
}

TEST_P(gather, awaited_in_a_loop_reuses_nothing) {
  run([]() -> silk::task<> {
    int sum = 0;
    for (int i = 0; i < 1000; ++i) {
      const auto [a, b] = co_await silk::gather(give(i), give_after(1ms, 1));
      sum += a + b;
    }
    EXPECT_EQ(sum, 999 * 1000 / 2 + 1000);
  });
}

TEST(gather, children_run_on_other_workers_while_one_blocks) {
  silk::run(
      []() -> silk::task<> {
        gate second_ran;
        auto first = [&]() -> silk::task<> {
          second_ran.pass();
          co_return;
        };
        auto second = [&]() -> silk::task<> {
          second_ran.open();
          co_return;
        };
        co_await silk::gather(first(), second());
      },
      virtual_time(2));
}

TEST_P(gather, child_is_not_a_task_of_its_own) {
  run([]() -> silk::task<> {
    auto count = []() -> silk::task<std::size_t> {
      co_await silk::yield();
      co_return silk::runtime::current().live_tasks();
    };
    const auto [a, b] = co_await silk::gather(count(), count());
    EXPECT_EQ(a, 1u);
    EXPECT_EQ(b, 1u);
  });
}

// ---- failures ----

TEST_P(gather, rethrows_the_first_failure_in_time) {
  run([]() -> silk::task<> {
    const std::string end = co_await ending([]() -> silk::task<> {
      co_await silk::gather(fail_after(2s, "second"), fail_after(1s, "first"), give_after(3s, 1));
    }());
    EXPECT_EQ(end, "first");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(gather, cancels_siblings_of_the_first_failure_and_waits_for_them) {
  std::atomic<int> cleaned = 0;
  run([&]() -> silk::task<> {
    const std::string end = co_await ending([](std::atomic<int>& c) -> silk::task<> {
      co_await silk::gather(clean_up_for(5s, c), fail_after(1s, "boom"), clean_up_for(7s, c));
    }(cleaned));
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(cleaned, 2);
    EXPECT_EQ(silk::now().time_since_epoch(), 8s);
  });
}

TEST_P(gather, destroys_the_frames_of_all_children_before_it_rethrows) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    auto hold = [](std::shared_ptr<int>) -> silk::task<> { co_await silk::sleep(10'000h); };
    bool failed = false;
    try {
      co_await silk::gather(hold(token), fail_after(1s, "boom"), hold(token), hold(token));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(token.use_count(), 1);
  });
}

TEST_P(gather, gives_no_value_that_is_not_destroyed_when_a_sibling_fails) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    bool failed = false;
    try {
      co_await silk::gather(give(token), fail_after(1s, "boom"), give_after(0s, token));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(token.use_count(), 1);
  });
}

// Nothing suspends: the second child is still in the deque of the worker, unless it was stolen.
TEST(gather, never_starts_the_siblings_of_a_child_that_failed_at_once) {
  auto token = std::make_shared<int>(0);
  silk::run(
      [&]() -> silk::task<> {
        auto body = [](std::shared_ptr<int> t) -> silk::task<> {
          ++*t;
          co_return;
        };
        auto fail = []() -> silk::task<> {
          throw std::runtime_error("boom");
          co_return;
        };
        bool failed = false;
        try {
          co_await silk::gather(fail(), body(token), body(token));
        } catch (const std::runtime_error&) {
          failed = true;
        }
        EXPECT_TRUE(failed);
        EXPECT_EQ(token.use_count(), 1);
      },
      virtual_time(1));
  EXPECT_EQ(*token, 0);
}

// The second child is stolen, because the first one blocks its worker until it runs.
TEST(gather, failure_of_a_stolen_child_cancels_those_that_stayed) {
  for (unsigned workers : {2u, 8u}) {
    silk::run(
        []() -> silk::task<> {
          gate stolen;
          auto stays = [&]() -> silk::task<> {
            stolen.pass();
            co_await silk::sleep(10'000h);
          };
          auto is_stolen = [&]() -> silk::task<> {
            stolen.open();
            throw std::runtime_error("boom");
            co_return;
          };
          std::string end;
          try {
            co_await silk::gather(stays(), is_stolen());
          } catch (const std::runtime_error& error) {
            end = error.what();
          }
          EXPECT_EQ(end, "boom");
          EXPECT_EQ(silk::now().time_since_epoch(), 0s);
        },
        virtual_time(workers));
  }
}

TEST_P(gather, drops_the_failures_that_come_later) {
  run([]() -> silk::task<> {
    auto fail_in_clean_up = []() -> silk::task<> {
      bool stopped = false;
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) throw std::runtime_error("in clean-up");
    };
    const std::string end = co_await ending([](auto fail) -> silk::task<> {
      co_await silk::gather(fail(), fail_after(1s, "boom"));
    }(fail_in_clean_up));
    EXPECT_EQ(end, "boom");
  });
}

TEST_P(gather, tells_siblings_why_they_are_cancelled) {
  run([]() -> silk::task<> {
    std::string reason;
    auto listen = [&]() -> silk::task<> {
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled& stop) {
        reason = stop.reason();
        throw;
      }
    };
    bool failed = false;
    try {
      co_await silk::gather(listen(), fail_after(1s, "boom"));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(reason, "a sibling failed");
  });
}

TEST_P(gather, children_see_the_latest_reason) {
  run([]() -> silk::task<> {
    std::vector<std::string> seen;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::gather([](auto& reasons) -> silk::task<> {
        for (int cancels = 0; cancels < 3; ++cancels) {
          try {
            co_await silk::sleep(10'000h);
          } catch (const silk::cancelled& stop) {
            reasons.push_back(stop.reason());
          }
        }
      }(seen));
    });
    co_await silk::sleep(1s);
    handle.cancel("first");
    co_await silk::sleep(1s);
    handle.cancel("second");
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: second");
    EXPECT_EQ(seen, (std::vector<std::string>{"first", "second", "second"}));
  });
}

// A cancel that was pending when the gather began is not the last one that its children hear of.
TEST_P(gather, that_began_cancelled_passes_the_next_cancel_on) {
  std::atomic<int> told = 0;
  silk::runtime runtime(virtual_time(GetParam()));
  knows_itself<> self(runtime, [&](knows_itself<>& me) -> silk::task<> {
    me.handle().cancel();
    co_await silk::gather([](auto& count) -> silk::task<> {
      while (count < 2) {
        try {
          co_await silk::sleep(10'000h);
        } catch (const silk::cancelled&) {
          ++count;
        }
      }
    }(told));
  });
  runtime.block_on([&]() -> silk::task<> {
    co_await silk::sleep(1s);
    EXPECT_EQ(told, 1);
    self.handle().cancel();
    const std::string end = co_await ending(self.handle());
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(told, 2);
  });
}

TEST_P(gather, child_that_ends_cancelled_fails_it) {
  std::atomic<int> cleaned = 0;
  run([&]() -> silk::task<> {
    auto give_up = []() -> silk::task<> {
      co_await silk::sleep(1s);
      throw silk::cancelled("my own idea");
    };
    std::string reason;
    try {
      co_await silk::gather(clean_up_for(1s, cleaned), give_up());
    } catch (const silk::cancelled& stop) {
      reason = stop.reason();
    }
    EXPECT_EQ(reason, "my own idea");
    EXPECT_EQ(cleaned, 1);
    // It was a failure of a child and not a cancel of this task, which goes on as before.
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    co_await silk::sleep(1s);
  });
}

TEST_P(gather, waits_for_a_sibling_that_swallows_the_cancel) {
  run([]() -> silk::task<> {
    int swallowed = 0;
    auto stubborn = [&]() -> silk::task<int> {
      try {
        co_await silk::sleep(10'000h);
      } catch (const silk::cancelled&) {
        ++swallowed;
      }
      co_await silk::sleep(5s);
      co_return 7;
    };
    bool failed = false;
    try {
      co_await silk::gather(stubborn(), fail_after(1s, "boom"));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(swallowed, 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

TEST_P(gather, failure_climbs_out_of_nested_gathers) {
  std::atomic<int> cleaned = 0;
  run([&]() -> silk::task<> {
    auto level = [&](auto self, int depth) -> silk::task<> {
      if (depth == 0) {
        co_await fail_after(1s, "deep down");
      } else {
        co_await silk::gather(self(self, depth - 1), clean_up_for(1s, cleaned));
      }
    };
    const std::string end = co_await ending(level(level, 5));
    EXPECT_EQ(end, "deep down");
    EXPECT_EQ(cleaned, 5);
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

TEST_P(gather, never_awaited_destroys_its_tasks_unstarted) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    auto body = [](std::shared_ptr<int> t) -> silk::task<> {
      ++*t;
      co_return;
    };
    static_cast<void>(silk::gather(body(token), body(token)));
    EXPECT_EQ(token.use_count(), 1);
    co_return;
  });
  EXPECT_EQ(*token, 0);
}

}  // namespace
