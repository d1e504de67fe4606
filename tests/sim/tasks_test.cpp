// Trees of tasks that are spawned, awaited, cancelled and left, in every order.
#include "../programs/cancel_storm.hpp"
#include "../programs/destroy.hpp"
#include "../programs/fork_trees.hpp"
#include "../programs/gather_tree.hpp"
#include "../programs/promise_race.hpp"
#include "../programs/random_trees.hpp"
#include "../programs/spawn_storm.hpp"
#include "sim.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace silk_sim;
using handles = std::vector<silk::join_handle<void>>;

// Cancels one of them at a time.
void cancel_from_outside(std::shared_ptr<const handles> all, dice random) {
  if (all->empty()) return;
  const unsigned steps = random.below(1 + 2 * static_cast<unsigned>(all->size()));
  thread_of(steps, [all = std::move(all), random]() mutable {
    const auto& target = (*all)[random.below(static_cast<unsigned>(all->size()))];
    target.cancel(random.one_in(2) ? "from outside" : "");
  });
}

silk::task<> cancels_in_every_wait(dice random) {
  using namespace silk_stress::cancelling;
  auto all = std::make_shared<handles>();
  for (unsigned i = 1 + random.below(12); i > 0; --i)
    all->push_back(silk::spawn(patient(life(), random.another())));
  for (int t = 0; t < 2; ++t) cancel_from_outside(all, random.another());
  const auto inside = silk::spawn(canceller(life(), random.another(), all));
  if (random.one_in(4)) inside.cancel();
  co_await silk::gather_settled(*all);
  for (const auto& each : *all) expect(each.done());
}

silk::task<> trees_that_cancel_themselves(dice random) {
  using namespace silk_stress::cancelling;
  auto all = std::make_shared<handles>();
  for (unsigned i = 1 + random.below(8); i > 0; --i)
    all->push_back(silk::spawn(patient(life(), random.another())));
  silk::spawn(canceller(life(), random.another(), all));
  const auto members = [](std::shared_ptr<handles> of) -> silk::task<> {
    co_await silk::gather(*of);
  };
  const auto whole = silk::spawn(members, all);
  if (random.one_in(2)) co_await nap(random.another());
  whole.cancel("the whole");
  co_await silk::gather_settled(whole);
  co_await silk::gather_settled(*all);
}

silk::task<> gathers(dice random) {
  auto roots = std::make_shared<handles>();
  for (unsigned i = 1 + random.below(5); i > 0; --i)
    roots->push_back(silk::spawn(silk_stress::gathering::root(random.another(), 5)));
  cancel_from_outside(roots, random.another());
  co_await silk::gather_settled(*roots);
}

silk::task<> forks(dice random) {
  auto roots = std::make_shared<handles>();
  for (unsigned i = 1 + random.below(3); i > 0; --i)
    roots->push_back(silk::spawn(silk_stress::forking::root(random.another(), 5)));
  cancel_from_outside(roots, random.another());
  co_await silk::gather_settled(*roots);
}

silk::task<> sums(dice random) {
  using silk_stress::gathering::fib;
  const auto apart = silk::spawn(fib(10, random.another()));
  const auto [left, right] =
      co_await silk::gather(fib(11, random.another()), fib(9, random.another()));
  const std::uint64_t last = co_await apart;
  expect(left == 89 && right == 34 && last == 55);
}

silk::task<> spawns(dice random) {
  using silk_stress::spawning::bush;
  silk::runtime& here = silk::runtime::current();
  auto made = std::make_shared<std::vector<silk::join_handle<unsigned>>>();
  thread_of(random.below(4), [&here, made, mine = random.another()]() mutable {
    made->push_back(here.spawn(bush(life(), mine.another(), 3)));
  });
  for (unsigned i = 1 + random.below(4); i > 0; --i) {
    auto handle = silk::spawn(bush(life(), random.another(), 3));
    if (random.one_in(4)) continue;
    const unsigned size = co_await handle;
    expect(size >= 1);
  }
}

