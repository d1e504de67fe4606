#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

std::string reason_of(const silk::join_handle<>& handle) {
  try {
    handle.result();
  } catch (const silk::cancelled& stop) {
    return stop.reason();
  }
  return "not cancelled";
}

silk::task<> does_nothing() { co_return; }

silk::task<> cancels_itself(silk::join_handle<>& handle) {
  co_await silk::yield();  // until the spawner has the handle
  handle.cancel("first");
}

silk::task<> end_of(const silk::join_handle<>& handle) {
  const std::vector handles{handle};
  co_await silk::wait(handles);
}

// The end comes first: the task is cancelled before it runs, ends, and then somebody cancels again.
TEST(cancel_reason, of_a_task_that_never_began_is_not_changed_by_a_later_cancel) {
  silk::run(
      []() -> silk::task<> {
        const auto handle = silk::spawn(does_nothing());
        handle.cancel("first");
        co_await end_of(handle);
        EXPECT_FALSE(handle.cancel("second"));
        EXPECT_EQ(reason_of(handle), "first");
      },
      {.workers = 1});
}

TEST(cancel_reason, of_a_task_that_ended_without_seeing_the_cancel_is_not_changed_by_a_later_one) {
  silk::run(
      []() -> silk::task<> {
        silk::join_handle<> handle;
        handle = silk::spawn(cancels_itself(handle));
        co_await end_of(handle);
        EXPECT_FALSE(handle.cancel("second"));
        EXPECT_EQ(reason_of(handle), "first");
      },
      {.workers = 1});
}

}  // namespace
