#include "report.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace silk::model {

namespace {

struct row {
  std::string test;
  std::string mode;
  std::uint64_t executions;
  std::uint64_t given_up;
  double seconds;
  const char* result;
};

std::vector<row>& rows() {
  static std::vector<row> all;
  return all;
}

class table final : public testing::Environment {
 public:
  void TearDown() override {
    if (rows().empty()) return;
    std::printf("\n%-72s %-12s %11s %11s %8s  %s\n", "test", "mode", "executions", "given up",
                "seconds", "result");
    for (const row& each : rows()) {
      std::printf("%-72s %-12s %11llu %11llu %8.2f  %s\n", each.test.c_str(), each.mode.c_str(),
                  static_cast<unsigned long long>(each.executions),
                  static_cast<unsigned long long>(each.given_up), each.seconds, each.result);
    }
  }
};

[[maybe_unused]] const testing::Environment* const registered =
    testing::AddGlobalTestEnvironment(new table);

const char* setting(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != 0 ? text : nullptr;
}

options as_set(options how) {
  if (const char* text = setting("SILK_MODEL_SECONDS")) how.seconds = std::atof(text);
  if (const char* text = setting("SILK_MODEL_PREEMPTIONS")) {
    how.preemptions = std::max(how.preemptions, static_cast<unsigned>(std::atoi(text)));
  }
  if (const char* text = setting("SILK_MODEL_REPLAY")) how.replay = text;
  return how;
}

std::string text_of(const options& how) {
  if (!how.replay.empty()) return "replay";
  switch (how.mode) {
    case search::random:
      return "random";
    case search::pct:
      return "pct " + std::to_string(how.depth);
    case search::exhaustive:
      break;
  }
  if (how.preemptions == search_tree::unbounded) return "all";
  return "all within " + std::to_string(how.preemptions);
}

void note(const options& how, const result& found, const char* result_text) {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test.test_suite_name()) + "." + test.name();
  rows().push_back(
      {name, text_of(how), found.executions, found.given_up, found.seconds, result_text});
}

}  // namespace

void expect_holds(const options& how, const std::function<void()>& body) {
  const options used = as_set(how);
  const result found = explore(used, body);
  const bool cut = used.mode == search::exhaustive && used.replay.empty() && !found.complete;
  note(used, found, found.failed ? "FAILED" : cut ? "cut short" : "holds");
  EXPECT_FALSE(found.failed) << found.failure << "\n  schedule: " << found.schedule << "\n"
                             << found.trace;
  if (cut && !found.failed && setting("SILK_MODEL_SECONDS") == nullptr) {
    ADD_FAILURE() << "not all was explored";
  }
}

void expect_fails(const options& how, std::string_view what, const std::function<void()>& body) {
  const options used = as_set(how);
  const result found = explore(used, body);
  note(used, found, found.failed ? "fails" : "HOLDS");
  ASSERT_TRUE(found.failed) << "expected: " << what;
  EXPECT_NE(found.failure.find(what), std::string::npos) << found.failure << "\n" << found.trace;
  options again = used;
  again.replay = found.schedule;
  const result replayed = explore(again, body);
  EXPECT_TRUE(replayed.failed);
  EXPECT_EQ(replayed.failure, found.failure);
  EXPECT_EQ(replayed.trace, found.trace);
}

}  // namespace silk::model