silk::task<> calls_back(dice random) {
  silk::runtime& here = silk::runtime::current();
  struct counts {
    int posted = 0, called = 0, taken_back = 0;
  };
  auto seen = std::make_shared<counts>();
  for (int t = 0; t < 2; ++t) {
    thread_of(random.below(6), [&here, seen, mine = random.another()]() mutable {
      const auto count = [seen, alive = std::make_shared<life>()] { ++seen->called; };
      ++seen->posted;
      const auto handle =
          mine.one_in(2) ? here.post(count) : here.call_after(microseconds(mine.below(300)), count);
      if (mine.one_in(2)) return;
      silk::testing::outside([seen, handle] { seen->taken_back += handle.cancel(); });
    });
  }
  co_await silk::sleep(1s);
  expect(seen->posted >= seen->called + seen->taken_back);
}

silk::task<> promises(dice random) {
  using namespace silk_stress::promising;
  auto made = std::make_shared<silk::promise<value>>();
  const silk::future<value> awaited = made->get_future();
  auto waiters = std::make_shared<handles>();
  for (unsigned i = random.below(5); i > 0; --i) {
    auto handle = silk::spawn(waiter(life(), random.another(), awaited));
    if (!random.one_in(4)) waiters->push_back(std::move(handle));
  }
  thread_of(1, [made = std::move(made), awaited, mine = random.another()]() mutable {
    complete(std::move(*made), mine);
    awaited.cancel();  // it is done: now its failure has been seen
  });
  cancel_from_outside(waiters, random.another());
  if (random.one_in(3)) silk::testing::outside([awaited] { awaited.cancel(); });
  if (random.one_in(2)) co_await silk::gather_settled(*waiters);
}

// Whatever is left then is cancelled, and cleans up.
silk::task<> leaves(dice random) {
  using silk_stress::leaving::tidy;
  silk::runtime& here = silk::runtime::current();
  for (unsigned i = random.below(10); i > 0; --i) {
    silk::spawn(tidy(life(), random.another()));
    if (random.one_in(4)) here.post([alive = std::make_shared<life>()] {});
    if (random.one_in(4)) here.call_after(1h, [alive = std::make_shared<life>()] {});
  }
  thread_of(random.below(4), [&here, mine = random.another()]() mutable {
    here.spawn(tidy(life(), mine.another()));
  });
  co_await nap(random.another());
}

silk::task<> grows(dice random) {
  using silk_stress::growing::tree;
  silk::runtime& here = silk::runtime::current();
  for (int t = 0; t < 2; ++t) {
    thread_of(random.below(4), [&here, mine = random.another()]() mutable {
      const auto handle = here.spawn(tree(life(), mine.another(), 4));
      if (mine.one_in(3)) silk::testing::outside([handle] { handle.cancel("from outside"); });
    });
  }
  if (random.one_in(2)) {
    const auto inside = silk::spawn(tree(life(), random.another(), 4));
    co_await silk::gather_settled(inside);
  }
  co_await nap(random.another());  // and the runtime goes
}

TEST(sim, random_trees) { explore("random_trees", grows); }
TEST(sim, cancel_storm) { explore("cancel_storm", cancels_in_every_wait); }
TEST(sim, cancel_storm_of_trees) { explore("cancel_storm_of_trees", trees_that_cancel_themselves); }
TEST(sim, cancel_storm_on_a_slow_machine) {
  explore("cancel_storm_on_a_slow_machine", cancels_in_every_wait,
          {.time = silk::testing::sim_time::at_any_moment});
}
TEST(sim, gather_tree) { explore("gather_tree", gathers, {.workers = 4}); }
TEST(sim, gather_sums) { explore("gather_sums", sums, {.workers = 4}); }
TEST(sim, fork_trees) { explore("fork_trees", forks); }
TEST(sim, spawn_storm) { explore("spawn_storm", spawns); }
TEST(sim, callbacks) { explore("callbacks", calls_back); }
TEST(sim, promise_race) { explore("promise_race", promises); }
TEST(sim, destroy) { explore("destroy", leaves); }

}  // namespace
