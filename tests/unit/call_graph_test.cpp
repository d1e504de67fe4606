// The call graph of recorded coroutines: this file is compiled with SILK_CALL_GRAPH.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

class call_graph : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(call_graph);

using names = std::vector<std::string>;

names functions(const std::vector<silk::call_frame>& frames) {
  names all;
  for (const silk::call_frame& frame : frames) all.push_back(frame.function);
  return all;
}
names current_functions() { return functions(silk::capture_call_graph().value().frames); }

silk::task<> rest() { co_await silk::sleep(1ms); }

silk::task<names> asks_at_once() { co_return current_functions(); }
silk::task<names> asks_a_child() {
  co_await rest();
  co_return co_await asks_at_once();
}

TEST_P(call_graph, knows_a_coroutine_that_has_not_awaited_anything) {
  run([]() -> silk::task<> {
    const names all = co_await silk::spawn(asks_a_child());
    EXPECT_EQ(all, (names{"asks_at_once", "asks_a_child"}));
  });
}

silk::task<> throws() {
  co_await rest();
  throw std::runtime_error("thrown");
}
silk::task<names> catches() {
  names inside, behind;
  try {
    co_await throws();
  } catch (const std::runtime_error&) {
    inside = current_functions();
  }
  co_await rest();
  behind = current_functions();
  EXPECT_EQ(inside, behind);
  co_return inside;
}

TEST_P(call_graph, knows_the_coroutine_that_goes_on_after_a_failure) {
  run([]() -> silk::task<> {
    const names all = co_await silk::spawn(catches());
    EXPECT_EQ(all, names{"catches"});
  });
}

silk::task<names> starts_others() {
  const auto inner = silk::spawn({.start = silk::start::eager}, asks_a_child());
  const names after = current_functions();
  const names others = co_await inner;
  EXPECT_EQ(others, (names{"asks_at_once", "asks_a_child"}));
  co_return after;
}

TEST_P(call_graph, is_that_of_the_caller_again_after_an_eager_start) {
  run([]() -> silk::task<> {
    const names all = co_await silk::spawn(starts_others());
    EXPECT_EQ(all, names{"starts_others"});
  });
}

TEST_P(call_graph, of_tasks_that_await_one_another_in_a_circle_has_an_end) {
  run([]() -> silk::task<> {
    silk::promise<silk::join_handle<>> later;
    const auto known = later.get_future();
    const auto first = silk::spawn({.name = "first"}, [&]() -> silk::task<> {
      const silk::join_handle<> second = co_await known;
      co_await silk::shield(second);
    });
    const auto second =
        silk::spawn({.name = "second"}, [&]() -> silk::task<> { co_await silk::shield(first); });
    later.set_value(second);
    co_await rest();
    const silk::call_graph graph = silk::capture_call_graph(first);
    EXPECT_EQ(graph.awaited_by.at(0).name, "second");
    EXPECT_EQ(graph.awaited_by.at(0).awaited_by.at(0).name, "first");
    EXPECT_TRUE(graph.awaited_by.at(0).awaited_by.at(0).awaited_by.empty());
    first.cancel();
    co_await silk::gather_settled(first, second);
  });
}

std::size_t levels_of(const silk::call_graph& graph) {
  std::size_t levels = 1;
  for (const auto* at = &graph; !at->awaited_by.empty(); at = &at->awaited_by.front()) ++levels;
  return levels;
}

TEST_P(call_graph, of_a_long_line_of_tasks_is_cut_off) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<>> line{silk::spawn(rest())};
    const auto awaits = [](silk::join_handle<> before) -> silk::task<> { co_await before; };
    for (int i = 0; i < 1000; ++i) line.push_back(silk::spawn(awaits(line.back())));
    co_await silk::yield();
    const silk::call_graph graph = silk::capture_call_graph(line.front());
    EXPECT_LE(levels_of(graph), 257u);
    co_await silk::gather(line);
  });
}

