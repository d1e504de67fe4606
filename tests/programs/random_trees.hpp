// Random trees of tasks over the whole API, cancelled at random moments from inside and from foreign
// threads, on runtimes that are closed or destroyed while they are at it. What must hold: every task
// that was started ends, and nothing of it is left.
#pragma once

#include "../stress/tasks.hpp"

#include <exception>
#include <utility>
#include <vector>

namespace silk_stress::growing {

inline silk::task<> leaf(life, dice random) {
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

inline silk::task<int> tree(life, dice random, unsigned depth);

inline silk::task<int> wait_for_the_first(dice random, unsigned depth) {
  std::vector<silk::join_handle<int>> handles;
  for (int i = 0; i < 4; ++i) handles.push_back(silk::spawn(tree(life(), random.another(), depth)));
  const auto sorted = co_await silk::wait(
      handles, {.return_when = silk::first_completed, .timeout = microseconds(random.below(500))});
  for (const auto& late : sorted.pending) late.cancel("too late");
  co_await silk::gather_settled(handles);
  co_return static_cast<int>(sorted.done.size());
}

inline silk::task<int> grow(dice random, unsigned depth) {
  switch (random.below(10)) {
    case 0:
      co_await leaf(life(), random.another());
      co_return 1;
    case 1: {
      const auto [left, right] = co_await silk::gather(tree(life(), random.another(), depth),
                                                       tree(life(), random.another(), depth));
      co_return left + right;
    }
    case 2: {
      std::vector<silk::task<int>> children;
      for (int i = 0; i < 5; ++i) children.push_back(tree(life(), random.another(), depth));
      const std::vector<int> sizes = co_await silk::gather(std::move(children));
      co_return static_cast<int>(sizes.size());
    }
    case 3: {
      const auto child = silk::spawn(tree(life(), random.another(), depth));
      if (random.below(2) == 0) child.cancel("by its parent");
      co_return co_await child;
    }
    case 4:
      co_return co_await silk::with_timeout(microseconds(random.below(400)),
                                            tree(life(), random.another(), depth));
    case 5:
      co_return co_await wait_for_the_first(random.another(), depth);
    case 6: {
      const auto body = [depth, mine = random](silk::task_group& group) mutable -> silk::task<> {
        for (int i = 0; i < 3; ++i) group.spawn(tree(life(), mine.another(), depth));
        co_await silk::yield();
        if (mine.one_in(3)) group.cancel();
      };
      co_await silk::with_task_group(body);
      co_return 3;
    }
    case 7: {
      const auto child = silk::spawn(tree(life(), random.another(), depth));
      co_return co_await silk::shield(child);
    }
    case 8: {
      const auto [left, right] = co_await silk::gather_settled(
          tree(life(), random.another(), depth), leaf(life(), random.another()));
      co_return left.has_value() + right.has_value();
    }
    default: {
      const auto left = silk::spawn(tree(life(), random.another(), depth));
      const auto right = silk::spawn(tree(life(), random.another(), depth));
      const auto [a, b] = co_await silk::gather(left, right);
      co_return a + b;
    }
  }
}

inline silk::task<int> tree(life, dice random, unsigned depth) {
  int size = 0;
  try {
    if (depth == 0) {
      co_await leaf(life(), random.another());
    } else {
      size = co_await grow(random.another(), depth - 1);
    }
  } catch (const std::exception&) {
    if (random.below(2) == 0) throw;
  }
  co_return size;
}

}  // namespace silk_stress::growing
