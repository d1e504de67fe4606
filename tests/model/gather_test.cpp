// Design invariant 3 (fork_group's F1 to F4): the parent of a gather is resumed once, after all that its
// children wrote is visible, whichever of them are stolen, suspended or cancelled.
#include "outcomes.hpp"
#include "task_fixture.hpp"

namespace {

using namespace silk::model::tasks;

// Plain fields on purpose: if the parent went on before a child has ended, they would race.
struct family {
  int written[3] = {0, 0, 0};
  int resumed = 0;
  silk::event go_on;
};

enum class child_kind : std::uint8_t { ends, suspends, fails };

silk::task<int> child(family& all, int number, child_kind kind) {
  all.written[number] = 1;
  if (kind == child_kind::suspends) co_await all.go_on.wait();
  if (kind == child_kind::fails) throw number;
  all.written[number] = 2;
  co_return number;
}

silk::task<int> parent_of_two(family& all, child_kind first, child_kind second) {
  const auto [a, b] = co_await silk::gather(child(all, 0, first), child(all, 1, second));
  check(a == 0 && b == 1, "each child's value is in its place");
  check(all.written[0] == 2 && all.written[1] == 2, "both have ended");
  check(++all.resumed == 1, "the parent goes on once");
  co_return 7;
}

silk::task<int> parent_of_three(family& all, child_kind first, child_kind second,
                                child_kind third) {
  const auto [a, b, c] =
      co_await silk::gather(child(all, 0, first), child(all, 1, second), child(all, 2, third));
  check(a == 0 && b == 1 && c == 2, "each child's value is in its place");
  check(all.written[0] + all.written[1] + all.written[2] == 6, "all have ended");
  check(++all.resumed == 1, "the parent goes on once");
  co_return 7;
}

// Runs the parent on one worker while another one steals from it. Those that suspend are let go on by
// whoever is last; the number of children stolen is written to `stolen`.
template <class Parent>
void run(Parent parent, unsigned children, unsigned& stolen) {
  family all;
  silk::manual_runtime here(quiet());
  second_worker thief(here);
  auto handle = here.spawn(parent(all));
  together([&] { here.run_ready(); }, [&] { thief.steal(children - 1); });
  all.go_on.set();
  here.run_ready();
  check(!was_cancelled(handle, 7) && all.resumed == 1, "the parent has gone on");
  stolen = thief.stolen();
}

// Each number of children that may be stolen is met, in one execution or another.
template <class Parent>
void any_may_be_stolen(Parent parent, unsigned children) {
  struct counts final : silk::model::listener {
    void completed() override { seen.add({static_cast<int>(stolen)}); }
    unsigned stolen = 0;
    silk::model::outcomes seen;
  } counted;
  silk::model::options how = within(2);
  how.listens = &counted;
  const bool all_seen = expect_holds(how, [&] { run(parent, children, counted.stolen); });
  if (all_seen) {
    EXPECT_EQ(counted.seen.count(), children) << "none, or one, or all but the first";
  }
}

constexpr child_kind kinds[] = {child_kind::ends, child_kind::suspends};

TEST(gather_join, of_two_children_that_may_be_stolen_and_may_suspend) {
  for (const child_kind first : kinds) {
    for (const child_kind second : kinds) {
      any_may_be_stolen([=](family& all) { return parent_of_two(all, first, second); }, 2);
    }
  }
}

TEST(gather_join, of_three_children_that_may_be_stolen_and_may_suspend) {
  for (const child_kind first : kinds) {
    for (const child_kind second : kinds) {
      for (const child_kind third : kinds) {
        any_may_be_stolen([=](family& all) { return parent_of_three(all, first, second, third); },
                          3);
      }
    }
  }
}

// ---- children that go on, on another thread than the one that has entered them ----

TEST(gather_join, of_a_child_that_goes_on_while_the_other_one_ends_elsewhere) {
  expect_holds(within(2), [] {
    family all;
    silk::manual_runtime here(quiet());
    second_worker thief(here);
    auto handle = here.spawn(parent_of_two(all, child_kind::suspends, child_kind::ends));
    together([&] { here.run_ready(); },
             [&] {
               thief.steal(1);
               all.go_on.set();
             });
    here.run_ready();
    check(!was_cancelled(handle, 7) && all.resumed == 1, "the parent has gone on");
  });
}

// ---- failure and cancellation ----

silk::task<int> parent_of_a_failure(family& all, child_kind first) {
  int failure = -1;
  try {
    const auto [a, b] =
        co_await silk::gather(child(all, 0, first), child(all, 1, child_kind::fails));
    check(a + b < 0, "no values come out");
  } catch (int number) {
    failure = number;
  }
  check(failure == 1, "the failure comes out");
  check(++all.resumed == 1, "the parent goes on once");
  co_return 7;
}

TEST(gather_join, a_failure_cancels_the_sibling_and_waits_for_it) {
  for (const child_kind first : kinds) {
    expect_holds(within(2), [=] {
      family all;
      silk::manual_runtime here(quiet());
      second_worker thief(here);
      auto handle = here.spawn(parent_of_a_failure(all, first));
      together([&] { here.run_ready(); }, [&] { thief.steal(1); });
      here.run_ready();
      check(!was_cancelled(handle, 7) && all.resumed == 1, "the parent has gone on");
      check(all.go_on.waiting() == 0, "nobody is in line");
    });
  }
}

TEST(gather_join, a_cancel_meets_the_children_that_end) {
  expect_holds(within(2), [] {
    family all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(parent_of_two(all, child_kind::suspends, child_kind::ends));
    here.run_ready();
    bool accepted = false;
    together(
        [&] {
          all.go_on.set();
          here.run_ready();
        },
        [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(was_cancelled(handle, 7) == accepted, "an accepted cancel is the outcome");
  });
}

TEST(gather_join, a_cancel_meets_the_children_that_suspend) {
  expect_holds(within(2), [] {
    family all;
    silk::manual_runtime here(quiet());
    auto handle = here.spawn(parent_of_two(all, child_kind::suspends, child_kind::suspends));
    bool accepted = false;
    together([&] { here.run_ready(); }, [&] { accepted = handle.cancel(); });
    here.run_ready();
    check(accepted && was_cancelled(handle, 7), "the parent is cancelled");
    check(all.go_on.waiting() == 0 && all.resumed == 0, "nobody is in line");
  });
}

}  // namespace
