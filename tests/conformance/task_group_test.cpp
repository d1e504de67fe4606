// Rows of the area `task_group`: asyncio.TaskGroup is silk::with_task_group. Whom a group waits for and
// whom it takes. Errors: task_group_errors_test.cpp; cancelling: task_group_cancel_test.cpp.
#include "groups.hpp"

#include <concepts>
#include <coroutine>
#include <memory>

namespace {

using namespace silk_conformance;

ROW(task_group, waits_for_children) {
  run([]() -> silk::task<> {
    silk::join_handle<int> first, second;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      first = group.spawn(gives_after(100ms, 42));
      second = group.spawn(gives_after(200ms, 11));
      co_return;
    });
    EXPECT_EQ(silk::now().time_since_epoch(), 200ms);
    EXPECT_EQ(first.result(), 42);
    EXPECT_EQ(second.result(), 11);
  });
}

ROW(task_group, children_added_later) {
  run([]() -> silk::task<> {
    silk::join_handle<int> early, late;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      early = group.spawn(gives_after(100ms, 42));
      co_await silk::sleep(300ms);
      late = group.spawn(gives_after(200ms, 11));
    });
    EXPECT_EQ(silk::now().time_since_epoch(), 500ms);
    EXPECT_EQ(early.result(), 42);
    EXPECT_EQ(late.result(), 11);
  });
}

ROW(task_group, empty_no_suspension) {
  // On one worker nobody else can run unless the only task suspends.
  silk::run(
      []() -> silk::task<> {
        bool others_ran = false;
        const auto other = silk::spawn([&]() -> silk::task<> {
          others_ran = true;
          co_return;
        });
        co_await silk::with_task_group([](silk::task_group&) -> silk::task<> { co_return; });
        EXPECT_FALSE(others_ran);
        co_await other;
        EXPECT_TRUE(others_ran);
      },
      {.workers = 1, .time = silk::time_source::virtual_time});
  // Nor does a group whose children have ended before its body does.
  run([]() -> silk::task<> {
    std::size_t left = 1;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(gives_after(1s, 1));
      co_await silk::sleep(2s);
      left = group.size();
    });
    EXPECT_EQ(left, 0u);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

ROW(task_group, finished_children_released) {
  run([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      const auto keeps = [](std::shared_ptr<int> result) -> silk::task<std::shared_ptr<int>> {
        co_await silk::yield();
        co_return result;
      };
      for (int round = 0; round < 20; ++round) {
        auto held = std::make_shared<int>(round);
        const std::weak_ptr<int> results = held;
        for (int i = 0; i < 50; ++i) group.spawn(keeps(held));
        held.reset();
        co_await at_rest();
        EXPECT_EQ(group.size(), 0u);
        EXPECT_TRUE(results.expired());  // nothing of the fifty is left while the group is open
      }
    });
  });
}

ROW(task_group, child_creates_siblings) {
  run([]() -> silk::task<> {
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
    std::atomic<int> ended = 0;
    bool body_ended = false;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn([&]() -> silk::task<> {
        co_await silk::sleep(1s);
        EXPECT_TRUE(body_ended);
        co_await grows::from(group, 9, ended);
      });
      body_ended = true;
      co_return;
    });
    EXPECT_EQ(ended, 1023);
  });
}

ROW(task_group, child_name) {
  run([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      const auto child = group.spawn(
          silk::spawn_options{.name = "yolo"},
          []() -> silk::task<std::string> { co_return co_await silk::this_task::name(); });
      EXPECT_EQ(child.name(), "yolo");
      const std::string name = co_await child;
      EXPECT_EQ(name, "yolo");
    });
  });
}

