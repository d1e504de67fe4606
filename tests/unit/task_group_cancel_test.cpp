// with_task_group: cancelled from above, by itself, and nested.
#include "at_workers.hpp"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class task_group_cancel : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(task_group_cancel);

silk::task<> fails_when_stopped(silk::duration clean_up = 0s) {
  bool stopped = false;
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) co_await fail_after(clean_up);
}

// "boom", "[...]" for a group of these, "?" for anything else.
std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const boom&) {
    return "boom";
  } catch (const silk::exception_group& group) {
    std::string text = "[";
    for (const std::exception_ptr& one : group.exceptions()) text += text_of(one);
    return text + "]";
  } catch (...) {
    return "?";
  }
}
silk::task<std::string> text_of_end(silk::task<> body) {
  std::string text;
  try {
    co_await std::move(body);
  } catch (const silk::cancelled&) {
    text = "cancelled";
  } catch (...) {
    text = text_of(std::current_exception());
  }
  co_return text;
}

// ---- from above ----

// docs/cancellation.md: g5
TEST_P(task_group_cancel, from_above_stops_the_body_first_and_then_the_children) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    int ended_before_body = -1;
    auto handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 10; ++i) group.spawn(counts_its_end(ended));
        bool stopped = false;
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
          stopped = true;
        }
        if (stopped) co_await silk::sleep(5s);
        ended_before_body = ended;
        throw silk::cancelled();
      });
    });
    co_await silk::sleep(1s);
    handle.cancel("enough");
    std::string reason;
    try {
      co_await handle;
    } catch (const silk::cancelled& stopped) {
      reason = stopped.reason();
    }
    EXPECT_EQ(reason, "enough");
    EXPECT_EQ(ended_before_body, 0);
    EXPECT_EQ(ended, 10);
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

// docs/cancellation.md: g3
TEST_P(task_group_cancel, from_above_stops_the_children_when_the_body_has_ended) {
  run([]() -> silk::task<> {
    for (const silk::duration body_takes : {0s, 1s}) {
      std::atomic<int> ended = 0;
      auto handle = silk::spawn([&]() -> silk::task<> {
        co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          for (int i = 0; i < 10; ++i) group.spawn(counts_its_end(ended));
          if (body_takes > 0s) co_await silk::sleep(body_takes);
        });
      });
      const silk::time_point start = silk::now();
      co_await silk::sleep(5s);
      handle.cancel();
      const std::string how = co_await ending(end_of(handle));
      EXPECT_EQ(how, "cancelled");
      EXPECT_EQ(ended, 10);
      EXPECT_EQ(silk::now() - start, 5s);
    }
  });
}

// docs/cancellation.md: g2
TEST_P(task_group_cancel, from_above_gives_way_to_errors_of_the_clean_up) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<> {
      co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
        group.spawn(fails_when_stopped());
        group.spawn(fails_when_stopped());
        co_await asleep();
      });
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "[boomboom]");
  });
}

TEST_P(task_group_cancel, a_child_that_fails_while_the_body_cleans_up_is_reported) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<> {
      co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
        group.spawn(fail_after(3s));
        bool cleaned = false;
        co_await cleans_up_for(5s, cleaned);
      });
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "[boom]");
  });
}

TEST_P(task_group_cancel, without_children_is_a_plain_cancelled) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<> {
      co_await silk::with_task_group([](silk::task_group&) -> silk::task<> { co_await asleep(); });
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "cancelled");
  });
}

TEST_P(task_group_cancel, a_body_that_turns_it_into_an_error_fails) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<> {
      co_await silk::with_task_group(
          [](silk::task_group&) -> silk::task<> { co_await fails_when_stopped(); });
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "[boom]");
  });
}

TEST_P(task_group_cancel, before_it_is_entered_starts_no_body) {
  run([]() -> silk::task<> {
    bool entered = false;
    silk::join_handle<void> handle;
    handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::sleep(1s);
      handle.cancel();
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(asleep(1s));
        co_await silk::sleep(1s);
        entered = true;
      });
    });
    const std::string how = co_await ending(handle);
    EXPECT_EQ(how, "cancelled");
    EXPECT_FALSE(entered);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// docs/cancellation.md: g4
