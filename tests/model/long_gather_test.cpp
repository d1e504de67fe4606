// fork_feeder's F6 to F8: the job that brings the children of a long range is stolen, taken back by the holder of
// the join token, or run by the loop; each child is made once or never, and the parent goes on once.
#include "task_fixture.hpp"

#include <ranges>

namespace {

using namespace silk::model::tasks;

// Who suspends: none, or of each chunk the first or the second one.
enum who : int { nobody = -1, the_first = 0, the_second = 1 };

// Plain fields on purpose: the range is read by one thread at a time, and the parent goes on after all.
struct family {
  int made = 0;
  int begun[6] = {0, 0, 0, 0, 0, 0};
  int ended[6] = {0, 0, 0, 0, 0, 0};
  int resumed = 0;
  int fails_at = -1;  // this one cannot be made
  int suspends = nobody;
  silk::event go_on;
};

silk::task<int> child(family& all, int number) {
  all.begun[number] += 1;
  if (number % 2 == all.suspends) co_await all.go_on.wait();
  all.ended[number] += 1;
  co_return number;
}

auto children_of(family& all, int count) {
  return std::views::iota(0, count) | std::views::transform([&all](int number) {
           if (number == all.fails_at) throw 1;
           check(all.made++ == number, "each child is made once, in order");
           return child(all, number);
         });
}

silk::task<int> parent_of(family& all, int count) {
  auto children = children_of(all, count);
  const std::vector<int> values = co_await silk::gather(children);
  for (int i = 0; i < count; ++i) {
    check(all.begun[i] == 1 && all.ended[i] == 1, "each child runs once, and has ended");
    check(values[static_cast<std::size_t>(i)] == i, "each child's value is in its place");
  }
  check(++all.resumed == 1, "the parent goes on once");
  co_return 7;
}

void run(int count, who suspends, unsigned thefts) {
  family all;
  all.suspends = suspends;
  silk::manual_runtime here(quiet());
  second_worker thief(here);
  auto handle = here.spawn(parent_of(all, count));
  together([&] { here.run_ready(); }, [&] { thief.steal(thefts); });
  all.go_on.set();
  here.run_ready();
  thief.work();
  here.run_ready();
  check(!was_cancelled(handle, 7) && all.resumed == 1, "the parent has gone on");
}

// Chunks of two: the second is the last one.
TEST(long_gather, of_two_chunks_of_which_the_second_may_be_stolen) {
  expect_holds(within(2), [] { run(4, nobody, 1); });
}

TEST(long_gather, of_two_chunks_that_suspend_of_which_the_second_may_be_stolen) {
  for (const who suspends : {the_first, the_second}) {
    expect_holds(within(2), [=] { run(4, suspends, 1); });
  }
}

TEST(long_gather, of_three_chunks_that_are_stolen_in_turn) {
  expect_holds(within(1), [] { run(6, nobody, 2); });
}

TEST(long_gather, of_three_chunks_that_suspend_and_are_stolen_in_turn) {
  expect_holds(within(1), [] { run(6, the_first, 2); });
}

// ---- those that are never made ----

TEST(long_gather, a_cancel_meets_the_one_who_makes_the_next_chunk) {
  expect_holds(within(1), [] {
    family all;
    all.suspends = the_first;  // for ever, but for the cancel
    silk::manual_runtime here(quiet());
    second_worker thief(here);
    auto handle = here.spawn(parent_of(all, 4));
    together([&] { here.run_ready(); }, [&] { thief.steal(1); }, [&] { handle.cancel(); });
    here.run_ready();
    thief.work();
    here.run_ready();
    check(was_cancelled(handle, 7), "whoever is there is told, and who is not is never made");
    for (int i = 0; i < 4; ++i) check(all.begun[i] <= 1 && all.ended[i] <= all.begun[i], "once");
    check(all.go_on.waiting() == 0, "nobody is in line");
  });
}

silk::task<int> parent_of_a_failure(family& all) {
  auto children = children_of(all, 4);
  int failure = 0;
  try {
    const std::vector<int> values = co_await silk::gather(children);
    check(values.empty(), "no values come out");
  } catch (int number) {
    failure = number;
  }
  check(failure == 1, "what the range threw comes out");
  for (int i = 0; i < 4; ++i) check(all.begun[i] == 0 || i < all.made, "only what was made runs");
  check(++all.resumed == 1, "the parent goes on once");
  co_return 7;
}

TEST(long_gather, a_range_that_throws_in_the_hands_of_a_thief_ends_the_gather) {
  for (const who suspends : {nobody, the_first}) {
    expect_holds(within(2), [=] {
      family all;
      all.fails_at = 3;
      all.suspends = suspends;
      silk::manual_runtime here(quiet());
      second_worker thief(here);
      auto handle = here.spawn(parent_of_a_failure(all));
      together([&] { here.run_ready(); }, [&] { thief.steal(1); });
      here.run_ready();
      thief.work();
      here.run_ready();
      check(!was_cancelled(handle, 7) && all.resumed == 1, "the parent has gone on");
    });
  }
}

}  // namespace