ROW(task_group, create_refused_while_aborting) {
  run([]() -> silk::task<> {
    bool refused = false;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn([&]() -> silk::task<> {
            try {
              co_await asleep();
            } catch (const silk::cancelled&) {
              EXPECT_THROW(group.spawn(asleep()), silk::usage_error);
              refused = true;
            }
          });
          group.spawn(fails_after(1s));
          co_return;
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_TRUE(refused);
  });
  // A create that races with the failure is refused, or its child is cancelled and awaited.
  run([]() -> silk::task<> {
    std::atomic<int> alive = 0;
    struct counted {
      explicit counted(std::atomic<int>& n) : count(n) { ++count; }
      ~counted() { --count; }
      std::atomic<int>& count;
    };
    const auto sleeper = [](std::atomic<int>& count) -> silk::task<> {
      const counted here(count);
      co_await asleep();
    };
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          for (int i = 0; i < 4; ++i) {
            group.spawn([&, i]() -> silk::task<> {
              co_await silk::sleep(1s);  // all four go on at one instant
              bool refused = false;
              for (int n = 0; !refused && n < 1000; ++n) {
                try {
                  group.spawn(sleeper(alive));
                } catch (const silk::usage_error&) {
                  refused = true;
                }
                if (i == 0 && n == 20) throw failure_e();
              }
            });
          }
          co_return;
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

ROW(task_group, rejected_coroutine_destroyed) {
  run([]() -> silk::task<> {
    auto held = std::make_shared<int>(0);
    bool entered = false;
    const auto keeps = [&](std::shared_ptr<int>) -> silk::task<> {
      entered = true;
      co_return;
    };
    int refused = 0;
    const auto tries_all = [&](silk::task_group& group) {
      EXPECT_THROW(group.spawn(keeps(held)), silk::usage_error);
      EXPECT_THROW(group.spawn(keeps, held), silk::usage_error);
      EXPECT_THROW(group.spawn([keeps, held] { return keeps(held); }), silk::usage_error);
      refused += 3;
    };
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_after(1s));
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            tries_all(group);
          }
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_EQ(refused, 3);
    EXPECT_FALSE(entered);
    EXPECT_EQ(held.use_count(), 1);
  });
}

template <class Body>
concept opens_a_group = requires(Body body) { silk::with_task_group(body); };
template <class T>
concept can_be_entered = requires(T& entered) { entered.operator co_await(); } ||
                         requires(T& entered) { silk::with_task_group(entered); } ||
                         requires(T& entered) { silk::spawn(entered); };

// A group is made, entered and left by one call; there is no object to enter a second time.
ROW(task_group, reenter_while_open) {
  using body = silk::task<> (*)(silk::task_group&);
  static_assert(opens_a_group<body>);
  static_assert(!can_be_entered<silk::task_group>);
  static_assert(!std::default_initializable<silk::task_group>);
  static_assert(!std::copy_constructible<silk::task_group>);
  static_assert(!std::move_constructible<silk::task_group>);
  EXPECT_FALSE(can_be_entered<silk::task_group>);
}

ROW(task_group, explicit_cancel_before_enter) {
  // A group cannot exist before it is entered: only with_task_group makes one, and gives it to a body
  // that runs. What can be cancelled before is the task that is about to enter.
  static_assert(!std::default_initializable<silk::task_group>);
  static_assert(!std::constructible_from<silk::task_group, silk::detail::group_core&>);
  run([]() -> silk::task<> {
    bool went_on = false, child_ran = false;
    silk::join_handle<> handle;
    handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      handle.cancel("early");
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn([&]() -> silk::task<> {
          co_await silk::sleep(1s);
          child_ran = true;
        });
        co_await silk::sleep(1s);
        went_on = true;
      });
    });
    co_await silk::sleep(500ms);
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: early");
    EXPECT_FALSE(went_on);
    EXPECT_FALSE(child_ran);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