silk::generator<int> numbers() {
  co_await silk::sleep(1s);
  co_yield 1;
}
silk::task<> consumes() {
  auto source = numbers();
  co_await source.next();
}

TEST_P(call_graph, passes_through_coroutines_that_are_not_recorded) {
  run([]() -> silk::task<> {
    const auto consumer = silk::spawn(consumes());
    co_await rest();
    EXPECT_EQ(functions(consumer.get_stack()), names{"consumes"});
    co_await consumer;
  });
}

silk::task<> waits_for_lock(silk::mutex& lock) {
  const auto held = co_await lock.scoped();
  co_await rest();
}

TEST_P(call_graph, knows_where_a_task_waits_for_its_turn) {
  run([]() -> silk::task<> {
    silk::mutex lock;
    co_await lock.lock();
    const auto waiter = silk::spawn(waits_for_lock(lock));
    co_await rest();
    EXPECT_EQ(functions(waiter.get_stack()), names{"waits_for_lock"});
    lock.unlock();
    co_await waiter;
  });
}

silk::task<> gathers_two() { co_await silk::gather(rest(), rest()); }

TEST_P(call_graph, of_a_task_that_gathers_ends_at_its_gather) {
  run([]() -> silk::task<> {
    const auto gatherer = silk::spawn(gathers_two());
    co_await silk::sleep(1us);
    const silk::call_graph graph = silk::capture_call_graph(gatherer);
    EXPECT_EQ(functions(graph.frames), names{"gathers_two"});
    EXPECT_EQ(graph.state, silk::call_graph_state::waiting);
    co_await gatherer;
  });
}

TEST_P(call_graph, of_a_child_ends_at_a_group_that_has_not_begun) {
  run([]() -> silk::task<> {
    co_await silk::with_task_group([](silk::task_group& group) {  // no coroutine: it makes the body
      const auto child = group.spawn(rest());
      EXPECT_TRUE(silk::capture_call_graph(child).awaited_by.empty());
      EXPECT_NE(silk::dump(silk::runtime::current()), "");
      return rest();
    });
  });
}

TEST_P(call_graph, is_printed_for_every_task_of_a_runtime) {
  run([]() -> silk::task<> {
    const auto sleeps = silk::spawn({.name = "sleeps"}, rest());
    const auto gathers = silk::spawn({.name = "gathers"}, gathers_two());
    const auto awaits =
        silk::spawn({.name = "awaits"}, [&]() -> silk::task<> { co_await gathers; });
    co_await silk::sleep(1us);
    const std::string text = silk::dump(silk::runtime::current());
    EXPECT_NE(text.find("task 'sleeps', waiting\n  in rest at "), text.npos) << text;
    EXPECT_NE(text.find("task 'gathers', waiting\n  in gathers_two at "), text.npos) << text;
    EXPECT_NE(text.find("\n  awaited by task 'awaits'\n"), text.npos) << text;
    EXPECT_NE(text.find("task 'awaits', waiting\n"), text.npos) << text;
    EXPECT_EQ(std::ranges::count(text, '\n'),
              std::ranges::count(silk::dump(silk::runtime::current()), '\n'));
    co_await silk::gather(sleeps, awaits);
  });
}

// Steady time: the task must still be in its sleep when it is looked at.
TEST(call_graph_of_a_task, can_be_taken_by_a_thread_that_runs_no_tasks) {
  silk::runtime runtime(silk_tests::steady_time(2));
  const auto handle = runtime.spawn([]() -> silk::task<> { co_await silk::sleep(10'000h); });
  silk_tests::let_run(runtime);
  std::vector<silk::call_frame> frames;
  while (frames.empty()) frames = handle.get_stack();
  EXPECT_TRUE(frames.front().function.ends_with("::lambda"));
  handle.cancel();
  EXPECT_EQ(runtime.block_on(silk_tests::ending(handle)), "cancelled");
}

}  // namespace
