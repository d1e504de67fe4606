// Rows of the area `task`, about eager starts: asyncio's eager task factory is silk::start::eager.
#include "row.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

ROW(task, eager_completes_inline) {
  run([]() -> silk::task<> {
    silk::promise<> effect;
    const auto handle =
        silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<std::thread::id> {
          effect.set_value();
          co_return std::this_thread::get_id();
        });
    EXPECT_TRUE(handle.done());
    EXPECT_TRUE(effect.done());
    EXPECT_EQ(handle.result(), std::this_thread::get_id());
    co_return;
  });
}

ROW(task, eager_blocks_then_scheduled) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    bool began = false;
    const auto handle = silk::spawn({.start = silk::start::eager}, [&]() -> silk::task<int> {
      began = true;
      co_return co_await promise.get_future();
    });
    EXPECT_TRUE(began);
    EXPECT_FALSE(handle.done());
    promise.set_value(7);
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

ROW(task, eager_cancel_after_completion) {
  run([]() -> silk::task<> {
    const auto handle =
        silk::spawn({.start = silk::start::eager}, []() -> silk::task<int> { co_return 7; });
    EXPECT_FALSE(handle.cancel("too late"));
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(handle.result(), 7);
    co_return;
  });
}

ROW(task, eager_cancel_after_block) {
  run([]() -> silk::task<> {
    const auto handle = silk::spawn({.start = silk::start::eager}, never_ends());
    EXPECT_TRUE(handle.cancel("enough"));
    EXPECT_GT(handle.cancelling(), 0u);
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: enough");
  });
}

// How many calls of spawn() the calling thread is in. Asked through functions, as a coroutine may have
// changed its thread since it asked last.
thread_local int calls_of_spawn = 0;
[[gnu::noinline]] bool inside_spawn() { return calls_of_spawn != 0; }
[[gnu::noinline]] void enter_spawn() { ++calls_of_spawn; }
[[gnu::noinline]] void leave_spawn() { --calls_of_spawn; }

struct starts {
  std::atomic<int> inside{0};     // in the call of spawn
  std::atomic<int> scheduled{0};  // by a worker that took the task out of a queue
};

silk::join_handle<int> spawn_fan(silk::start start, int depth, starts& seen);

silk::task<int> fan(silk::start start, int depth, starts& seen) {
  ++(inside_spawn() ? seen.inside : seen.scheduled);
  int tasks = 1;
  std::vector<silk::join_handle<int>> children;
  for (int i = 0; depth > 0 && i < 5; ++i) children.push_back(spawn_fan(start, depth - 1, seen));
  for (const auto& child : children) {
    const int below = co_await child;
    tasks += below;
  }
  co_return tasks;
}

silk::join_handle<int> spawn_fan(silk::start start, int depth, starts& seen) {
  enter_spawn();
  auto handle = silk::spawn({.start = start}, fan(start, depth, seen));
  leave_spawn();
  return handle;
}

ROW(task, eager_avoids_scheduling) {
  run([]() -> silk::task<> {
    starts eager;
    const auto at_once = spawn_fan(silk::start::eager, 4, eager);
    EXPECT_TRUE(at_once.done());  // nor has any of them suspended
    EXPECT_EQ(at_once.result(), 781);
    EXPECT_EQ(eager.inside, 781);
    EXPECT_EQ(eager.scheduled, 0);

    starts soon;
    const auto later = spawn_fan(silk::start::soon, 4, soon);
    const int tasks = co_await later;
    EXPECT_EQ(tasks, 781);
    EXPECT_EQ(soon.inside, 0);
    EXPECT_EQ(soon.scheduled, 781);
  });
}

ROW(task, eager_when_not_running) {
  silk::runtime runtime(options());
  const auto where = []() -> silk::task<std::thread::id> { co_return std::this_thread::get_id(); };
  // This thread is no worker of it.
  const auto from_outside = runtime.spawn({.start = silk::start::eager}, where);
  EXPECT_NE(runtime.block_on(silk::future<std::thread::id>(from_outside)),
            std::this_thread::get_id());
  // Nor is a worker of another one.
  run([&]() -> silk::task<> {
    const auto caller = std::this_thread::get_id();
    const auto from_abroad =
        runtime.spawn({.start = silk::start::eager}, [&]() -> silk::task<std::thread::id> {
          EXPECT_EQ(&silk::runtime::current(), &runtime);
          co_return std::this_thread::get_id();
        });
    const auto its_thread = co_await from_abroad;
    EXPECT_NE(its_thread, caller);
  });
}

}  // namespace
