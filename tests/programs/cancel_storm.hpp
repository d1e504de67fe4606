// Tasks in every kind of wait, cancelled at any moment, by other tasks and by foreign threads.
#pragma once

#include "../stress/tasks.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace silk_stress::cancelling {

inline silk::task<> sleeper(life, dice random) {
  co_await silk::sleep(microseconds(random.below(2'000)));
}

inline silk::task<> chain(life mine, dice random, unsigned depth) {
  if (depth == 0) {
    co_await sleeper(std::move(mine), random);
  } else {
    co_await chain(std::move(mine), random, depth - 1);
  }
}

// Completes the promise, or drops it, after a while, whether it is cancelled or not.
inline silk::task<> producer(life, dice random, silk::promise<int> made) {
  co_await nap(random.another());
  if (random.one_in(8)) co_return;
  static_cast<void>(made.try_set_value(1));
}

inline silk::task<> all_of(life, dice random) {
  std::vector<silk::task<>> children;
  for (unsigned i = random.below(5); i > 0; --i)
    children.push_back(chain(life(), random.another(), 2));
  co_await silk::gather(std::move(children));
}

inline silk::task<> grouped(life, dice random) {
  const auto body = [mine = random](silk::task_group& group) mutable -> silk::task<> {
    for (unsigned i = mine.below(4); i > 0; --i) group.spawn(sleeper(life(), mine.another()));
    co_await nap(mine.another());
    if (mine.one_in(4)) throw failure_by_design();
    if (mine.one_in(4)) group.cancel("enough");
    if (mine.one_in(2)) co_await sleeper(life(), mine.another());
  };
  co_await silk::with_task_group(body);
}

inline silk::task<> watching(life, dice random) {
  std::vector<silk::join_handle<void>> handles;
  for (unsigned i = 1 + random.below(4); i > 0; --i) {
    handles.push_back(silk::spawn(sleeper(life(), random.another())));
  }
  switch (random.below(5)) {
    case 0:
      co_await silk::gather(handles);
      break;
    case 1:
      co_await silk::gather_settled(handles);
      break;
    case 2: {
      const auto sorted = co_await silk::wait(handles, {.return_when = silk::first_completed});
      expect(sorted.done.size() >= 1u);
      break;
    }
    case 3: {
      const silk::duration timeout = microseconds(random.below(500));
      const auto sorted = co_await silk::wait(handles, {.timeout = timeout});
      expect(sorted.done.size() + sorted.pending.size() == handles.size());
      break;
    }
    default:
      co_await silk::shield(handles.front());
  }
}

// One of the waits above or a plain one.
inline silk::task<> some_wait(dice random) {
  switch (random.below(12)) {
    case 0:
      co_await sleeper(life(), random.another());
      break;
    case 1:
      co_await chain(life(), random.another(), 30);
      break;
    case 2: {
      silk::promise<int> made;
      const silk::future<int> awaited = made.get_future();
      silk::spawn(producer(life(), random.another(), std::move(made)));
      co_await awaited;
      break;
    }
    case 3:
      co_await all_of(life(), random.another());
      break;
    case 4:
      co_await silk::gather(all_of(life(), random.another()), grouped(life(), random.another()));
      break;
    case 5:
      co_await grouped(life(), random.another());
      break;
    case 6:
    case 7:
      co_await watching(life(), random.another());
      break;
    case 8:
      co_await silk::with_timeout(microseconds(random.below(1'000)),
                                  all_of(life(), random.another()));
      break;
    case 9:
      co_await silk::with_timeout(microseconds(random.below(1'000)),
                                  silk::spawn(sleeper(life(), random.another())));
      break;
    case 10: {
      auto call = [here = life(), mine = random.another()]() mutable { jitter(mine); };
      co_await silk::to_thread(std::move(call));
      break;
    }
    default:
      for (unsigned i = random.below(20); i > 0; --i) co_await silk::yield();
  }
}

// Waits several times; swallows some of its cancels.
inline silk::task<> patient(life, dice random) {
  for (unsigned waits = 1 + random.below(3); waits > 0; --waits) {
    bool stopped = false;
    try {
      co_await some_wait(random.another());
    } catch (const silk::cancelled&) {
      if (random.one_in(2)) throw;
      stopped = true;
    } catch (const std::exception&) {
      if (random.one_in(8)) throw;
    }
    if (stopped) {
      co_await silk::this_task::uncancel();
      if (random.one_in(2)) co_await nap(random.another());
    }
  }
}

using handles = std::vector<silk::join_handle<void>>;

inline void cancel_some(const handles& all, dice& random) {
  for (std::size_t i = all.size(); i > 0; --i) {
    const auto& target = all[random.below(static_cast<unsigned>(all.size()))];
    if (random.one_in(2)) target.cancel(random.one_in(2) ? "from outside" : "");
    jitter(random);
  }
}

inline silk::task<> canceller(life, dice random, std::shared_ptr<const handles> all) {
  for (const auto& each : *all) {
    if (random.one_in(3)) each.cancel("from inside");
    if (random.one_in(4)) co_await nap(random.another());
  }
}

}  // namespace silk_stress::cancelling
