// I6: whatever one queue does, the others are served. With one worker, nobody can help out.
#include "../../scheduler/pool.hpp"
#include "pool_jobs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <ostream>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::job_list;
using silk::scheduler::pool;
using silk::test::function_job;
using silk::test::function_timer;
using silk::test::this_worker;

// How many jobs may go before one that waits: the queue may be full, and while there are forks it is
// served once in 61 turns.
constexpr int bound = 61 * 300;

enum class way { yields, hands_over, forks, schedules };

void reschedule(function_job& item, way how) {
  switch (how) {
    case way::yields:
      return this_worker().push_instead_of_me(item);
    case way::hands_over:
      return this_worker().push_first_instead_of_me(item);
    case way::forks:
      return this_worker().forks().push(item);
    case way::schedules:
      return this_worker().push(item);
  }
}

// Jobs that make themselves runnable again and again, until told to stop.
class hogs {
 public:
  hogs(way how, int count) : how_(how) {
    for (int i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<function_job>([this, i] {
        ++turns;
        if (!stopped && turns < limit) return reschedule(*all_[static_cast<std::size_t>(i)], how_);
        stopped = true;
      }));
    }
  }
  void start() {
    for (const auto& each : all_) reschedule(*each, how_);
  }

  static constexpr int limit = 10 * bound;  // enough for a test to fail instead of hanging
  std::atomic<int> turns{0};
  std::atomic<bool> stopped{false};

 private:
  way how_;
  std::vector<std::unique_ptr<function_job>> all_;
};

struct hog_kind {
  const char* name;
  way how;
  int count;
  friend void PrintTo(const hog_kind& kind, std::ostream* out) { *out << kind.name; }
};
constexpr hog_kind hog_kinds[] = {
    {"one_that_yields", way::yields, 1}, {"one_that_hands_over", way::hands_over, 1},
    {"one_that_forks", way::forks, 1},   {"one_that_schedules", way::schedules, 1},
    {"a_full_queue", way::yields, 256},  {"more_than_a_full_queue", way::schedules, 700},
};

class beside : public testing::TestWithParam<hog_kind> {
 protected:
  // Runs `begin` on the only worker and then the hogs; the job or timer that `begin` started calls
  // `served` when its turn comes.
  void expect_service(std::function<void()> begin) {
    function_job starter([&] {
      hogs_.start();
      begin();
    });
    engine_.schedule(starter);
    engine_.stop();
    EXPECT_TRUE(served_);
    EXPECT_LE(turns_before_, bound);
  }
  void served() {
    turns_before_ = hogs_.turns;
    served_ = true;
    hogs_.stopped = true;
  }

  hogs hogs_{GetParam().how, GetParam().count};
  bool served_ = false;
  int turns_before_ = 0;
  pool engine_{{.workers = 1}};
};
INSTANTIATE_TEST_SUITE_P(hogs, beside, testing::ValuesIn(hog_kinds),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(beside, a_job_in_the_queue_gets_its_turn) {
  function_job queued([&] { served(); });
  expect_service([&] { this_worker().push(queued); });
}

TEST_P(beside, a_job_from_outside_gets_its_turn) {
  function_job injected([&] { served(); });
  std::latch started{1}, scheduled{1};
  std::jthread outside([&] {
    started.wait();  // else the worker might take it together with the starter
    engine_.schedule(injected);
    scheduled.count_down();
  });
  expect_service([&] {
    started.count_down();
    scheduled.wait();
  });
}

TEST_P(beside, a_timer_gets_its_turn) {
  function_timer due([&] { served(); });
  expect_service([&] { due.arm_in(engine_, 0); });
}

TEST_P(beside, a_job_that_was_handed_something_gets_its_turn) {
  function_job handed([&] { served(); });
  expect_service([&] { this_worker().push_first(handed); });
}

// Many injected jobs and an endless forked computation at the same time.
TEST(fairness, a_flood_from_outside_does_not_starve_the_queue) {
  constexpr int flood = 5'000;
  hogs forks(way::forks, 1);
  std::vector<std::unique_ptr<function_job>> drops;
  int drops_run = 0, drops_before = -1;
  job_list all;
  for (int i = 0; i < flood; ++i) {
    drops.push_back(std::make_unique<function_job>([&] { ++drops_run; }));
    all.push_back(*drops.back());
  }
  pool engine({.workers = 1});
  function_job queued([&] {
    drops_before = drops_run;
    forks.stopped = true;
  });
  std::latch running{1}, scheduled{1};
  std::jthread outside([&] {
    running.wait();
    engine.schedule(all);
    scheduled.count_down();
  });
  function_job starter([&] {
    running.count_down();  // the only worker is ours until we return
    scheduled.wait();
    forks.start();
    this_worker().push(queued);
  });
  engine.schedule(starter);
  engine.stop();
  EXPECT_GE(drops_before, 0);
  EXPECT_LE(drops_before, 300);
  EXPECT_EQ(drops_run, flood);
}

// The slot is for a short chain of hand-overs; then the queue has its turn.
TEST(fairness, the_slot_is_served_a_few_times_in_a_row_only) {
  hogs pair(way::hands_over, 1);
  int turns_before = -1;
  pool engine({.workers = 1});
  function_job queued([&] {
    turns_before = pair.turns;
    pair.stopped = true;
  });
  function_job starter([&] {
    pair.start();
    this_worker().push(queued);
  });
  engine.schedule(starter);
  engine.stop();
  EXPECT_GE(turns_before, 1);
  EXPECT_LE(turns_before, 5);
}

// I9: one worker is stuck with a job in its queue, the other one is never idle.
TEST(fairness, a_busy_worker_takes_over_what_waits_behind_a_stuck_one) {
  std::latch ran{1}, ended{1};
  std::atomic<bool> over{false};
  pool engine({.workers = 2});
  function_job waiting([&] { ran.count_down(); });
  function_job busy([&] {
    if (!over) return this_worker().push_instead_of_me(busy);
    ended.count_down();
  });
  function_job stuck([&] {
    engine.schedule(busy);
    this_worker().push_instead_of_me(waiting);
    ran.wait();
    over = true;
  });
  engine.schedule(stuck);
  ended.wait();
}

TEST(fairness, every_yielding_job_gets_as_many_turns_as_the_others) {
  constexpr int jobs = 100, rounds = 500;
  std::vector<int> turns(jobs);
  std::vector<std::unique_ptr<function_job>> all;
  int most_ahead = 0;
  pool engine({.workers = 1});
  for (std::size_t i = 0; i < jobs; ++i) {
    all.push_back(std::make_unique<function_job>([&, i] {
      ++turns[i];
      most_ahead = std::max(most_ahead, turns[i] - turns[(i + 1) % jobs]);
      if (turns[i] < rounds) this_worker().push_instead_of_me(*all[i]);
    }));
  }
  job_list list;
  for (const auto& each : all) list.push_back(*each);
  engine.schedule(list);
  engine.stop();
  EXPECT_LE(most_ahead, 2);
  for (const int each : turns) EXPECT_EQ(each, rounds);
}

}  // namespace
