// Shared by the tests of mutex, semaphore and the like: tasks wait on the only worker of a runtime, and
// the test acts on the primitive from its own thread, which is no worker.
#pragma once

#include "tasks_fixture.hpp"

#include <string>
#include <utility>

namespace silk_tests {

class turn_test : public testing::Test {
 protected:
  // When it returns the task has ended, or waits for something.
  template <class Body>
  auto start(Body body) {
    auto handle = runtime.spawn(std::move(body));
    settle();
    return handle;
  }
  // Tasks that were woken have run on, and those that they woke.
  void settle() {
    for (int i = 0; i < 5; ++i) let_run(runtime);
  }
  template <class T>
  std::string end_of(const silk::join_handle<T>& handle) {
    return told([&] { static_cast<void>(runtime.block_on(silk::future<T>(handle))); });
  }
  // Cancels a task between the moment when `wake` gives it its turn and the moment when it runs.
  template <class T, class Wake>
  void cancel_before_it_resumes(const silk::join_handle<T>& task, Wake wake) {
    const roadblock block(runtime);
    wake();
    EXPECT_TRUE(task.cancel("too late"));
    EXPECT_FALSE(task.done());
  }

  silk::runtime runtime{steady_time(1)};
};

}  // namespace silk_tests
