// Seeds that are explored until one fails, schedules that are shrunk, commands that run them again.
#include <silk/silk.hpp>
#include <silk/testing.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using silk::testing::explore;
using silk::testing::explore_options;
using silk::testing::sim_end;

// Reads, suspends, and writes what it read, and one more.
silk::task<> adds_one(int& balance) {
  const int seen = balance;
  co_await silk::sleep(1ms);
  balance = seen + 1;
}

silk::task<> loses_an_update() {
  int balance = 0;
  const auto two_steps = [&balance]() -> silk::task<> {
    co_await adds_one(balance);
    co_await silk::sleep(1ms);
  };
  const auto later = [&balance]() -> silk::task<> {
    co_await silk::sleep(1ms);
    co_await adds_one(balance);
  };
  co_await silk::gather(two_steps(), later());
  silk::testing::check(balance == 2, "an update was lost");
}

explore_options silently(std::uint64_t seeds = 1000) { return {.seeds = seeds, .to = nullptr}; }

TEST(explore, finds_nothing_where_nothing_is_wrong) {
  const auto report = explore([]() -> silk::task<> { co_await silk::sleep(1s); }, silently(50));
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.seeds, 50u);
  EXPECT_GT(report.steps, 100u);
  EXPECT_EQ(report.description(), "silk::testing: 50 seeds end well\n");
  EXPECT_EQ(report.failure.trace(), "");
  EXPECT_EQ(report.failure.schedule(), "-");
}

TEST(explore, finds_an_update_that_is_lost_across_an_await) {
  const auto report = explore(loses_an_update, silently());
  ASSERT_FALSE(report.ok());
  EXPECT_TRUE(report.failure.message.starts_with("an update was lost (")) << report.failure.message;
}

// Which of two tasks that were spawned comes first is nobody's promise.
TEST(explore, finds_an_order_that_was_taken_for_granted) {
  const auto report = explore(
      []() -> silk::task<> {
        std::string order;
        const auto adds = [&order](char name) -> silk::task<> {
          order += name;
          co_return;
        };
        const auto a = silk::spawn(adds('a'));
        const auto b = silk::spawn(adds('b'));
        co_await silk::gather(a, b);
        silk::testing::check(order == "ab");
      },
      silently());
  ASSERT_FALSE(report.ok());
  EXPECT_LE(report.failure.departures(), 3u);
}

TEST(explore, shrinks_to_what_is_needed) {
  const auto report = explore(
      []() -> silk::task<> {
        unsigned sum = 0;
        for (int i = 0; i < 30; ++i) {
          if (silk::testing::choose(4) == 3) ++sum;
          co_await silk::yield();
        }
        silk::testing::check(sum < 3);
      },
      silently());
  ASSERT_FALSE(report.ok());
  EXPECT_GT(report.departures, 10u);
  EXPECT_EQ(report.failure.departures(), 3u) << report.failure.schedule();
  EXPECT_GT(report.shrink_runs, 3u);
}

TEST(explore, leaves_a_schedule_as_it_is_when_told_so) {
  auto options = silently();
  options.shrink_runs = 0;
  const auto report = explore(loses_an_update, options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure.departures(), report.departures);
}

// The shortest schedule of all fails, too, but with another exception.
TEST(explore, keeps_the_way_of_failing_while_it_shrinks) {
  auto options = silently();
  const auto fails_in_two_ways = []() -> silk::task<> {
    if (silk::testing::choose(2) == 0) throw std::runtime_error("the usual way");
    co_await silk::yield();
    silk::testing::check(silk::testing::choose(3) != 2, "the other way");
  };
  while (!silk::testing::simulate(fails_in_two_ways, {.seed = options.each.seed})
              .message.starts_with("the other way"))
    ++options.each.seed;
  const auto report = explore(fails_in_two_ways, options);
  ASSERT_FALSE(report.ok());
  EXPECT_TRUE(report.failure.message.starts_with("the other way")) << report.failure.message;
  EXPECT_EQ(report.failure.schedule(), "p0:1,p1:2");
}

TEST(explore, notices_a_program_that_does_not_do_the_same_each_time) {
  int runs = 0;
  const auto report = explore(
      [&runs]() -> silk::task<> {
        for (int i = ++runs; i > 0; --i) co_await silk::sleep(1ms);
        silk::testing::check(runs != 3, "the third time");
      },
      silently());
  ASSERT_FALSE(report.ok());
  EXPECT_FALSE(report.repeats);
  EXPECT_TRUE(report.failure.message.starts_with("the third time"));
  EXPECT_NE(report.description().find("depends on more than its seed"), std::string::npos);
}

