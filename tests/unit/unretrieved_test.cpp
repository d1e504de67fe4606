// Failures that nobody looked at reach the runtime's handler, once, with name and place.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::told_of;
using silk_tests::virtual_time;

silk::task<> fail() {
  co_await silk::yield();
  throw std::runtime_error("boom");
}

class unretrieved : public silk_tests::at_workers {
 protected:
  template <class Body>
  void run_and_listen(Body body) {
    silk::run(std::move(body), virtual_time(workers(), [this](const silk::failure& what) {
                reports_.add(told_of(what.error) + " of " + std::string(what.task_name) +
                             " at line " + std::to_string(what.spawned_at.line()));
              }));
  }
  std::vector<std::string> reports() const { return reports_.lines(); }

 private:
  silk_tests::journal reports_;
};
RUN_AT_1_2_AND_8_WORKERS(unretrieved);

TEST_P(unretrieved, failure_reaches_the_handler_with_name_and_place) {
  unsigned line = 0;
  run_and_listen([&]() -> silk::task<> {
    line = std::source_location::current().line() + 1;
    silk::spawn(silk::spawn_options{.name = "careless"}, fail());
    co_await silk::sleep(std::chrono::seconds(1));
  });
  const std::string expected = "boom of careless at line " + std::to_string(line);
  EXPECT_EQ(reports(), std::vector{expected});
}

TEST_P(unretrieved, failure_is_reported_when_the_last_handle_goes) {
  run_and_listen([&]() -> silk::task<> {
    silk::join_handle<> handle = silk::spawn(fail());
    const silk::future<> other = handle;
    co_await silk::sleep(std::chrono::seconds(1));
    EXPECT_TRUE(handle.done());
    handle = {};
    EXPECT_TRUE(reports().empty());
  });
  EXPECT_EQ(reports().size(), 1u);
}

TEST_P(unretrieved, failure_is_not_reported_once_somebody_looked) {
  run_and_listen([]() -> silk::task<> {
    const silk::join_handle<> awaited = silk::spawn(fail());
    const silk::join_handle<> asked = silk::spawn(fail());
    const silk::join_handle<> gathered = silk::spawn(fail());
    static_cast<void>(co_await ending(awaited));
    co_await silk::sleep(std::chrono::seconds(1));
    EXPECT_NE(asked.exception(), nullptr);
    static_cast<void>(co_await ending(
        [](silk::future<> f) -> silk::task<> { co_await silk::gather(f); }(gathered)));
  });
  EXPECT_TRUE(reports().empty());
}

TEST_P(unretrieved, cancellation_is_no_failure) {
  run_and_listen([]() -> silk::task<> {
    silk::spawn([]() -> silk::task<> {
      throw silk::cancelled();
      co_return;
    });
    silk::spawn([]() -> silk::task<> { co_await silk::sleep(std::chrono::hours(1)); }).cancel();
    co_await silk::sleep(std::chrono::seconds(1));
  });
  EXPECT_TRUE(reports().empty());
}

}  // namespace
