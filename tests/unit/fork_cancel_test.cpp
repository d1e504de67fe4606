// A cancel of the task that calls fork_join or parallel_for.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/fork_join.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

namespace {

using namespace silk_tests;

class fork_cancel : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(fork_cancel);

[[noreturn]] void forks_for_ever() {
  for (;;) forks_nothing();
}

// Runs `call` in a task that cancels itself just before.
template <class F>
silk::task<> cancelled_before(F call) {
  silk::join_handle<void> itself;
  silk::latch ready(1);
  itself = silk::spawn([&]() -> silk::task<> {
    co_await ready.wait();
    itself.cancel("once");
    co_await call();
  });
  ready.count_down();
  const std::string how = co_await ending(itself);
  EXPECT_EQ(how, "value");
}

TEST_P(fork_cancel, ends_a_fork) {
  run([]() -> silk::task<> {
    std::atomic<bool> begun = false;
    auto forever = silk::spawn([&begun]() -> silk::task<> {
      begun = true;
      silk::fork_join(forks_for_ever, forks_for_ever);
      co_return;
    });
    while (!begun) co_await silk::yield();
    forever.cancel("enough");
    const std::string how = co_await ending(forever);
    EXPECT_EQ(how, "cancelled: enough");
  });
}

TEST_P(fork_cancel, ends_a_loop) {
  run([]() -> silk::task<> {
    std::atomic<bool> begun = false;
    auto forever = silk::spawn([&begun]() -> silk::task<> {
      silk::parallel_for(std::int64_t{0}, std::numeric_limits<std::int64_t>::max(),
                         [&begun](std::int64_t) { begun = true; });
      co_return;
    });
    while (!begun) co_await silk::yield();
    forever.cancel("enough");
    const std::string how = co_await ending(forever);
    EXPECT_EQ(how, "cancelled: enough");
  });
}

TEST_P(fork_cancel, is_thrown_once) {
  const auto forks = []() -> silk::task<> {
    std::string how = told([] { silk::fork_join(forks_for_ever, [] {}); });
    EXPECT_EQ(how, "cancelled: once");
    co_await silk::sleep(1s);  // not cancelled
    how = told([] { silk::fork_join(forks_nothing, [] {}); });
    EXPECT_EQ(how, "value");
  };
  run([&] { return cancelled_before(forks); });
}

// docs/cancellation.md: t4
TEST_P(fork_cancel, is_thrown_inside_of_scopes) {
  const auto forks = []() -> silk::task<> {
    const std::string how = told([] { silk::fork_join(forks_for_ever, [] {}); });
    EXPECT_EQ(how, "cancelled: once");
    co_return;
  };
  const auto enters_a_group = [&forks]() -> silk::task<> {
    co_await silk::with_task_group([&forks](silk::task_group&) { return forks(); });
  };
  run([&] {
    return cancelled_before([&]() -> silk::task<> {
      co_await silk::with_timeout(1h, enters_a_group());
      co_await silk::sleep(1s);  // not cancelled
    });
  });
}

TEST(fork_cancel_alone, skips_what_has_not_begun) {
  bool second_called = false;
  const auto forks = [&]() -> silk::task<> {
    const std::string how =
        told([&] { silk::fork_join(forks_for_ever, [&] { second_called = true; }); });
    EXPECT_EQ(how, "cancelled: once");
    co_return;
  };
  silk::run([&] { return cancelled_before(forks); }, virtual_time(1));
  EXPECT_FALSE(second_called);
}

}  // namespace
