// with_task_group: who is waited for, and what comes out. Cancelling: task_group_cancel_test.cpp.
#include "at_workers.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class task_group : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(task_group);

// The number of booms in a group, or -1 if there is anything else in it.
int booms_in(const silk::exception_group& group) {
  int booms = 0;
  for (const std::exception_ptr& one : group.exceptions()) {
    try {
      std::rethrow_exception(one);
    } catch (const boom&) {
      ++booms;
    } catch (...) {
      return -1;
    }
  }
  return booms;
}

template <class Body>
silk::task<int> booms_out_of(Body body) {
  try {
    co_await silk::with_task_group(std::move(body));
  } catch (const silk::exception_group& group) {
    co_return booms_in(group);
  }
  co_return 0;
}

// ---- who is waited for ----

TEST_P(task_group, ends_when_every_child_has_ended) {
  run([]() -> silk::task<> {
    silk::join_handle<int> first, second;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      first = group.spawn(answer_after(1s, 42));
      second = group.spawn(answer_after(2s, 11));
      co_return;
    });
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
    EXPECT_EQ(first.result(), 42);
    EXPECT_EQ(second.result(), 11);
  });
}

TEST_P(task_group, waits_for_children_that_were_added_late) {
  run([]() -> silk::task<> {
    silk::join_handle<int> late;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(answer_after(1s, 1));
      co_await silk::sleep(5s);
      late = group.spawn(answer_after(5s, 42));
    });
    EXPECT_EQ(silk::now().time_since_epoch(), 10s);
    EXPECT_EQ(late.result(), 42);
  });
}

// docs/cancellation.md: g4
TEST_P(task_group, gives_the_value_of_its_body) {
  run([]() -> silk::task<> {
    const int number =
        co_await silk::with_task_group([](silk::task_group& group) -> silk::task<int> {
          auto child = group.spawn(answer_after(1s, 42));
          co_return co_await child;
        });
    EXPECT_EQ(number, 42);
    const auto pointer =
        co_await silk::with_task_group([](silk::task_group&) -> silk::task<std::unique_ptr<int>> {
          co_return std::make_unique<int>(7);
        });
    EXPECT_EQ(*pointer, 7);
  });
}

TEST_P(task_group, without_children_ends_with_its_body_and_without_suspending) {
  silk::runtime runtime({.workers = 1, .time = silk::time_source::virtual_time});
  runtime.block_on([]() -> silk::task<> {
    bool others_ran = false;
    auto other = silk::spawn([&]() -> silk::task<> {
      others_ran = true;
      co_return;
    });
    co_await silk::with_task_group([](silk::task_group&) -> silk::task<> { co_return; });
    EXPECT_FALSE(others_ran);
    co_await other;
  });
}

TEST_P(task_group, children_may_use_the_locals_of_the_body_s_caller) {
  run([]() -> silk::task<> {
    std::vector<int> squares(100);
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      for (std::size_t i = 0; i < squares.size(); ++i) {
        group.spawn([&squares, i]() -> silk::task<> {
          co_await silk::sleep(1ms);
          squares[i] = static_cast<int>(i * i);
        });
      }
      co_return;
    });
    for (std::size_t i = 0; i < squares.size(); ++i) EXPECT_EQ(squares[i], static_cast<int>(i * i));
  });
}

TEST_P(task_group, a_child_may_start_siblings_when_the_body_has_ended) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      struct grows {
        static silk::task<> from(silk::task_group& group, int depth, std::atomic<int>& ended) {
          co_await silk::yield();
          if (depth > 0) {
            group.spawn(from(group, depth - 1, ended));
            group.spawn(from(group, depth - 1, ended));
          }
          ++ended;
        }
      };
      group.spawn(grows::from(group, 10, ended));
      co_return;
    });
    EXPECT_EQ(ended, 2047);
  });
}

TEST_P(task_group, a_child_has_the_name_it_was_given) {
  run([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      const auto asks = []() -> silk::task<std::string> {
        co_return co_await silk::this_task::name();
      };
      auto child = group.spawn(silk::spawn_options{.name = "Ann"}, asks());
      EXPECT_EQ(child.name(), "Ann");
      const std::string name = co_await child;
      EXPECT_EQ(name, "Ann");
    });
  });
}

TEST_P(task_group, waits_for_ten_thousand_children) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 10'000; ++i) {
        group.spawn([&ended, i]() -> silk::task<> {
          co_await silk::sleep(i % 10 * 1ms);
          ++ended;
        });
      }
      co_return;
    });
    EXPECT_EQ(ended, 10'000);
  });
}

