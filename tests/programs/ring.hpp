// Whatever can wait, around whatever can wait, in circles of tasks. Nobody swallows a cancel: a member for
// which `cancel` said true ends cancelled or with an exception, and when each has been cancelled once, all end.
#pragma once

#include "../stress/tasks.hpp"

#include <silk/silk.hpp>

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace silk_stress::rings {

using handle = silk::join_handle<>;

struct ring {
  silk::event complete;
  std::vector<handle> tasks;
  std::vector<char> accepted;  // cancels, one for each task
  silk::semaphore permits{2};
  silk::mutex lock;
  silk::queue<int> items;  // stays empty
  bool timers = false;     // some end before they are cancelled

  const handle& any(dice& random) const {
    return tasks[random.below(static_cast<unsigned>(tasks.size()))];
  }
  void cancel(std::size_t which) {
    if (tasks[which].cancel()) accepted[which] = 1;
  }
  void cancel_any(dice& random) { cancel(random.below(static_cast<unsigned>(tasks.size()))); }
};

inline silk::task<> somehow(life, dice random, ring& on, unsigned depth);

// ---- without anything around it ----

inline silk::task<> waits_for_some(life, dice random, ring& on) {
  const std::vector<handle> both{on.any(random), on.any(random)};
  silk::wait_options options;
  if (on.timers && random.one_in(2)) options.timeout = microseconds(random.below(200));
  if (random.one_in(2)) options.return_when = silk::first_completed;
  static_cast<void>(co_await silk::wait(both, options));
}

inline silk::task<> takes_as_they_complete(life, dice random, ring& on) {
  auto all = silk::as_completed(std::vector<handle>{on.any(random), on.any(random)});
  for (;;) {
    const auto done = co_await all.next();
    if (!done) break;
  }
}

inline silk::task<> waits(life, dice random, ring& on) {
  switch (random.below(9)) {
    case 0:
      co_await silk::gather(on.any(random), on.any(random));
      break;
    case 1:
      static_cast<void>(co_await silk::gather_settled(on.any(random), on.any(random)));
      break;
    case 2:
      co_await silk::shield(on.any(random));
      break;
    case 3:
      co_await waits_for_some(life(), random.another(), on);
      break;
    case 4:
      co_await takes_as_they_complete(life(), random.another(), on);
      break;
    case 5:
      static_cast<void>(co_await silk::select(on.any(random), on.items.get()));
      break;
    case 6:
      co_await nap(random.another());
      if (random.one_in(2)) on.cancel_any(random);
      break;
    default:
      co_await on.any(random);
      break;
  }
}

// ---- around others ----

inline silk::task<> gathers(life, dice random, ring& on, unsigned depth) {
  const auto deeper = [&] { return somehow(life(), random.another(), on, depth); };
  switch (random.below(6)) {
    case 0:
      co_await silk::gather(deeper(), deeper());
      break;
    case 1:
      co_await silk::gather(deeper(), on.any(random));
      break;
    case 2:
      static_cast<void>(co_await silk::gather_settled(deeper(), on.any(random), deeper()));
      break;
    case 3:
      co_await silk::gather(on.any(random), on.items.get(), deeper());
      break;
    case 4:
      static_cast<void>(co_await silk::select(deeper(), deeper()));
      break;
    default:
      static_cast<void>(co_await silk::select(deeper(), on.any(random), on.items.get()));
      break;
  }
}

inline silk::task<> fails(life, dice random) {
  co_await nap(random);
  throw failure_by_design();
}

// A child that may start a sibling, or end the group.
inline silk::task<> meddles(life, dice random, ring& on, unsigned depth, silk::task_group& group) {
  co_await nap(random.another());
  if (random.one_in(2)) {
    try {
      group.spawn(somehow(life(), random.another(), on, depth));
    } catch (const silk::usage_error&) {  // the group is ending
    }
  }
  if (random.one_in(3)) group.cancel("a child");
  co_await nap(random.another());
}

inline silk::task<> in_a_group(life, dice random, ring& on, unsigned depth) {
  const auto body = [&on, depth, mine = random](silk::task_group& group) mutable -> silk::task<> {
    for (unsigned i = 1 + mine.below(2); i > 0; --i)
      group.spawn(somehow(life(), mine.another(), on, depth));
    if (mine.one_in(3)) group.spawn(meddles(life(), mine.another(), on, depth, group));
    if (mine.one_in(8)) group.spawn(fails(life(), mine.another()));
    if (mine.one_in(6)) group.cancel("the body");
    if (mine.one_in(2)) co_await somehow(life(), mine.another(), on, depth);
  };
  co_await silk::with_task_group(body);
}

inline silk::task<> in_a_timeout(life, dice random, ring& on, unsigned depth) {
  const bool soon = on.timers && random.one_in(2);
  const silk::duration time = soon ? silk::duration(microseconds(random.below(200))) : 1h;
  co_await silk::with_timeout(time, somehow(life(), random.another(), on, depth));
}

inline silk::task<> in_a_scope(life, dice random, ring& on, unsigned depth) {
  silk::timeout_scope limit;
  const auto body = [&]() -> silk::task<> {
    if (on.timers && random.one_in(2))
      limit.reschedule(silk::now() + microseconds(random.below(100)));
    co_await somehow(life(), random.another(), on, depth);
    if (random.one_in(2)) limit.reschedule(silk::now() + 1h);
    co_await somehow(life(), random.another(), on, depth);
  };
  co_await limit.run(body);
}

inline silk::generator<int> gives(life, dice random, ring& on, unsigned depth) {
  co_await nap(random.another());
  co_yield 1;
  co_await somehow(life(), random.another(), on, depth);
  co_yield 2;
}

inline silk::task<> takes_what_is_given(life, dice random, ring& on, unsigned depth) {
  auto from = gives(life(), random.another(), on, depth);
  for (;;) {
    const auto item = co_await from.next();
    if (!item) break;
  }
}

inline silk::task<> holds_something(life, dice random, ring& on, unsigned depth) {
  if (random.one_in(2)) {
    const auto held = co_await on.permits.scoped();
    co_await somehow(life(), random.another(), on, depth);
  } else {
    const auto held = co_await on.lock.scoped();
    co_await somehow(life(), random.another(), on, depth);
  }
}

inline silk::task<> spawns(life, dice random, ring& on, unsigned depth) {
  const handle one = silk::spawn(somehow(life(), random.another(), on, depth));
  if (random.one_in(2)) {
    one.add_done_callback([&on, mine = random.another()](auto&&) mutable { on.cancel_any(mine); });
  }
  co_await one;
}

inline silk::task<> around_others(life, dice random, ring& on, unsigned depth) {
  switch (random.below(14)) {
    case 0:
    case 1:
      return in_a_group(life(), random, on, depth);
    case 2:
      return in_a_timeout(life(), random, on, depth);
    case 3:
      return in_a_scope(life(), random, on, depth);
    case 4:
      return takes_what_is_given(life(), random, on, depth);
    case 5:
    case 6:
      return holds_something(life(), random, on, depth);
    case 7:
      return spawns(life(), random, on, depth);
    default:
      return gathers(life(), random, on, depth);
  }
}

inline silk::task<> somehow(life, dice random, ring& on, unsigned depth) {
  if (depth == 0 || random.below(24) < 10) return waits(life(), random, on);
  return around_others(life(), random.another(), on, depth - 1);
}

inline silk::task<> member(life, dice random, ring& on, unsigned depth) {
  co_await on.complete.wait();
  co_await somehow(life(), random.another(), on, depth);
}

}  // namespace silk_stress::rings
