// Timers that are due together, timeouts that race with what they limit, time that is computed beforehand.
#include "../programs/call_graph_storm.hpp"
#include "../programs/timer_storm.hpp"
#include "../programs/virtual_time.hpp"
#include "sim.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace silk_sim;
using silk::testing::sim_time;

silk::task<> sleeps(dice random) {
  using namespace silk_stress::timing;
  std::vector<silk::task<>> sleepers;
  for (unsigned i = 1 + random.below(20); i > 0; --i)
    sleepers.push_back(sleep_well(life(), random.another(), 4));
  co_await silk::gather(std::move(sleepers));
  expect(early == 0);
}

silk::task<> races(dice random) {
  using namespace silk_stress::timing;
  std::vector<silk::task<int>> all;
  for (unsigned i = 1 + random.below(10); i > 0; --i) {
    all.push_back(random.one_in(2) ? limited(life(), random.another())
                                   : limited_twice(life(), random.another()));
  }
  const std::vector<int> ends = co_await silk::gather(std::move(all));
  for (const int each : ends) expect(each == 1 || each == 2);
}

silk::task<> waits_with_limits(dice random) {
  using namespace silk_stress::timing;
  std::vector<silk::task<>> all;
  for (unsigned i = 1 + random.below(5); i > 0; --i)
    all.push_back(looks_at_the_clock(life(), random.another()));
  co_await silk::gather(std::move(all));
}

silk::task<> calls_later(dice random) {
  silk::runtime& here = silk::runtime::current();
  struct counts {
    int armed = 0, called = 0, taken_back = 0;
  };
  auto& seen = made<counts>();
  auto& all = made<std::vector<silk::callback_handle>>();
  threads outside;
  outside.start(random.below(20), [&, mine = random.another()]() mutable {
    ++seen.armed;
    const auto late = mine.one_in(4) ? 1h : silk::duration(microseconds(mine.below(200)));
    all.push_back(
        here.call_after(late, [&seen, alive = std::make_shared<life>()] { ++seen.called; }));
  });
  for (int t = 0; t < 2; ++t) {
    outside.start(random.below(20), [&, mine = random.another()]() mutable {
      if (all.empty()) return;
      seen.taken_back += all[mine.below(static_cast<unsigned>(all.size()))].cancel();
    });
  }
  co_await outside.join();
  co_await silk::sleep(2h);
  expect(seen.armed == seen.called + seen.taken_back);
}

silk::task<> keeps_to_a_plan(dice random) {
  using namespace silk_stress::planning;
  plan& whole = made<plan>(make_plan(random, 4));
  while (!is_certain(whole)) whole = make_plan(random, 4);
  co_await perform(life(), whole);
}

silk::task<> is_looked_at(dice random) {
  using namespace silk_stress::looking;
  silk::runtime& here = silk::runtime::current();
  auto& lock = made<silk::mutex>();
  auto first = std::make_shared<handles>();
  for (unsigned i = 1 + random.below(4); i > 0; --i)
    first->push_back(silk::spawn(looks_at_itself(life(), random.another())));
  auto& all = made<handles>(*first);
  for (unsigned i = 1 + random.below(8); i > 0; --i)
    all.push_back(silk::spawn(waits(life(), random.another(), first, lock)));
  threads outside;
  outside.start(random.below(10), [&here, &all, mine = random.another()]() mutable {
    static_cast<void>(silk::dump(here));
    const auto& one = all[mine.below(static_cast<unsigned>(all.size()))];
    static_cast<void>(silk::to_string(silk::capture_call_graph(one)));
    if (mine.one_in(2)) one.cancel("from outside");
  });
  co_await silk::gather_settled(all);
  co_await outside.join();
}

TEST(sim, timers) { explore("timers", sleeps); }
TEST(sim, timers_on_a_slow_machine) {
  explore("timers_on_a_slow_machine", sleeps, {.time = sim_time::at_any_moment});
}
TEST(sim, timeouts) { explore("timeouts", races); }
TEST(sim, timeouts_on_a_slow_machine) {
  explore("timeouts_on_a_slow_machine", races, {.time = sim_time::at_any_moment});
}
TEST(sim, waits_with_limits) { explore("waits_with_limits", waits_with_limits); }
TEST(sim, timed_callbacks) { explore("timed_callbacks", calls_later); }
TEST(sim, virtual_time) { explore("virtual_time", keeps_to_a_plan); }
TEST(sim, call_graph_storm) { explore("call_graph_storm", is_looked_at); }

}  // namespace