TEST(explore, begins_with_the_seed_that_it_is_given) {
  const auto first = explore(loses_an_update, silently());
  ASSERT_FALSE(first.ok());
  auto options = silently();
  options.each.seed = *first.seed + 1;
  const auto second = explore(loses_an_update, options);
  ASSERT_FALSE(second.ok());
  EXPECT_GT(*second.seed, *first.seed);
}

TEST(explore, stops_when_its_time_is_over) {
  auto options = silently(1'000'000'000);
  options.at_most = 1ns;
  EXPECT_EQ(explore([]() -> silk::task<> { co_return; }, options).seeds, 1u);
}

TEST(explore, tells_a_seed_that_simulate_fails_with) {
  const auto report = explore(loses_an_update, silently());
  ASSERT_FALSE(report.ok());
  const auto whole = silk::testing::simulate(loses_an_update, {.seed = *report.seed});
  EXPECT_EQ(whole.end, sim_end::failed);
  EXPECT_EQ(whole.departures(), report.departures);
  const auto less =
      silk::testing::simulate(loses_an_update, {.schedule = report.failure.schedule()});
  EXPECT_EQ(less.trace(), report.failure.trace());
}

// ---- what is printed, and read again ----

// A file in memory.
class paper {
 public:
  ~paper() {
    std::fclose(file_);
    std::free(text_);
  }
  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_ = open_memstream(&text_, &size_);
};

// In the environment as long as it lives.
class variable {
 public:
  variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~variable() { unsetenv(name_); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  const char* name_;
};

TEST(explore, prints_what_failed_and_how_to_see_it_again) {
  paper out;
  const auto report = explore(loses_an_update, {.name = "the bank's", .to = out.file()});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(out.text(), report.description());
  EXPECT_TRUE(out.text().starts_with("silk::testing: seed " + std::to_string(*report.seed) +
                                     " of 'the bank's' fails\n"));
  EXPECT_NE(out.text().find(report.failure.trace()), std::string::npos);
  const std::string command =
      "SILK_SIM_NAME='the bank'\\''s' SILK_SIM_SEED=" + std::to_string(*report.seed) +
      " SILK_SIM_SCHEDULE=" + report.failure.schedule() + " ";
  EXPECT_TRUE(report.command.starts_with(command)) << report.command;
}

TEST(explore, replays_what_the_environment_says) {
  const auto found = explore(loses_an_update, silently());
  ASSERT_FALSE(found.ok());
  paper out;
  const variable schedule("SILK_SIM_SCHEDULE", found.failure.schedule());
  const auto replayed = explore(loses_an_update, {.to = out.file()});
  EXPECT_EQ(replayed.seeds, 1u);
  EXPECT_EQ(replayed.failure.trace(), found.failure.trace());
  EXPECT_NE(out.text().find(found.failure.trace() + found.failure.message), std::string::npos);
}

TEST(explore, replays_a_seed_of_the_environment) {
  const auto found = explore(loses_an_update, silently());
  ASSERT_FALSE(found.ok());
  const variable seed("SILK_SIM_SEED", std::to_string(*found.seed));
  const auto replayed = explore(loses_an_update, silently());
  EXPECT_EQ(replayed.seeds, 1u);
  EXPECT_EQ(replayed.seed, found.seed);
  EXPECT_EQ(replayed.failure.departures(), found.departures);
}

TEST(explore, runs_as_many_seeds_as_the_environment_says) {
  const variable seeds("SILK_SIM_SEEDS", "3");
  EXPECT_EQ(explore([]() -> silk::task<> { co_return; }, silently()).seeds, 3u);
}

TEST(explore, does_nothing_when_another_exploration_is_asked_for) {
  const variable name("SILK_SIM_NAME", "another");
  const auto report = explore(loses_an_update, {.name = "this", .to = nullptr});
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.seeds, 0u);
}

TEST(explore, refuses_a_schedule_among_its_options) {
  auto options = silently();
  options.each.schedule = "-";
  EXPECT_THROW(explore(loses_an_update, options), std::invalid_argument);
}

TEST(explore, refuses_variables_that_it_cannot_read) {
  const variable seeds("SILK_SIM_SEEDS", "many");
  EXPECT_THROW(explore(loses_an_update, silently()), std::invalid_argument);
}

}  // namespace
