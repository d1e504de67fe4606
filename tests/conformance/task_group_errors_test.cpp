// Rows of the area `task_group`: what comes out when children or bodies fail.
#include "groups.hpp"

#include <memory>
#include <optional>

namespace {

using namespace silk_conformance;

ROW(task_group, child_error_cancels_siblings) {
  run([]() -> silk::task<> {
    silk::join_handle<> first, second;
    std::atomic<int> interrupted = 0;
    const auto sibling = [&]() -> silk::task<> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
        ++interrupted;
        throw;
      }
    };
    bool went_on = false;
    const auto program = [&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        first = group.spawn(sibling());
        second = group.spawn(sibling());
        group.spawn(fails_after(100ms));
        co_return;
      });
      went_on = true;
    };
    const std::string end = co_await contents_of(program());
    EXPECT_EQ(end, "[E]");
    EXPECT_EQ(interrupted, 2);
    EXPECT_TRUE(first.is_cancelled());
    EXPECT_TRUE(second.is_cancelled());
    EXPECT_FALSE(went_on);
    EXPECT_EQ(silk::now().time_since_epoch(), 100ms);
  });
}

ROW(task_group, child_error_interrupts_body) {
  run([]() -> silk::task<> {
    bool interrupted = false;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_after(100ms));
          try {
            co_await asleep();
          } catch (const silk::cancelled&) {
            interrupted = true;
            throw;
          }
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_TRUE(interrupted);
    EXPECT_EQ(silk::now().time_since_epoch(), 100ms);
  });
}

// From one of them to all may fail before they are cancelled; what was thrown is not lost.
ROW(task_group, several_errors_collected) {
  run([&]() -> silk::task<> {
    std::atomic<int> thrown = 0;
    const auto fails = [&]() -> silk::task<> {
      co_await silk::sleep(100ms);
      ++thrown;
      throw failure_e();
    };
    std::size_t collected = 0;
    try {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 50; ++i) group.spawn(fails());
        co_return;
      });
    } catch (const silk::exception_group& group) {
      collected = group.exceptions().size();
      for (const auto& one : group.exceptions()) EXPECT_EQ(told_of(one), "E");
    }
    EXPECT_GE(collected, 1u);
    EXPECT_EQ(collected, static_cast<std::size_t>(thrown));
    // Those that answer the cancel with an error fail as well.
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_in_cleanup("b"));
          group.spawn(fails_in_cleanup("c"));
          group.spawn(fails_after(1s, "a"));
          co_return;
        }));
    EXPECT_EQ(end, "[a b c]");
  });
}

// Whether the children have begun or not, they end before the group does.
ROW(task_group, body_error_before_children_start) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<>> children;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          for (int i = 0; i < 10; ++i) children.push_back(group.spawn(asleep()));
          throw failure_e("body");
          co_return;
        }));
    EXPECT_EQ(end, "[body]");
    for (const auto& child : children) EXPECT_TRUE(child.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

ROW(task_group, nested_cleanup_errors) {
  run([]() -> silk::task<> {
    const std::string end = co_await cancelled_after(1s, [](silk::task_group&) -> silk::task<> {
      co_await silk::with_task_group([](silk::task_group& inner) -> silk::task<> {
        inner.spawn(fails_in_cleanup());
        inner.spawn(fails_in_cleanup());
        co_await asleep();
      });
    });
    EXPECT_EQ(end, "[[E E]]");
  });
}

ROW(task_group, nested_cleanup_errors_outer_child) {
  run([]() -> silk::task<> {
    silk::join_handle<> sleeper;
    const std::string end =
        co_await cancelled_after(1s, [&](silk::task_group& outer) -> silk::task<> {
          sleeper = outer.spawn(asleep());
          co_await silk::with_task_group([](silk::task_group& inner) -> silk::task<> {
            inner.spawn(fails_in_cleanup("E", 1s));
            inner.spawn(fails_in_cleanup("E", 1s));
            co_await asleep();
          });
        });
    EXPECT_EQ(end, "[[E E]]");
    EXPECT_TRUE(sleeper.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

ROW(task_group, outer_child_error_cancels_inner_group) {
  run([]() -> silk::task<> {
    silk::join_handle<> inner_child;
    bool inner_cancelled = false;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& outer) -> silk::task<> {
          outer.spawn(fails_after(100ms));
          try {
            co_await silk::with_task_group([&](silk::task_group& inner) -> silk::task<> {
              inner_child = inner.spawn(asleep());
              co_await asleep();
            });
          } catch (const silk::cancelled&) {
            inner_cancelled = true;
            throw;
          }
        }));
    EXPECT_EQ(end, "[E]");
    EXPECT_TRUE(inner_cancelled);
    EXPECT_TRUE(inner_child.is_cancelled());
  });
}

ROW(task_group, inner_error_cancels_outer_children) {
  run([]() -> silk::task<> {
    silk::join_handle<> outer_child;
    std::string inner_end;
    const std::string end =
        co_await contents_of(silk::with_task_group([&](silk::task_group& outer) -> silk::task<> {
          outer_child = outer.spawn(asleep());
          try {
            co_await silk::with_task_group([](silk::task_group& inner) -> silk::task<> {
              inner.spawn(fails_after(100ms));
              co_await asleep();
            });
          } catch (...) {
            inner_end = contents(std::current_exception());
            throw;
          }
        }));
    EXPECT_EQ(inner_end, "[E]");
    EXPECT_EQ(end, "[[E]]");
    EXPECT_TRUE(outer_child.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 100ms);
  });
}

ROW(task_group, body_and_child_errors_merged) {
  run([]() -> silk::task<> {
    const std::string end =
        co_await contents_of(silk::with_task_group([](silk::task_group& group) -> silk::task<> {
          group.spawn(fails_after(100ms, "child"));
          co_await fails_in_cleanup("body");
        }));
    EXPECT_EQ(end, "[body child]");
  });
}

// A storm: each child starts two more, for ever.
struct storm {
  static silk::task<> child(silk::task_group& group, std::atomic<int>& started,
                            std::atomic<int>& ended) {
    struct counts {
      std::atomic<int>& ended;
      ~counts() { ++ended; }
    } const on_end{ended};
    if (++started == 10) throw failure_e();
    co_await silk::yield();
    group.spawn(child(group, started, ended));
    group.spawn(child(group, started, ended));
    co_await asleep();
  }
};

ROW(task_group, fork_storm_stops_on_error) {
  run([&]() -> silk::task<> {
    std::atomic<int> started = 0, ended = 0;
    std::size_t errors = 0, refusals = 0;
    try {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(storm::child(group, started, ended));
        co_await asleep();
      });
    } catch (const silk::exception_group& group) {
      for (const auto& one : group.exceptions()) {
        const std::string what = told_of(one);
        errors += what == "E";
        refusals += what == "usage";  // a child that was just about to start two more
        EXPECT_TRUE(what == "E" || what == "usage") << what;
      }
    }
    EXPECT_EQ(errors, 1u);
    if (workers() == 1) {
      EXPECT_EQ(refusals, 0u);
    }
    EXPECT_EQ(started, ended);
    EXPECT_EQ(silk::now().time_since_epoch(), 0s);
  });
}

