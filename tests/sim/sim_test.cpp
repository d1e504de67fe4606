// What all simulated programs have in common, and the table of what was run.
#include "sim.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

namespace silk_sim {

namespace {

std::vector<silk::testing::explore_report> explored;
std::vector<std::shared_ptr<void>> kept;  // of the run

class table : public testing::Environment {
 public:
  void TearDown() override {
    if (explored.empty()) return;
    std::printf("%-34s %8s %12s %9s %9s\n", "program", "seeds", "steps", "seconds", "seeds/s");
    row("all", sum());
    for (const auto& each : explored) row(each.name.c_str(), each);
  }

 private:
  static silk::testing::explore_report sum() {
    silk::testing::explore_report all;
    for (const auto& each : explored) {
      all.seeds += each.seeds;
      all.steps += each.steps;
      all.took += each.took;
    }
    return all;
  }
  static void row(const char* name, const silk::testing::explore_report& of) {
    const double seconds = std::chrono::duration<double>(of.took).count();
    std::printf("%-34s %8llu %12llu %9.2f %9.0f\n", name, static_cast<unsigned long long>(of.seeds),
                static_cast<unsigned long long>(of.steps), seconds,
                static_cast<double>(of.seeds) / seconds);
  }
};

// The same seed is the same trace, byte for byte, and so is the schedule of its run.
void replay(const silk::testing::program& what, silk::testing::sim_options each) {
  for (each.seed = 0; each.seed < 10; ++each.seed) {
    const auto first = silk::testing::simulate(what, each);
    EXPECT_EQ(silk::testing::simulate(what, each).trace(), first.trace()) << "seed " << each.seed;
    silk::testing::sim_options by_schedule = each;
    by_schedule.schedule = first.schedule();
    EXPECT_EQ(silk::testing::simulate(what, by_schedule).trace(), first.trace())
        << "seed " << each.seed;
  }
}

const auto* const environment = testing::AddGlobalTestEnvironment(new table);

}  // namespace

void keep(std::shared_ptr<void> until_the_end) { kept.push_back(std::move(until_the_end)); }

void explore(const char* name, program what, how by) {
  std::uint64_t alive = 0;  // before the run: what other failures have left behind
  const auto whole = [&alive, what]() -> silk::task<> {
    // Of a run that got stuck: its tasks are never destroyed, nor what they use.
    if (!kept.empty()) static_cast<void>(new std::vector(std::exchange(kept, {})));
    alive = life::begun - life::ended;
    co_await what(dice(silk::testing::choose(1u << 31)));
  };
  const auto at_end = [&alive] {
    kept.clear();
    expect(life::begun - life::ended == alive);
  };
  const silk::testing::sim_options each = {.workers = by.workers,
                                           .time = by.time,
                                           .on_failure = [](const silk::failure&) {},
                                           .at_end = at_end};
  const auto report = silk::testing::explore(whole, {.name = name, .seeds = 200, .each = each});
  if (report.seeds > 1) replay(whole, each);
  EXPECT_TRUE(report.ok());
  if (report.seeds != 0) explored.push_back(report);
}

}  // namespace silk_sim