TEST_P(task_group, forgets_children_that_have_ended_while_it_is_open) {
  run([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      auto held = std::make_shared<int>(0);
      std::weak_ptr<int> results = held;
      const auto keeps = [](std::shared_ptr<int> result) -> silk::task<std::shared_ptr<int>> {
        co_await silk::sleep(1s);
        co_return result;
      };
      for (int i = 0; i < 100; ++i) group.spawn(keeps(held));
      EXPECT_EQ(group.size(), 100u);
      held.reset();
      co_await silk::sleep(2s);
      EXPECT_EQ(group.size(), 0u);
      EXPECT_TRUE(results.expired());  // their results are gone, too
    });
  });
}

TEST_P(task_group, starts_with_lambdas_and_their_captures_safely) {
  run([]() -> silk::task<> {
    std::atomic<int> sum = 0;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      for (int i = 1; i <= 10; ++i) {
        group.spawn([&sum, held = std::make_shared<int>(i)]() -> silk::task<> {
          co_await silk::sleep(1s);
          sum += *held;
        });
        group.spawn(
            [](std::atomic<int>& total, std::string text) -> silk::task<> {
              co_await silk::sleep(1s);
              total += static_cast<int>(text.size());
            },
            std::ref(sum), "ten chars.");
      }
      co_return;
    });
    EXPECT_EQ(sum, 55 + 100);
  });
}

TEST(task_group_type, exists_only_inside_with_task_group) {
  const auto body = [](silk::task_group&) -> silk::task<> { co_return; };
  static_assert(std::is_same_v<decltype(silk::with_task_group(body)), silk::task<>>);
  static_assert(!std::is_constructible_v<silk::task_group>);
  static_assert(!std::is_move_constructible_v<silk::task_group>);
}

// ---- failures ----

TEST_P(task_group, a_failing_child_stops_its_siblings_and_the_body) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    silk::join_handle<void> sibling;
    bool went_on = false;
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      group.spawn(fail_after(1s));
      for (int i = 0; i < 10; ++i) sibling = group.spawn(counts_its_end(ended));
      co_await counts_its_end(ended);
      went_on = true;
    });
    EXPECT_EQ(booms, 1);
    EXPECT_EQ(ended, 11);
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(sibling.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// docs/cancellation.md: g2
TEST_P(task_group, reports_every_failure_in_one_group) {
  run([]() -> silk::task<> {
    const auto fails_when_stopped = []() -> silk::task<> {
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (stopped) co_await fail_after(1s);
    };
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 10; ++i) group.spawn(fails_when_stopped());
      co_await silk::sleep(1s);  // they all sleep by now
      group.spawn(fail_after(0s));
      co_await asleep();
    });
    EXPECT_EQ(booms, 11);
  });
}

TEST_P(task_group, loses_no_failure_when_many_fail_at_once) {
  run([]() -> silk::task<> {
    std::atomic<int> thrown = 0;
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 200; ++i) {
        group.spawn([&thrown]() -> silk::task<> {
          co_await silk::sleep(1s);
          ++thrown;
          throw boom();
        });
      }
      co_return;
    });
    EXPECT_GE(booms, 1);
    EXPECT_EQ(booms, thrown);
  });
}

TEST_P(task_group, a_failing_body_stops_the_children) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    std::vector<silk::join_handle<void>> children;
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 10; ++i) children.push_back(group.spawn(counts_its_end(ended)));
      co_await silk::sleep(1s);
      throw boom();
    });
    EXPECT_EQ(booms, 1);
    EXPECT_EQ(ended, 10);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

