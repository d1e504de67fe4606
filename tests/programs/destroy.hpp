// Runtimes that are closed, shut down and destroyed at any moment of any task's life. Run it with
// AddressSanitizer: whatever is left behind is a leak.
#pragma once

#include "../stress/tasks.hpp"

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace silk_stress::leaving {

// In waits that only a cancel ends, most of them.
inline silk::task<> lingers(life, dice random, unsigned depth) {
  switch (depth == 0 ? random.below(4) : random.below(9)) {
    case 0:
      co_await silk::sleep(1h);
      break;
    case 1:
      co_await nap(random.another());
      break;
    case 2: {
      silk::promise<> kept;
      co_await kept.get_future();
      break;
    }
    case 3: {
      auto call = [here = life(), mine = random.another()]() mutable { jitter(mine); };
      co_await silk::to_thread(std::move(call));
      break;
    }
    case 4:
      co_await silk::gather(lingers(life(), random.another(), depth - 1),
                            lingers(life(), random.another(), depth - 1));
      break;
    case 5: {
      const auto handle = silk::spawn(lingers(life(), random.another(), depth - 1));
      co_await silk::shield(handle);
      break;
    }
    case 6:
      co_await silk::with_timeout(1h, lingers(life(), random.another(), depth - 1));
      break;
    case 7: {
      const auto body = [mine = random, depth](auto& group) mutable -> silk::task<> {
        group.spawn(lingers(life(), mine.another(), depth - 1));
        group.spawn(lingers(life(), mine.another(), depth - 1));
        co_await nap(mine.another());
      };
      co_await silk::with_task_group(body);
      break;
    }
    default: {
      std::vector<silk::join_handle<void>> both;
      for (int i = 0; i < 2; ++i) {
        both.push_back(silk::spawn(lingers(life(), random.another(), depth - 1)));
      }
      co_await silk::wait(both);
    }
  }
}

// Cleans up when it is cancelled: with awaits, and with a task of its own.
inline silk::task<> tidy(life, dice random) {
  bool stopped = false;
  try {
    co_await lingers(life(), random.another(), 3);
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (!stopped) co_return;
  if (random.one_in(3)) co_await nap(random.another());
  if (random.one_in(3)) silk::spawn(lingers(life(), random.another(), 1));
  if (random.one_in(8)) throw failure_by_design();
}

// Spawns until the runtime takes nothing any more. Every handle it was given must come to an end.
inline void spawn_until_closed(silk::runtime& runtime, dice random, unsigned most) {
  std::vector<silk::join_handle<void>> handles;
  try {
    for (unsigned i = 0; i < most; ++i) {
      handles.push_back(runtime.spawn(tidy(life(), random.another())));
      if (random.one_in(4)) runtime.post([here = std::make_shared<life>()] {});
      if (random.one_in(4)) {
        runtime.call_after(random.one_in(2) ? 1h : silk::duration(10us),
                           [here = std::make_shared<life>()] {});
      }
      jitter(random);
    }
  } catch (const silk::usage_error&) {
  }
  if (random.one_in(2)) return;
  for (const auto& each : handles) {
    try {
      runtime.block_on(silk::future<void>(each));
    } catch (const silk::cancelled&) {
    } catch (const std::exception&) {
    }
  }
}

}  // namespace silk_stress::leaving
