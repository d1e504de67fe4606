// A pool whose workers take turns on one thread: jobs and timers, without tasks.
#include "../../scheduler/simulator.hpp"

#include "../../scheduler/pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace {

using namespace silk::scheduler;

struct note : job {
  note(std::string& to, char which) : log(to), name(which) {
    run = [](job& self) noexcept {
      auto& here = static_cast<note&>(self);
      here.log += here.name;
    };
  }
  std::string& log;
  char name;
};

// Hears everything, and stops at a number of jobs.
class stage final : public simulator::audience, public drive_goal {
 public:
  explicit stage(decisions by, unsigned workers = 3, std::uint64_t most_steps = 1'000)
      : decisions_(std::move(by)),
        simulated(decisions_, *this, most_steps, simulator::time_moves::when_idle),
        on_this_thread_(simulated),
        pool({.workers = workers,
              .clock = clock_kind::virtual_time,
              .threads = threads::callers,
              .simulated_by = &simulated}) {}

  void runs(std::size_t worker, job&) noexcept override {
    ++jobs;
    workers.insert(worker);
  }
  void stole(std::size_t, std::size_t) noexcept override { ++thefts; }
  void called(std::uint64_t number) noexcept override { last_call = number; }
  void time_moved(std::uint64_t now) noexcept override { time = now; }
  void ended(drive_end how) noexcept override { end = how; }
  bool reached() noexcept override { return jobs >= wanted; }

  // Until so many jobs have run; how it ended instead, if it did.
  std::optional<drive_end> drive(unsigned until) {
    wanted = until;
    end.reset();
    EXPECT_TRUE(pool.take_seat());
    pool.drive(*this, no_deadline);
    pool.leave_seat();
    return end;
  }

 private:
  decisions decisions_;

 public:
  simulator simulated;

 private:
  simulator::at_work on_this_thread_;

 public:
  silk::scheduler::pool pool;
  unsigned jobs = 0, wanted = 0, thefts = 0;
  std::set<std::size_t> workers;
  std::uint64_t last_call = 0, time = 0;
  std::optional<drive_end> end;
};

TEST(simulator, runs_jobs_in_order_when_nothing_unusual_is_decided) {
  stage on((decisions(schedule())));
  std::string log;
  std::deque<note> jobs;
  for (const char name : {'a', 'b', 'c', 'd'}) on.pool.schedule(jobs.emplace_back(log, name));
  EXPECT_FALSE(on.drive(4));
  EXPECT_EQ(log, "abcd");
  EXPECT_EQ(on.workers.size(), 1u);
}

TEST(simulator, runs_each_job_once_whatever_is_decided) {
  std::set<std::string> orders;
  std::set<std::size_t> workers;
  unsigned thefts = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    stage on((decisions(seed)));
    std::string log;
    std::deque<note> jobs;
    for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'})
      on.pool.schedule(jobs.emplace_back(log, name));
    EXPECT_FALSE(on.drive(6));
    orders.insert(log);
    EXPECT_EQ(std::set<char>(log.begin(), log.end()).size(), 6u) << log;
    EXPECT_EQ(log.size(), 6u);
    workers.insert(on.workers.begin(), on.workers.end());
    thefts += on.thefts;
  }
  EXPECT_GT(orders.size(), 20u);
  EXPECT_EQ(workers.size(), 3u);
  EXPECT_GT(thefts, 0u);
}

TEST(simulator, says_when_nothing_can_run) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    stage on((decisions(seed)));
    EXPECT_EQ(on.drive(1), drive_end::stuck);
  }
}

TEST(simulator, says_when_something_can_run_and_nobody_was_told) {
  stage on((decisions(1)));
  EXPECT_EQ(on.drive(1), drive_end::stuck);  // all sleep now
  std::string log;
  note forgotten(log, 'a');
  on.pool.at(1).forks().push(forgotten);  // and no notify
  EXPECT_EQ(on.drive(1), drive_end::lost_wake);
  on.pool.stop();
  EXPECT_EQ(log, "a");
}

TEST(simulator, says_when_it_takes_too_long) {
  stage on(decisions(1), 3, 20);
  struct again : job {
    silk::scheduler::pool* to = nullptr;
  } endless;
  endless.to = &on.pool;
  endless.run = [](job& self) noexcept { static_cast<again&>(self).to->schedule(self); };
  on.pool.schedule(endless);
  EXPECT_EQ(on.drive(1'000), drive_end::too_long);
  EXPECT_EQ(on.simulated.steps(), 20u);
  endless.run = [](job&) noexcept {};
  on.pool.stop();  // while the job is there
}

TEST(simulator, lets_time_jump_when_all_sleep) {
  stage on((decisions(3)));
  std::string log;
  note late(log, 'l');
  timer_node timer;
  timer.on_fire = &late;
  timer.deadline = 5'000;
  on.pool.prepare_timer(timer);
  EXPECT_EQ(on.pool.arm(timer, pool::then::runs_on), arm_result::armed);
  EXPECT_FALSE(on.drive(1));
  EXPECT_EQ(on.time, 5'000u);
}

TEST(simulator, makes_calls_outside_of_every_worker) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    stage on((decisions(seed)));
    struct call : job {
      bool was_worker = true;
      silk::scheduler::pool* to = nullptr;
      job* then = nullptr;
    } made;
    std::string log;
    note after(log, 'a');
    made.to = &on.pool;
    made.then = &after;
    made.run = [](job& self) noexcept {
      auto& here = static_cast<call&>(self);
      here.was_worker = current_worker() != nullptr;
      here.to->schedule(*here.then);
    };
    EXPECT_EQ(on.simulated.add_call(made, simulator::time_is::held), 1u);
    EXPECT_FALSE(on.drive(1));
    EXPECT_EQ(on.last_call, 1u);
    EXPECT_FALSE(made.was_worker);
    EXPECT_FALSE(on.simulated.has_calls());
    EXPECT_FALSE(on.simulated.met_foreign_threads());
  }
}

}  // namespace