TEST_P(task_group_cancel, from_above_is_over_when_the_body_has_swallowed_it) {
  run([]() -> silk::task<> {
    bool child_ended = false;
    unsigned requests = 99;
    auto handle = silk::spawn([&]() -> silk::task<int> {
      const auto body = [&](silk::task_group& group) -> silk::task<int> {
        group.spawn([&]() -> silk::task<> {
          co_await silk::sleep(5s);
          child_ended = true;
        });
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
        group.spawn(asleep(1s));  // still open
        co_return 7;
      };
      const int value = co_await silk::with_task_group(body);
      requests = co_await silk::this_task::cancelling();
      co_await silk::sleep(1s);
      co_return value;
    });
    co_await silk::sleep(1s);
    handle.cancel();
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_EQ(requests, 1u);
    EXPECT_TRUE(child_ended);
    EXPECT_EQ(silk::now().time_since_epoch(), 6s);
  });
}

// docs/cancellation.md: g3
TEST_P(task_group_cancel,
       from_above_a_second_time_stops_the_children_of_a_body_that_swallowed_the_first) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    auto handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(counts_its_end(ended));
        try {
          co_await asleep();
        } catch (const silk::cancelled&) {
        }
      });
    });
    co_await silk::sleep(1s);
    handle.cancel();
    co_await silk::sleep(1s);
    EXPECT_EQ(ended, 0);
    EXPECT_FALSE(handle.done());
    handle.cancel("enough");
    const std::string how = co_await ending(end_of(handle));
    EXPECT_EQ(how, "cancelled: enough");
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

// ---- group.cancel ----

// docs/cancellation.md: g6
TEST_P(task_group_cancel, by_itself_stops_everything_and_is_no_error) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    bool went_on = false;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      for (int i = 0; i < 10; ++i) group.spawn(counts_its_end(ended));
      co_await silk::sleep(1s);
      group.cancel();
      group.cancel();
      co_await asleep();
      went_on = true;
    });
    EXPECT_FALSE(went_on);
    EXPECT_EQ(ended, 10);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
    const unsigned cancelling = co_await silk::this_task::cancelling();
    EXPECT_EQ(cancelling, 0u);
  });
}

TEST_P(task_group_cancel, by_a_child_stops_everything_also_when_the_body_has_ended) {
  run([]() -> silk::task<> {
    for (const silk::duration body_takes : {0s, 100s}) {
      std::atomic<int> ended = 0;
      const silk::time_point start = silk::now();
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 10; ++i) group.spawn(counts_its_end(ended));
        group.spawn([&group]() -> silk::task<> {
          co_await silk::sleep(1s);
          group.cancel("enough");
        });
        if (body_takes > 0s) co_await silk::sleep(body_takes);
      });
      EXPECT_EQ(ended, 10);
      EXPECT_EQ(silk::now() - start, 1s);
    }
  });
}

TEST_P(task_group_cancel, by_itself_tells_the_reason) {
  run([]() -> silk::task<> {
    std::string body_reason, child_reason;
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(keeps_the_reason(child_reason));
      group.spawn([&group]() -> silk::task<> {
        co_await silk::sleep(1s);
        group.cancel("enough");
      });
      co_await keeps_the_reason(body_reason);
    });
    EXPECT_EQ(body_reason, "enough");
    EXPECT_EQ(child_reason, "enough");
  });
}

// docs/cancellation.md: g2
TEST_P(task_group_cancel, by_itself_keeps_errors) {
  run([]() -> silk::task<> {
    const auto body = [](silk::task_group& group) -> silk::task<> {
      group.spawn(fails_when_stopped());
      co_await silk::sleep(1s);
      group.cancel();
      co_await fails_when_stopped();
    };
    const std::string end = co_await text_of_end(silk::with_task_group(body));
    EXPECT_EQ(end, "[boomboom]");
  });
}