struct foreign_coroutine {
  struct promise_type {
    foreign_coroutine get_return_object() { return {}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

template <class Awaiter, class Promise>
concept can_be_awaited_by = requires(Awaiter awaiter, std::coroutine_handle<Promise> waiting) {
  awaiter.await_suspend(waiting);
};

// Where asyncio fails at run time silk does not compile: a group is entered by co_await, and only the
// coroutines of tasks can do that. What is called elsewhere only makes the task.
TEST(task_group, can_be_entered_by_tasks_only) {
  using entering =
      decltype(silk::with_task_group(std::declval<silk::task<> (*)(silk::task_group&)>()));
  using awaiter = decltype(std::declval<entering>().operator co_await());
  static_assert(can_be_awaited_by<awaiter, silk::task<>::promise_type>);
  static_assert(!can_be_awaited_by<awaiter, foreign_coroutine::promise_type>);

  bool entered = false;
  auto held = std::make_shared<int>(0);
  {
    const auto unused = silk::with_task_group([&, held](silk::task_group&) -> silk::task<> {
      entered = true;
      co_return;
    });
  }
  EXPECT_FALSE(entered);
  EXPECT_EQ(held.use_count(), 1);
}

ROW(task_group, eager_failed_child_deferred) {
  run([]() -> silk::task<> {
    bool create_returned = false, interrupted = false;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          const auto child = group.spawn({.start = silk::start::eager}, []() -> silk::task<> {
            throw failure_e();
            co_return;
          });
          create_returned = true;
          EXPECT_TRUE(child.done());
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            interrupted = true;
            throw;
          }
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_TRUE(create_returned);
    EXPECT_TRUE(interrupted);
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

ROW(task_group, eager_child_cancelling_group) {
  for (const silk::start start : {silk::start::eager, silk::start::soon}) {
    run([start]() -> silk::task<> {
      bool child_interrupted = false, body_went_on = false;
      silk::join_handle<> child;
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        child = group.spawn({.start = start}, [&]() -> silk::task<> {
          group.cancel();
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            child_interrupted = true;
            throw;
          }
        });
        co_await asleep();
        body_went_on = true;
      });
      EXPECT_TRUE(child.is_cancelled());
      EXPECT_TRUE(child_interrupted);
      EXPECT_FALSE(body_went_on);
      EXPECT_EQ(silk::now().time_since_epoch(), 0s);
    });
  }
}

// The rules of this area once more, with children that run inside spawn() up to their first wait.
ROW(task_group, rules_hold_with_eager_children) {
  for (const silk::start start : {silk::start::soon, silk::start::eager}) {
    SCOPED_TRACE(start == silk::start::eager ? "eager" : "soon");
    auto chosen = options();
    chosen.start = start;
    const auto program = []() -> silk::task<> {
      // Waits for children; their own children too.
      std::atomic<int> ended = 0;
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 10; ++i) {
          group.spawn([&]() -> silk::task<> {
            co_await silk::sleep(1s);
            group.spawn([&]() -> silk::task<> {
              ++ended;
              co_return;
            });
            ++ended;
          });
        }
        co_return;
      });
      EXPECT_EQ(ended, 20);
      EXPECT_EQ(silk::now().time_since_epoch(), 1s);

      // A child that ends cancelled is no failure.
      silk::join_handle<int> survivor;
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        auto stopped = group.spawn(asleep());
        survivor = group.spawn(gives_after(1s, 42));
        stopped.cancel();
        co_return;
      });
      EXPECT_EQ(survivor.result(), 42);

      // A failing child cancels siblings and body; a failing body cancels children.
      silk::join_handle<> sibling;
      std::string end =
          co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
            sibling = group.spawn(asleep());
            group.spawn(fails_in_cleanup("cleanup"));
            group.spawn(fails_after(1s));
            co_await asleep();
          }));
      EXPECT_EQ(end, "[E cleanup]");
      EXPECT_TRUE(sibling.is_cancelled());
      end =
          co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
            sibling = group.spawn(asleep());
            throw failure_e("body");
            co_return;
          }));
      EXPECT_EQ(end, "[body]");
      EXPECT_TRUE(sibling.is_cancelled());

      // A cancel from above, with and without errors in the clean-up; and by the group itself.
      end = co_await cancelled_after(1s, [&](silk::task_group& group) -> silk::task<> {
        sibling = group.spawn(asleep());
        co_await asleep();
      });
      EXPECT_EQ(end, "cancelled: from above");
      EXPECT_TRUE(sibling.is_cancelled());
      end = co_await cancelled_after(1s, [](silk::task_group& group) -> silk::task<> {
        group.spawn(fails_in_cleanup());
        co_await asleep();
      });
      EXPECT_EQ(end, "[E]");
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        sibling = group.spawn(asleep());
        group.cancel();
        co_await asleep();
      });
      EXPECT_TRUE(sibling.is_cancelled());
      const unsigned cancelling = co_await silk::this_task::cancelling();
      EXPECT_EQ(cancelling, 0u);
    };
    silk::run(program, chosen);
  }
}

const silk::context_var<std::string> place("nowhere");

ROW(task_group, child_context) {
  run([]() -> silk::task<> {
    const silk::context given;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn({.context = given}, []() -> silk::task<> { co_await place.set("in the group"); });
      co_return;
    });
    EXPECT_EQ(given.get(place), "in the group");
    EXPECT_EQ(place.get(), "nowhere");
  });
}

}  // namespace
