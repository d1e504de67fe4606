// Design invariant 4 (task_context's C2 and C3, wait_list's L1, watch_group): complete, cancel and a
// timeout claim a wait once. One outcome, nothing is lost, and nothing points at the wait afterwards.
#include "task_fixture.hpp"

#include <optional>

namespace {

using namespace silk::model::tasks;
using namespace std::chrono_literals;

// ---- one place in a line ----

silk::task<int> waits(silk::event& for_it) {
  co_await for_it.wait();
  co_return 7;
}

TEST(wait_claim, a_cancel_meets_the_suspension) {
  expect_holds(within(2), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(waits(go_on));
    bool accepted = false;
    together([&] { here.run_ready(); }, [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(accepted && was_cancelled(handle, 7), "the wait ends");
    check(go_on.waiting() == 0, "nobody is in line");
  });
}

TEST(wait_claim, a_completion_meets_the_suspension) {
  expect_holds(within(2), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(waits(go_on));
    together([&] { here.run_ready(); }, [&] { go_on.set(); });
    here.run_ready();
    check(!was_cancelled(handle, 7), "the wait ends");
  });
}

TEST(wait_claim, complete_against_cancel) {
  expect_holds(within(2), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(waits(go_on));
    here.run_ready();
    bool accepted = false;
    together([&] { go_on.set(); }, [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(accepted && was_cancelled(handle, 7),
          "a cancel that comes before the task goes on is seen");
    check(go_on.waiting() == 0, "nobody is in line");
  });
}

// The task may go on because of the completion while the canceller is still at its wait.
TEST(wait_claim, complete_and_go_on_against_cancel) {
  expect_holds(within(2), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(waits(go_on));
    here.run_ready();
    bool accepted = false;
    together(
        [&] {
          go_on.set();
          here.run_ready();
        },
        [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(was_cancelled(handle, 7) == accepted, "an accepted cancel is the outcome");
  });
}

silk::task<int> takes(silk::semaphore& permits) {
  const auto hold = co_await permits.scoped();
  co_return 7;
}

// L1: the permit was the task's, or was never taken.
TEST(wait_claim, a_permit_is_never_lost_to_a_cancel) {
  expect_holds(within(2), [] {
    silk::semaphore permits(0);
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(takes(permits));
    here.run_ready();
    together(
        [&] {
          permits.release();
          here.run_ready();
        },
        [&] { handle.cancel(); });
    here.run_ready();
    static_cast<void>(was_cancelled(handle, 7));
    check(permits.try_acquire() && !permits.try_acquire(), "there is one permit");
  });
}

// ---- a future ----

silk::task<int> awaits(silk::future<int> result) {
  const int value = co_await result;
  co_return value;
}

TEST(wait_claim, complete_against_cancel_of_a_future) {
  expect_holds(within(2), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> producer;
    auto result = producer.get_future();
    auto handle = here.spawn(awaits(result));
    here.run_ready();
    bool in_time = false, accepted = false;
    together([&] { in_time = producer.try_set_value(7); }, [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(accepted && was_cancelled(handle, 7), "the task did not go on before the cancel");
    check(in_time != result.is_cancelled(), "the future has one outcome");
  });
}

TEST(wait_claim, a_completion_meets_the_await_of_a_future) {
  expect_holds(within(2), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> producer;
    auto handle = here.spawn(awaits(producer.get_future()));
    together([&] { here.run_ready(); }, [&] { producer.set_value(7); });
    here.run_ready();
    check(!was_cancelled(handle, 7), "the task goes on");
  });
}

// ---- a timeout: time goes on as soon as the task waits ----

silk::task<int> for_a_while(silk::event& go_on) {
  try {
    const int value = co_await silk::with_timeout(1us, waits(go_on));
    co_return value;
  } catch (const silk::timeout_error&) {
  }
  co_return 0;
}

TEST(wait_claim, complete_against_timeout) {
  expect_holds(within(2, 1), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    int result = -1;
    together([&] { result = here.block_on(for_a_while(go_on)); }, [&] { go_on.set(); });
    check(result == 7 || result == 0, "a value or a timeout");
    check(go_on.waiting() == 0, "nobody is in line");
  });
}

TEST(wait_claim, cancel_against_timeout) {
  expect_holds(within(2, 1), [] {
    silk::event go_on;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(for_a_while(go_on));
    bool accepted = false;
    together(
        [&] {
          try {
            check(here.block_on(silk::future<int>(handle)) == 0, "the time is up");
          } catch (const silk::cancelled&) {
          }
        },
        [&] { accepted = handle.cancel(); });
    check(was_cancelled(handle, 0) == accepted, "an accepted cancel is the outcome");
    check(go_on.waiting() == 0, "nobody is in line");
  });
}

// ---- wait(): several futures, a timeout ----

silk::task<int> looks_at(silk::future<int> one, silk::future<int> other) {
  std::vector<silk::future<int>> both{std::move(one), std::move(other)};
  auto found =
      co_await silk::wait(std::move(both), {.return_when = silk::first_completed, .timeout = 1us});
  check(found.done.size() + found.pending.size() == 2, "each is on one side");
  for (const auto& left : found.pending) check(left.waiting() == 0, "nobody waits for it any more");
  co_return static_cast<int>(found.done.size());
}

TEST(wait_claim, either_of_two_completes_against_timeout) {
  expect_holds(within(2, 1), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> one, other;
    int done = -1;
    together([&] { done = here.block_on(looks_at(one.get_future(), other.get_future())); },
             [&] {
               one.set_value(1);
               other.set_value(2);
             });
    check(done >= 0 && done <= 2, "none, one or both were in time");
  });
}

TEST(wait_claim, complete_against_cancel_of_a_wait) {
  expect_holds(within(2), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> one, other;
    auto handle = here.spawn(looks_at(one.get_future(), other.get_future()));
    here.run_ready();
    bool accepted = false;
    together(
        [&] {
          one.set_value(1);
          here.run_ready();
        },
        [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(was_cancelled(handle, 1) == accepted, "an accepted cancel is the outcome");
  });
}

// Without a timer, whose job would do the waking.
silk::task<int> looks_for_long(silk::future<int> one, silk::future<int> other) {
  std::vector<silk::future<int>> both{std::move(one), std::move(other)};
  auto found = co_await silk::wait(std::move(both), {.return_when = silk::first_completed});
  check(!found.done.empty(), "one has completed");
  co_return 7;
}

TEST(wait_claim, two_completions_wake_a_wait_once) {
  expect_holds(within(2), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> one, other;
    auto handle = here.spawn(looks_for_long(one.get_future(), other.get_future()));
    here.run_ready();
    together([&] { one.set_value(1); }, [&] { other.set_value(2); });
    here.run_ready();
    check(!was_cancelled(handle, 7), "the wait ends");
  });
}

TEST(wait_claim, complete_against_cancel_of_a_wait_without_a_timer) {
  expect_holds(within(2), [] {
    silk::manual_runtime here(quiet());
    silk::promise<int> one, other;
    auto handle = here.spawn(looks_for_long(one.get_future(), other.get_future()));
    here.run_ready();
    bool accepted = false;
    together([&] { one.set_value(1); }, [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(accepted && was_cancelled(handle, 7),
          "a cancel that comes before the task goes on is seen");
  });
}

// ---- as_completed (completion_core's O4): a timeout, and a consumer on another worker ----

using outcomes_of_two = silk::completions<silk::future<int>>;

silk::task<int> looks_for_each(silk::future<int> one, silk::future<int> other,
                               std::optional<outcomes_of_two>& made) {
  std::vector<silk::future<int>> both{std::move(one), std::move(other)};
  made = silk::as_completed(std::move(both), {.timeout = 0us});
  co_return 0;
}

silk::task<int> takes_the_next(outcomes_of_two& completed, const silk::future<int>& pending) {
  try {
    auto done = co_await completed.next();
    co_return done->result();
  } catch (const silk::timeout_error&) {
    check(pending.waiting() == 0, "nobody waits for it once the time is up");
  }
  co_return 0;
}

TEST(wait_claim, a_consumer_meets_the_timeout_of_as_completed) {
  expect_holds(within(2, 1), [] {
    std::optional<outcomes_of_two> completed;
    silk::promise<int> one, never;
    auto pending = never.get_future();
    silk::manual_runtime here(quiet());
    const auto making = here.spawn(looks_for_each(one.get_future(), pending, completed));
    check(here.run_once() && making.done(), "the timeout is for the next turn");
    auto handle = here.spawn(takes_the_next(*completed, pending));
    second_worker other(here);
    together([&] { here.run_ready(); }, [&] { other.work(); });
    here.run_ready();
    check(!was_cancelled(handle, 0), "the time is up");
    completed.reset();
  });
}

}  // namespace
