// A row of the area `task`, about fatal exceptions: silk::fatal is what is no Exception but a
// BaseException in Python. More rows: run_fatal_test.cpp, task_group_fatal_test.cpp.
#include "row.hpp"

#include <atomic>
#include <thread>

namespace {

using namespace silk_conformance;

silk::task<> quits_when_cancelled() {
  bool stopped = false;
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) throw quit();
}

ROW(task, fatal_exception_escapes_run) {
  const auto caller = std::this_thread::get_id();
  silk::join_handle<> thrower;
  const auto expect_quit = [&](auto program) {
    try {
      run(program);
      ADD_FAILURE() << "run has returned";
    } catch (const quit&) {
      EXPECT_EQ(std::this_thread::get_id(), caller);
    }
    EXPECT_EQ(told_of(thrower.exception()), "quit");
  };
  expect_quit([&]() -> silk::task<> {
    thrower = silk::spawn(quits());
    co_await never_ends();
  });
  expect_quit([&]() -> silk::task<> {
    thrower = silk::spawn(quits_when_cancelled());
    co_await at_rest();
    thrower.cancel();
    co_await never_ends();
  });
  // Whoever awaits the task does not keep it from leaving run.
  expect_quit([&]() -> silk::task<> {
    thrower = silk::spawn(quits());
    co_await ending(thrower);
  });
}

}  // namespace
