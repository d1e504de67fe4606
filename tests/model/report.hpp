// report: model tests as GoogleTest sees them; what they explored, as a table at the end.
//
// In the environment:
//   SILK_MODEL_SECONDS=n      no test explores for longer; one that is cut short is no failure
//   SILK_MODEL_PREEMPTIONS=n  exhaustive ones allow that many, if that is more than the test asks for
//   SILK_MODEL_REPLAY=text    only this schedule, as a failure has printed it (with --gtest_filter)
#pragma once

#include "checker/explore.hpp"
#include "checker/sync.hpp"

#include <functional>
#include <string_view>

namespace silk::model {

// No execution may fail; if all are to be explored, all are. True: they were.
bool expect_holds(const options& how, const std::function<void()>& body);

// Some execution must fail with a message that contains `what`, and fail again when it is replayed.
void expect_fails(const options& how, std::string_view what, const std::function<void()>& body);

// The usual ways: all executions with few preemptions; many with any number.
inline options all_within(unsigned preemptions) {
  options how;
  how.preemptions = preemptions;
  return how;
}
inline options all() { return all_within(search_tree::unbounded); }
inline options some(search mode, std::uint64_t executions) {
  options how;
  how.mode = mode;
  how.executions = executions;
  return how;
}

}  // namespace silk::model
