// Cancels that meet scopes, gathers and groups in ways in which one was lost once.
#include "sim.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk_sim;
using handle = silk::join_handle<>;

silk::task<> awaits(handle other) { co_await other; }
silk::task<> returns() { co_return; }
silk::task<> long_sleep() { co_await silk::sleep(1h); }
silk::task<> fails_soon() {
  co_await silk::sleep(1ms);
  throw failure_by_design();
}

// Spawns it, and waits until it has ended. It cancels itself while it runs: the cancel is pending then.
template <class Body>
silk::task<> cancels_itself_before(Body body) {
  auto& self = made<handle>();
  self = silk::spawn([&self, body]() -> silk::task<> {
    co_await silk::yield();
    silk::testing::check(self.cancel());
    co_await body();
  });
  co_await silk::gather_settled(self);
  silk::testing::check(self.is_cancelled(), "it was cancelled before");
}

// ---- pending when a scope is entered, whose own reason comes later ----

silk::task<> cleans_up_slowly() {
  bool stopped = false;
  try {
    co_await long_sleep();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (!stopped) co_return;
  co_await silk::sleep(2s);
  throw silk::cancelled("cleaned up");
}

silk::task<> into_a_timeout(dice) {
  const handle slow = silk::spawn(cleans_up_slowly());
  co_await silk::yield();
  co_await cancels_itself_before(
      [&]() -> silk::task<> { co_await silk::with_timeout(1s, awaits(slow)); });
}

silk::task<> into_a_group(dice) {
  const auto group_that_stops = []() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      group.cancel();
      co_await silk::sleep(1s);
    });
  };
  co_await cancels_itself_before(group_that_stops);
}

TEST(sim, cancel_pending_into_a_timeout) {
  explore("cancel_pending_into_a_timeout", into_a_timeout);
}
TEST(sim, cancel_pending_into_a_group) { explore("cancel_pending_into_a_group", into_a_group); }

// ---- pending further out, in a scope whose inside has not waited ----

silk::task<> into_a_gather(dice) {
  auto& came_out = made<bool>(false);
  const auto gathers = [&]() -> silk::task<> {
    co_await silk::gather(returns(), returns());
    came_out = true;
  };
  co_await cancels_itself_before(
      [&]() -> silk::task<> { co_await silk::with_timeout(1h, gathers()); });
  silk::testing::check(!came_out, "docs/cancellation.md: w8c");
}

silk::task<> into_an_expired_scope(dice) {
  auto& timed_out = made<bool>(false);
  const auto enters = [&]() -> silk::task<> {
    silk::timeout_scope late(-1s);
    try {
      co_await late.run(long_sleep());
    } catch (const silk::timeout_error&) {
      timed_out = true;
    }
  };
  co_await cancels_itself_before(
      [&]() -> silk::task<> { co_await silk::with_timeout(1h, enters()); });
  silk::testing::check(!timed_out, "docs/cancellation.md: t3, t5");
}

TEST(sim, cancel_pending_around_a_gather) {
  explore("cancel_pending_around_a_gather", into_a_gather);
}
TEST(sim, cancel_pending_around_a_scope) {
  explore("cancel_pending_around_a_scope", into_an_expired_scope);
}

// ---- comes to a task that runs inside of two scopes, where nothing has waited ----

silk::task<> into_the_inner_scope(dice) {
  auto& self = made<handle>();
  auto& came_out = made<bool>(false);
  const auto is_cancelled = [&]() -> silk::task<> {
    silk::testing::check(self.cancel());
    co_return;
  };
  const auto has_a_timeout = [&]() -> silk::task<> {
    co_await silk::with_timeout(1h, is_cancelled());
    came_out = true;
  };
  self = silk::spawn([&]() -> silk::task<> {
    co_await silk::with_task_group([&](silk::task_group&) { return has_a_timeout(); });
  });
  co_await silk::gather_settled(self);
  silk::testing::check(self.is_cancelled() && !came_out, "docs/cancellation.md: t3");
}

silk::task<> into_a_gather_in_a_scope(dice) {
  auto& self = made<handle>();
  auto& came_out = made<bool>(false);
  const auto is_cancelled = [&]() -> silk::task<> {
    silk::testing::check(self.cancel());
    co_return;
  };
  const auto gathers = [&]() -> silk::task<> {
    co_await silk::gather(is_cancelled(), returns());
    came_out = true;
  };
  self = silk::spawn([&]() -> silk::task<> { co_await silk::with_timeout(1h, gathers()); });
  co_await silk::gather_settled(self);
  silk::testing::check(self.is_cancelled() && !came_out, "docs/cancellation.md: w8");
}

// ---- is thrown by a plain function ----

silk::task<> forks_in_a_group(dice) {
  const auto forks = [](silk::task_group& group) -> silk::task<> {
    group.cancel();
    silk::fork_join([] {}, [] {}, [] {});
    co_return;
  };
  co_await cancels_itself_before([&]() -> silk::task<> { co_await silk::with_task_group(forks); });
}

TEST(sim, cancel_thrown_by_a_fork) { explore("cancel_thrown_by_a_fork", forks_in_a_group); }

