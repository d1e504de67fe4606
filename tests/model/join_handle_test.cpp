// Design invariants 2 and 4 for a spawned task (task_context's C1 to C3, future_core): join, detach,
// complete and cancel, in every order: one outcome, one resumption, an accepted cancel is seen, and the
// task's memory goes with its last owner.
#include "task_fixture.hpp"

namespace {

using namespace silk::model::tasks;

// Plain fields on purpose: whoever joins must see what the task has written.
struct notes {
  int runs = 0;
  int joined = 0;
};

silk::task<int> work(notes& all) {
  ++all.runs;
  co_return 7;
}

silk::task<int> joins(silk::join_handle<int> other, notes& all) {
  const int value = co_await std::move(other);
  check(all.runs == 1, "what the joined task has written is seen");
  ++all.joined;
  co_return value;
}

TEST(join_handle, a_detach_meets_the_completion) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(work(all));
    together([&] { here.run_ready(); }, [&] { handle = {}; });
    check(all.runs == 1, "a detached task runs");
  });
}

TEST(join_handle, a_cancel_meets_the_completion) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(work(all));
    bool accepted = false;
    together([&] { here.run_ready(); }, [&] { accepted = handle.cancel(); });
    check(was_cancelled(handle, 7) == accepted, "an accepted cancel is the outcome");
  });
}

TEST(join_handle, a_cancel_and_a_detach_meet_the_completion) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(work(all));
    bool accepted = false;
    together([&] { here.run_ready(); },
             [&] {
               accepted = handle.cancel("no longer needed");
               handle = {};
             });
    check(accepted || all.runs == 1, "a task that nobody cancels runs");
  });
}

// Each on a thread of its own.
TEST(join_handle, a_cancel_meets_another_one) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(work(all));
    bool first = false, second = false;
    together([&] { first = handle.cancel("one"); }, [&] { second = handle.cancel("two"); });
    here.run_ready();
    check(first && second, "both come before the end");
    check(was_cancelled(handle, 7) && all.runs == 0, "one end serves both");
  });
}

TEST(join_handle, a_join_meets_the_completion) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet()), elsewhere(quiet());
    auto joiner = elsewhere.spawn(joins(here.spawn(work(all)), all));
    together([&] { here.run_ready(); }, [&] { elsewhere.run_ready(); });
    elsewhere.run_ready();
    check(!was_cancelled(joiner, 7) && all.joined == 1, "the joiner goes on, once");
  });
}

// The joiner's cancel is passed on to the task it joins, or comes too late for that and is its own.
TEST(join_handle, a_cancel_of_the_joiner_meets_the_completion) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet()), elsewhere(quiet());
    auto work_handle = here.spawn(work(all));
    auto joiner = elsewhere.spawn(joins(work_handle, all));
    elsewhere.run_ready();
    bool accepted = false;
    together([&] { here.run_ready(); }, [&] { accepted = joiner.cancel(); });
    elsewhere.run_ready();
    check(accepted && was_cancelled(joiner, 7) && all.joined == 0, "the joiner is cancelled");
    check(was_cancelled(work_handle, 7) || all.runs == 1, "one outcome of the task it joins");
  });
}

TEST(join_handle, a_cancel_of_the_joiner_meets_the_join) {
  expect_holds(within(2), [] {
    notes all;
    silk::manual_runtime here(quiet()), elsewhere(quiet());
    auto joiner = elsewhere.spawn(joins(here.spawn(work(all)), all));
    bool accepted = false;
    together([&] { elsewhere.run_ready(); }, [&] { accepted = joiner.cancel(); });
    here.run_ready();
    elsewhere.run_ready();
    check(accepted && was_cancelled(joiner, 7) && all.joined == 0, "the joiner is cancelled");
  });
}

}  // namespace
