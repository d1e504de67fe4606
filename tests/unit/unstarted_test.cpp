// Debug mode tells of tasks that are destroyed without having been started.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

constexpr unsigned answers_line = __LINE__ + 1;
silk::task<int> answers(int n) { co_return n; }

class unstarted : public at_workers {
 protected:
  silk::runtime_options told_of_them(silk::debug_mode mode) {
    auto options = virtual_time(workers(), [this](const silk::failure& what) {
      EXPECT_NE(what.error, nullptr);
      journal_.add(std::string(what.coroutine));
      line_ = what.spawned_at.line();
    });
    options.debug = mode;
    return options;
  }
  journal journal_;
  std::atomic<unsigned> line_ = 0;
};
RUN_AT_1_2_AND_8_WORKERS(unstarted);

TEST_P(unstarted, is_reported_with_its_function) {
  silk::run(
      []() -> silk::task<> {
        {
          const auto forgotten = answers(1);
        }
        auto replaced = answers(2);
        replaced = answers(3);
        const int three = co_await std::move(replaced);
        EXPECT_EQ(three, 3);
      },
      told_of_them(silk::debug_mode::on));
  ASSERT_EQ(journal_.lines().size(), 2u);
  EXPECT_NE(journal_.lines()[0].find("answers"), std::string::npos) << journal_.lines()[0];
  EXPECT_EQ(line_, answers_line);
}

TEST_P(unstarted, is_nobodys_business_otherwise) {
  silk::run(
      []() -> silk::task<> {
        const auto forgotten = answers(1);
        co_return;
      },
      told_of_them(silk::debug_mode::off));
  EXPECT_TRUE(journal_.lines().empty());
}

TEST_P(unstarted, is_not_what_was_started_or_is_not_to_start) {
  silk::run(
      []() -> silk::task<> {
        const int one = co_await answers(1);
        auto moved = answers(2);
        auto taken = std::move(moved);
        const auto [two, three] = co_await silk::gather(std::move(taken), answers(3));
        EXPECT_EQ(one + two + three, 6);
        const auto handle = silk::spawn(answers(4));
        const int four = co_await handle;
        EXPECT_EQ(four, 4);
        bool late = false;
        try {
          co_await silk::with_timeout(0s, answers(5));
        } catch (const silk::timeout_error&) {
          late = true;
        }
        EXPECT_TRUE(late);
        const auto cancelled = silk::spawn(answers(6));
        cancelled.cancel();
      },
      told_of_them(silk::debug_mode::on));
  EXPECT_TRUE(journal_.lines().empty());
}

TEST(unstarted_outside, prints_a_line_while_a_runtime_is_debugged) {
  const auto printed = [] {
    testing::internal::CaptureStderr();
    {
      const auto forgotten = answers(1);
    }
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(printed(), "");
  {
    silk::runtime_options options = virtual_time(1);
    options.debug = silk::debug_mode::on;
    const silk::runtime runtime(options);
    const std::string line = printed();
    EXPECT_EQ(line.find("silk: nobody has started the work of coroutine '"), 0u) << line;
    EXPECT_NE(line.find("answers"), std::string::npos) << line;
    const std::string where = "unstarted_test.cpp:" + std::to_string(answers_line);
    EXPECT_NE(line.find(where + "): co_await it"), std::string::npos) << line;
  }
  EXPECT_EQ(printed(), "");
}

}  // namespace
