// What plain functions find out about the task that calls them, when gather has moved it between threads.
#include "tasks_fixture.hpp"

#include <latch>
#include <vector>

namespace {

using namespace silk_tests;

// The first child blocks its worker until the second one runs on another: the second is stolen.
silk::task<> has_a_child_stolen() {
  std::latch stolen{1};
  const auto waits = [](std::latch& until) -> silk::task<> {
    until.wait();
    co_return;
  };
  const auto tells = [](std::latch& until) -> silk::task<> {
    until.count_down();
    co_return;
  };
  co_await silk::gather(waits(stolen), tells(stolen));
}

// The inner gather notes its parent as running; that is a child in the slots of the outer one, which
// are freed when the outer one ends.
TEST(running, is_never_a_child_that_has_ended) {
  silk::run(
      []() -> silk::task<> {
        const silk::task_ref self = silk::current_task();
        std::vector<silk::task<>> one;
        one.push_back(has_a_child_stolen());
        co_await silk::gather(std::move(one));
        EXPECT_EQ(silk::current_task(), self);
      },
      virtual_time(2));
}

}  // namespace
