// What a spawn_observer may do to the tasks that it sees.
#include "at_workers.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class spawn_observer : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(spawn_observer);

silk::task<> counts(std::atomic<int>& runs) {
  ++runs;
  co_return;
}

TEST_P(spawn_observer, may_be_an_option_and_sees_tasks_before_they_run) {
  std::atomic<int> runs = 0, seen = 0;
  auto options = virtual_time();
  options.on_spawn = [&](const silk::task_ref& task) {
    EXPECT_EQ(task.status(), silk::task_status::pending);
    EXPECT_EQ(runs, 0);
    ++seen;
  };
  silk::run([&] { return counts(runs); }, options);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(runs, 1);
}

TEST_P(spawn_observer, may_rename_a_task) {
  silk::runtime runtime(virtual_time());
  runtime.set_spawn_observer(
      [](const silk::task_ref& task) { task.set_name("my " + task.name()); });
  const auto handle = runtime.spawn({.name = "Ann"}, never_ends());
  EXPECT_EQ(handle.name(), "my Ann");
}

TEST_P(spawn_observer, may_cancel_a_task_which_then_never_runs) {
  std::atomic<int> runs = 0;
  silk::runtime runtime(virtual_time());
  runtime.set_spawn_observer([](const silk::task_ref& task) { task.cancel("unwanted"); });
  const auto handle = runtime.spawn(counts(runs));
  EXPECT_THROW(runtime.block_on(handle), silk::cancelled);
  const auto eager = runtime.spawn({.start = silk::start::eager}, counts(runs));
  EXPECT_THROW(runtime.block_on(eager), silk::cancelled);
  EXPECT_EQ(runs, 0);
}

TEST_P(spawn_observer, that_throws_makes_spawn_throw_and_ends_the_task) {
  std::atomic<int> runs = 0;
  std::optional<silk::task_ref> kept;
  silk::runtime runtime(virtual_time());
  runtime.set_spawn_observer([&](const silk::task_ref& task) {
    kept = task;
    throw boom();
  });
  const auto held = std::make_shared<int>(0);
  const auto body = [&](std::shared_ptr<int>) { return counts(runs); };
  EXPECT_THROW(runtime.spawn(body, held), boom);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(runtime.live_tasks(), 0u);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->is_cancelled());
  runtime.set_spawn_observer({});
  runtime.block_on(counts(runs));
  EXPECT_EQ(runs, 1);
}

TEST_P(spawn_observer, can_be_replaced_while_others_spawn) {
  std::atomic<int> first = 0, second = 0;
  silk::runtime runtime(virtual_time());
  runtime.set_spawn_observer([&](const silk::task_ref&) { ++first; });
  const auto spawning = runtime.spawn([&]() -> silk::task<> {
    for (int i = 0; i < 1000; ++i) {
      silk::spawn(counts(second));
      if (i % 100 == 0) co_await silk::yield();
    }
  });
  for (int i = 0; i < 100; ++i) runtime.set_spawn_observer([&](const silk::task_ref&) { ++first; });
  runtime.block_on(spawning);
  EXPECT_EQ(first, 1001);
}

}  // namespace