// docs/cancellation.md: g5
TEST_P(task_group_cancel, by_itself_does_not_hide_one_from_above) {
  run([]() -> silk::task<> {
    bool child_cleaned = false, body_cleaned = false;
    auto handle = silk::spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(cleans_up_for(10s, child_cleaned));
        co_await silk::sleep(1s);
        group.cancel();
        co_await cleans_up_for(10s, body_cleaned);
      });
    });
    co_await silk::sleep(5s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(child_cleaned);
    EXPECT_FALSE(body_cleaned);
  });
}

// A spawn that races with the end of the group is refused, or its task is stopped and waited for.
TEST_P(task_group_cancel, meets_spawns_from_many_children) {
  run([]() -> silk::task<> {
    for (int round = 0; round < 20; ++round) {
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
      const silk::time_point start = silk::now();
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 8; ++i) {
          group.spawn([&]() -> silk::task<> {
            const counted here(alive);
            bool refused = false;
            co_await silk::sleep(1s);  // all eight go on at one instant
            while (!refused) {
              try {
                group.spawn(sleeper(alive));
              } catch (const silk::usage_error&) {
                refused = true;
              }
              if (!refused && group.size() > 200) group.cancel();
            }
          });
        }
        co_return;
      });
      EXPECT_EQ(alive, 0);
      EXPECT_EQ(silk::now() - start, 1s);
    }
  });
}

// ---- nested ----

// An outer group with an inner one in its body; each has one child.
silk::task<> two_groups(silk::task<> outer_child, silk::task<> inner_child) {
  const auto outer_body = [&](silk::task_group& outer) -> silk::task<> {
    outer.spawn(std::move(outer_child));
    const auto inner_body = [&](silk::task_group& inner) -> silk::task<> {
      inner.spawn(std::move(inner_child));
      co_await asleep();
    };
    co_await silk::with_task_group(inner_body);
  };
  co_await silk::with_task_group(outer_body);
}

TEST_P(task_group_cancel, a_failing_child_of_the_outer_group_stops_the_inner_one) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const std::string end = co_await text_of_end(two_groups(fail_after(1s), counts_its_end(ended)));
    EXPECT_EQ(end, "[boom]");
    EXPECT_EQ(ended, 1);
  });
}

TEST_P(task_group_cancel, a_failing_child_of_the_inner_group_stops_the_outer_one) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const std::string end = co_await text_of_end(two_groups(counts_its_end(ended), fail_after(1s)));
    EXPECT_EQ(end, "[[boom]]");
    EXPECT_EQ(ended, 1);
  });
}

TEST_P(task_group_cancel, from_above_reaches_nested_groups_and_collects_their_errors) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    auto handle = silk::spawn(two_groups(counts_its_end(ended), fails_when_stopped(2s)));
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string end = co_await text_of_end(end_of(handle));
    EXPECT_EQ(end, "[[boom]]");
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(task_group_cancel, both_groups_may_fail_at_once) {
  run([]() -> silk::task<> {
    for (int i = 0; i < 50; ++i) {
      const std::string end = co_await text_of_end(two_groups(fail_after(1s), fail_after(1s)));
      EXPECT_TRUE(end == "[boom]" || end == "[boom[boom]]" || end == "[[boom]boom]" ||
                  end == "[[boom]]")
          << end;
      const unsigned cancelling = co_await silk::this_task::cancelling();
      EXPECT_EQ(cancelling, 0u);
    }
  });
}

TEST_P(task_group_cancel, a_deep_tree_of_groups_stops_as_one) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    struct tree {
      static silk::task<> node(int depth, std::atomic<int>& ended) {
        if (depth == 0) co_return co_await counts_its_end(ended);
        co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(node(depth - 1, ended));
          group.spawn(node(depth - 1, ended));
          co_return;
        });
      }
    };
    auto handle = silk::spawn(tree::node(9, ended));
    co_await silk::sleep(1s);
    handle.cancel();
    const std::string how = co_await ending(end_of(handle));
    EXPECT_EQ(how, "cancelled");
    EXPECT_EQ(ended, 512);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

}  // namespace