ROW(task_group, exit_error_of_inner_scope) {
  run([]() -> silk::task<> {
    // The scope: something that waits, and fails while it is unwound.
    const auto scope = []() -> silk::task<> { co_await fails_in_cleanup("scope"); };
    const auto body = [&](silk::task_group& group) -> silk::task<> {
      group.spawn(fails_after(100ms, "child"));
      co_await scope();
    };
    std::exception_ptr caught;
    unsigned cancelling = 9;
    try {
      co_await silk::with_task_group(body);
    } catch (const silk::exception_group&) {
      caught = std::current_exception();
    }
    cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(contents(caught), "[child scope]");
    EXPECT_EQ(cancelling, 0u);
  });
}

ROW(task_group, own_cancel_is_undone) {
  run([]() -> silk::task<> {
    const auto failing = [](silk::task_group& group) -> silk::task<> {
      group.spawn(fails_after(100ms));
      co_await asleep();
    };
    const std::string end = co_await contents_of(silk::with_task_group(failing));
    EXPECT_EQ(end, "[E]");
    unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
    co_await silk::sleep(1s);
    EXPECT_EQ(silk::now().time_since_epoch(), 1100ms);

    // The value on entry need not be zero.
    const auto cancelled_before = silk::spawn([&]() -> silk::task<> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
      }
      const unsigned before = co_await silk::this_task::cancelling();
      EXPECT_EQ(before, 1u);
      const std::string inner_end = co_await contents_of(silk::with_task_group(failing));
      EXPECT_EQ(inner_end, "[E]");
      const unsigned after = co_await silk::this_task::cancelling();
      EXPECT_EQ(after, 1u);
      co_await silk::sleep(1s);
    });
    co_await at_rest();
    cancelled_before.cancel();
    const std::string whole = co_await ending(cancelled_before);
    EXPECT_EQ(whole, "value");
  });
}

// The barrier: both groups fail while the inner body, told by the first of them, cleans up.
ROW(task_group, nested_both_cancelled) {
  run([]() -> silk::task<> {
    unsigned inside = 9, outside = 9;
    std::string inner_end, outer_end;
    try {
      co_await silk::with_task_group([&](silk::task_group& outer) -> silk::task<> {
        outer.spawn(fails_after(100ms, "outer"));
        try {
          co_await silk::with_task_group([](silk::task_group& inner) -> silk::task<> {
            inner.spawn(fails_after(100ms, "inner"));
            bool stopped = false;
            try {
              co_await asleep();
            } catch (const silk::cancelled&) {
              stopped = true;
            }
            EXPECT_TRUE(stopped);
            try {
              co_await silk::sleep(1s);
            } catch (const silk::cancelled&) {  // the second of the two
            }
          });
        } catch (const silk::exception_group&) {
          inner_end = contents(std::current_exception());
        }
        inside = co_await silk::this_task::cancelling();
      });
    } catch (const silk::exception_group&) {
      outer_end = contents(std::current_exception());
    }
    outside = co_await silk::this_task::cancelling();
    EXPECT_EQ(inner_end, "[inner]");
    EXPECT_EQ(inside, 1u);
    EXPECT_EQ(outer_end, "[outer]");
    EXPECT_EQ(outside, 0u);
  });
}

}  // namespace
