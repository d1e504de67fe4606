#include "report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace silk::model {

namespace {

// All explorations of one test that were made in the same way.
struct row {
  std::string test;
  std::string bound;
  std::string result;
  std::uint64_t executions = 0;
  std::uint64_t given_up = 0;
  double seconds = 0;
};

std::vector<row>& rows() {
  static std::vector<row> all;
  return all;
}

void print(const row& each) {
  std::printf("%-80s %-12s %11llu %11llu %8.2f  %s\n", each.test.c_str(), each.bound.c_str(),
              static_cast<unsigned long long>(each.executions),
              static_cast<unsigned long long>(each.given_up), each.seconds, each.result.c_str());
}

class table final : public testing::Environment {
 public:
  void TearDown() override {
    if (rows().empty()) return;
    std::printf("\n%-80s %-12s %11s %11s %8s  %s\n", "test", "bound", "executions", "given up",
                "seconds", "result");
    row sum{.test = "all", .bound = "", .result = ""};
    std::size_t cut = 0;
    for (const row& each : rows()) {
      print(each);
      sum.executions += each.executions;
      sum.given_up += each.given_up;
      sum.seconds += each.seconds;
      cut += each.result == was_cut ? 1 : 0;
    }
    sum.result = std::to_string(cut) + " cut short";
    print(sum);
  }
  static constexpr const char* was_cut = "cut short";
};

[[maybe_unused]] const testing::Environment* const registered =
    testing::AddGlobalTestEnvironment(new table);

const char* setting(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != 0 ? text : nullptr;
}

std::string name_of_test() {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  return std::string(test.test_suite_name()) + "." + test.name();
}

// That the test which runs now has used up.
double seconds_of_test() {
  const std::string name = name_of_test();
  double sum = 0;
  for (const row& each : rows()) sum += each.test == name ? each.seconds : 0;
  return sum;
}

options as_set(options how) {
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
  const std::string name = name_of_test();
  const std::string bound = text_of(how);
  const bool joins = !rows().empty() && rows().back().test == name &&
                     rows().back().bound == bound && rows().back().result == result_text;
  if (!joins) rows().push_back({.test = name, .bound = bound, .result = result_text});
  row& last = rows().back();
  last.executions += found.executions;
  last.given_up += found.given_up;
  last.seconds += found.seconds;
}

}  // namespace

bool expect_holds(const options& how, const std::function<void()>& body) {
  options used = as_set(how);
  if (const char* text = setting("SILK_MODEL_SECONDS")) {
    used.seconds = std::max(0.0, std::atof(text) - seconds_of_test());
  }
  const result found = explore(used, body);
  const bool cut = used.mode == search::exhaustive && used.replay.empty() && !found.complete;
  const bool all_seen = used.mode == search::exhaustive && found.complete;
  note(used, found,
       found.failed ? "FAILED"
       : cut        ? table::was_cut
       : all_seen   ? "exhaustive"
                    : "sampled");
  EXPECT_FALSE(found.failed) << found.failure << "\n  schedule: " << found.schedule << "\n"
                             << found.trace;
  if (cut && !found.failed && setting("SILK_MODEL_SECONDS") == nullptr) {
    ADD_FAILURE() << "not all was explored";
  }
  return all_seen;
}

void expect_fails(const options& how, std::string_view what, const std::function<void()>& body) {
  const options used = as_set(how);
  const result found = explore(used, body);
  note(used, found, found.failed ? "fails, as it must" : "HOLDS");
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
