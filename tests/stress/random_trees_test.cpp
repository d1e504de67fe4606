// Random trees of tasks over the whole API, cancelled at random moments from inside and from foreign
// threads, on runtimes that are closed or destroyed while they are at it. What must hold: every task
// that was started ends, and nothing of it is left.
#include "liveness.hpp"
#include "tasks.hpp"

#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

silk::task<> leaf(dice random) {
  const life alive;
  switch (random.below(6)) {
    case 0:
      co_await silk::yield();
      break;
    case 1:
      co_await silk::sleep(microseconds(random.below(300)));
      break;
    case 2:
      co_await silk::sleep(0s);
      break;
    case 3: {
      silk::promise<int> given;
      const silk::future<int> awaited = given.get_future();
      silk::spawn(
          [](silk::promise<int> promise) -> silk::task<> {
            co_await silk::yield();
            static_cast<void>(promise.try_set_value(3));
          },
          std::move(given));
      co_await awaited;
      break;
    }
    case 4:
      throw failure_by_design();
    default:
      break;
  }
}

silk::task<int> tree(unsigned depth, dice random);

silk::task<int> wait_for_the_first(unsigned depth, dice random) {
  std::vector<silk::join_handle<int>> handles;
  for (int i = 0; i < 4; ++i) handles.push_back(silk::spawn(tree(depth, random.another())));
  const auto sorted = co_await silk::wait(
      handles, {.return_when = silk::first_completed, .timeout = microseconds(random.below(500))});
  for (const auto& late : sorted.pending) late.cancel("too late");
  co_await silk::gather_settled(handles);
  co_return static_cast<int>(sorted.done.size());
}

silk::task<int> grow(unsigned depth, dice random) {
  const auto subtree = [&] { return tree(depth, random.another()); };
  switch (random.below(10)) {
    case 0:
      co_await leaf(random.another());
      co_return 1;
    case 1: {
      const auto [left, right] = co_await silk::gather(subtree(), subtree());
      co_return left + right;
    }
    case 2: {
      std::vector<silk::task<int>> children;
      for (int i = 0; i < 5; ++i) children.push_back(subtree());
      const std::vector<int> sizes = co_await silk::gather(std::move(children));
      co_return static_cast<int>(sizes.size());
    }
    case 3: {
      const auto child = silk::spawn(subtree());
      if (random.one_in(2)) child.cancel("by its parent");
      co_return co_await child;
    }
    case 4:
      co_return co_await silk::with_timeout(microseconds(random.below(400)), subtree());
    case 5:
      co_return co_await wait_for_the_first(depth, random.another());
    case 6: {
      const auto body = [&](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 3; ++i) group.spawn(subtree());
        co_await silk::yield();
        if (random.one_in(3)) group.cancel();
      };
      co_await silk::with_task_group(body);
      co_return 3;
    }
    case 7: {
      const auto child = silk::spawn(subtree());
      co_return co_await silk::shield(child);
    }
    case 8: {
      const auto [left, right] = co_await silk::gather_settled(subtree(), leaf(random.another()));
      co_return left.has_value() + right.has_value();
    }
    default: {
      const auto left = silk::spawn(subtree());
      const auto right = silk::spawn(subtree());
      const auto [a, b] = co_await silk::gather(left, right);
      co_return a + b;
    }
  }
}

silk::task<int> tree(unsigned depth, dice random) {
  const life alive;
  int size = 0;
  try {
    if (depth == 0) {
      co_await leaf(random.another());
    } else {
      size = co_await grow(depth - 1, random.another());
    }
  } catch (const std::exception&) {
    if (random.one_in(2)) throw;
  }
  co_return size;
}

// What a thread of the embedding program does: spawn, cancel, wait, or let go.
void foreign_thread(silk::runtime& runtime, dice random) {
  for (int i = 0; i < 50; ++i) {
    try {
      const auto handle = runtime.spawn(tree(4, random.another()));
      if (random.one_in(3)) {
        std::this_thread::sleep_for(microseconds(random.below(300)));
        handle.cancel("from a foreign thread");
      }
      if (random.one_in(3)) runtime.block_on(silk::future<int>(handle));
    } catch (const silk::usage_error&) {  // closed
    } catch (const silk::cancelled&) {
    } catch (const std::exception&) {
    }
  }
}

class random_trees : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(random_trees);

TEST_P(random_trees, end_whatever_is_cancelled_and_whenever_the_runtime_goes) {
  do {
    silk::runtime runtime(quiet(workers()));
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back(foreign_thread, std::ref(runtime), random.another());
    }
    if (random.one_in(2)) {
      std::this_thread::sleep_for(microseconds(random.below(5000)));
      runtime.close();
    }
    for (std::thread& thread : threads) thread.join();
    if (random.one_in(2)) runtime.shutdown();
  } while (time.running());
}

}  // namespace