TEST_P(task_group, a_body_that_fails_before_it_suspends_stops_the_children) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<void>> children;
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 10; ++i) children.push_back(group.spawn(asleep()));
      throw boom();
      co_return;
    });
    EXPECT_EQ(booms, 1);
    for (const auto& child : children) EXPECT_TRUE(child.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

// Else its children would outlive the group that they report to.
TEST_P(task_group, a_body_that_throws_before_it_gives_its_task_stops_the_children) {
  run([]() -> silk::task<> {
    silk::join_handle<void> child;
    const auto no_coroutine = [&](silk::task_group& group) -> silk::task<> {
      child = group.spawn(asleep());
      throw boom();
    };
    const int booms = co_await booms_out_of(no_coroutine);
    EXPECT_EQ(booms, 1);
    EXPECT_TRUE(child.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

// docs/cancellation.md: g2
TEST_P(task_group, joins_the_failures_of_a_child_and_of_the_body_it_interrupted) {
  run([]() -> silk::task<> {
    const int booms = co_await booms_out_of([](silk::task_group& group) -> silk::task<> {
      group.spawn(fail_after(1s));
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        throw boom();
      }
    });
    EXPECT_EQ(booms, 2);
  });
}

TEST_P(task_group, leaves_the_task_uncancelled_after_a_failure) {
  run([]() -> silk::task<> {
    const int booms = co_await booms_out_of([](silk::task_group& group) -> silk::task<> {
      group.spawn(fail_after(1s));
      co_await asleep();
    });
    EXPECT_EQ(booms, 1);
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
    co_await silk::sleep(1s);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(task_group, refuses_tasks_once_a_child_has_failed_and_destroys_them) {
  run([]() -> silk::task<> {
    auto held = std::make_shared<int>(0);
    const auto keeps = [](std::shared_ptr<int>) -> silk::task<> { co_await asleep(); };
    bool refused = false;
    const int booms = co_await booms_out_of([&](silk::task_group& group) -> silk::task<> {
      group.spawn(fail_after(1s));
      bool stopped = false;
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      EXPECT_TRUE(stopped);
      try {
        group.spawn(keeps(held));
      } catch (const silk::usage_error&) {
        refused = true;
      }
    });
    EXPECT_EQ(booms, 1);
    EXPECT_TRUE(refused);
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_P(task_group, a_storm_of_children_stops_when_one_fails) {
  run([]() -> silk::task<> {
    std::atomic<int> started = 0, ended = 0;
    struct storm {
      static silk::task<> child(silk::task_group& group, std::atomic<int>& started,
                                std::atomic<int>& ended) {
        struct counts {
          std::atomic<int>& ended;
          ~counts() { ++ended; }
        } const on_end{ended};
        if (++started == 50) throw boom();
        co_await silk::yield();
        group.spawn(child(group, started, ended));
        group.spawn(child(group, started, ended));
        co_await asleep();
      }
    };
    const auto body = [&](silk::task_group& group) -> silk::task<> {
      group.spawn(storm::child(group, started, ended));
      co_await asleep();
    };
    const std::string how = co_await ending(silk::with_task_group(body));
    EXPECT_EQ(how, "group");
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
    EXPECT_EQ(ended, started);
  });
}

TEST_P(task_group, a_child_that_ends_cancelled_is_no_failure) {
  run([]() -> silk::task<> {
    silk::join_handle<int> survivor;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      auto cancelled = group.spawn(asleep());
      auto gives_up = group.spawn([]() -> silk::task<> {
        co_await silk::sleep(1s);
        throw silk::cancelled("enough");
      });
      survivor = group.spawn(answer_after(5s, 42));
      co_await silk::sleep(1s);
      cancelled.cancel();
      co_await silk::sleep(1s);
      EXPECT_TRUE(cancelled.is_cancelled());
      EXPECT_TRUE(gives_up.is_cancelled());
      EXPECT_EQ(group.size(), 1u);
    });
    EXPECT_EQ(survivor.result(), 42);
    EXPECT_EQ(silk::now().time_since_epoch(), 5s);
  });
}

TEST_P(task_group, a_failure_it_has_reported_does_not_reach_the_failure_handler) {
  std::atomic<int> told = 0;
  auto options = virtual_time();
  options.on_failure = [&](const silk::failure&) { ++told; };
  silk::run(
      []() -> silk::task<> {
        const int booms = co_await booms_out_of([](silk::task_group& group) -> silk::task<> {
          group.spawn(fail_after(1s));
          co_return;
        });
        EXPECT_EQ(booms, 1);
      },
      std::move(options));
  EXPECT_EQ(told, 0);
}

silk::task<> fail_at_once() {
  co_await silk::yield();
  throw boom();
}

// The function that makes the body is a plain one, which has cancelled the group before there is a body.
TEST_P(task_group, that_is_cancelled_before_there_is_a_body_stops_it_at_its_first_await) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    std::string reason;
    co_await silk::with_task_group([&](silk::task_group& group) {
      group.spawn(counts_its_end(ended));
      group.cancel("enough");
      EXPECT_THROW(group.spawn(counts_its_end(ended)), silk::usage_error);
      return keeps_the_reason(reason);
    });
    EXPECT_EQ(reason, "enough");
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

// The same by a child that fails on another worker meanwhile.
TEST_P(task_group, that_fails_before_there_is_a_body_stops_it_at_its_first_await) {
  if (workers() == 1) GTEST_SKIP() << "one worker runs one task at a time";
  run([]() -> silk::task<> {
    std::string reason;
    try {
      co_await silk::with_task_group([&](silk::task_group& group) {
        group.spawn(fail_at_once());
        while (group.size() != 0) std::this_thread::yield();
        return keeps_the_reason(reason);
      });
      ADD_FAILURE() << "the group has failed";
    } catch (const silk::exception_group& failed) {
      EXPECT_EQ(failed.exceptions().size(), 1u);
    }
    EXPECT_NE(reason, "");
  });
}

}  // namespace