// ---- a scope's own, given back by a scope inside of it ----

silk::task<> fails_when_told(silk::timeout_scope& around) {
  around.reschedule(silk::time_point::min());
  throw failure_by_design();
  co_return;
}

silk::task<> swallows_two(handle& self, silk::timeout_scope& around, bool& went_on) {
  silk::testing::check(self.cancel());
  bool stopped = false;
  try {
    co_await long_sleep();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  const unsigned left = co_await silk::this_task::uncancel();
  silk::testing::check(stopped && left == 0);
  try {
    co_await silk::with_timeout(2h, fails_when_told(around));
  } catch (const failure_by_design&) {
    went_on = true;
  }
}

silk::task<> given_back_to_a_scope(dice) {
  auto& self = made<handle>();
  auto& went_on = made<bool>(false);
  self = silk::spawn([&]() -> silk::task<> {
    silk::timeout_scope around(std::nullopt);
    co_await around.run(swallows_two(self, around, went_on));
  });
  co_await silk::gather_settled(self);
  silk::testing::check(went_on && !self.is_cancelled(), "docs/cancellation.md: t4");
}

TEST(sim, cancel_given_back_to_a_scope) {
  explore("cancel_given_back_to_a_scope", given_back_to_a_scope);
}

// ---- pending further out when a condition is waited for ----

silk::task<> keeps_the_lock(dice) {
  auto& changed = made<silk::condition>();
  auto& lost_it = made<bool>(false);
  const auto waits = [&]() -> silk::task<> { co_await changed.wait(); };
  co_await changed.lock();
  const handle other = silk::spawn([&]() -> silk::task<> {
    co_await changed.lock();
    lost_it = true;
    changed.unlock();
  });
  co_await silk::yield();
  co_await cancels_itself_before([&]() -> silk::task<> {
    try {
      co_await silk::with_timeout(1h, waits());
    } catch (const silk::cancelled&) {
      silk::testing::check(changed.is_locked() && !lost_it, "docs/cancellation.md: w12c");
      throw;
    }
  });
  changed.unlock();
  co_await other;
}

TEST(sim, cancel_pending_around_a_condition) {
  explore("cancel_pending_around_a_condition", keeps_the_lock);
}

TEST(sim, cancel_into_the_inner_scope) {
  explore("cancel_into_the_inner_scope", into_the_inner_scope);
}
TEST(sim, cancel_into_a_gather_in_a_scope) {
  explore("cancel_into_a_gather_in_a_scope", into_a_gather_in_a_scope);
}

// ---- a gather of tasks and handles that is cancelled because a sibling of it failed ----

template <bool InAGroup>
silk::task<> sibling_fails(dice) {
  const handle other = silk::spawn(long_sleep());
  const auto gathers = [&]() -> silk::task<> { co_await silk::gather(long_sleep(), other); };
  const auto group_of_both = [&](silk::task_group& group) -> silk::task<> {
    group.spawn(gathers);
    group.spawn(fails_soon());
    co_return;
  };
  try {
    if (InAGroup) {
      co_await silk::with_task_group(group_of_both);
    } else {
      co_await silk::gather(gathers(), fails_soon());
    }
  } catch (const failure_by_design&) {
  } catch (const silk::exception_group&) {
  }
  co_await silk::yield();
  silk::testing::check(other.is_cancelled(), "the inner gather is cancelled as a whole");
}

TEST(sim, cancel_of_a_gather_by_a_sibling) {
  explore("cancel_of_a_gather_by_a_sibling", sibling_fails<false>);
}
TEST(sim, cancel_of_a_gather_by_a_group) {
  explore("cancel_of_a_gather_by_a_group", sibling_fails<true>);
}

// ---- begins inside of a group's child, and comes back to it through the group's owner ----

silk::task<> stops_waiting_for(handle& owner) {
  try {
    co_await silk::with_timeout(1ms, awaits(owner));
  } catch (const silk::timeout_error&) {
  }
  co_await long_sleep();
}

silk::task<> fails_beside_waiting_for(handle& owner) {
  try {
    co_await silk::gather(awaits(owner), fails_soon());
  } catch (const failure_by_design&) {
  }
  co_await long_sleep();
}

template <silk::task<> (*Child)(handle&)>
silk::task<> comes_back(dice) {
  auto& owner = made<handle>();
  const auto owns = [&owner]() -> silk::task<> {
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(Child(owner));
      co_return;
    });
  };
  owner = silk::spawn(owns);
  const silk::time_point start = silk::now();
  co_await silk::gather_settled(owner);
  silk::testing::check(owner.is_cancelled());
  silk::testing::check(silk::now() - start < 1min, "all children of a cancelled group are told");
}

TEST(sim, cancel_comes_back_to_a_timeout) {
  explore("cancel_comes_back_to_a_timeout", comes_back<stops_waiting_for>);
}
TEST(sim, cancel_comes_back_to_a_gather) {
  explore("cancel_comes_back_to_a_gather", comes_back<fails_beside_waiting_for>);
}

}  // namespace
