// Timers armed, taken back and fired on all workers at once; timeouts that race with what they limit.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <vector>

namespace silk_stress::timing {

inline std::atomic<int> early{0};

// Sleeps at least as long as asked.
inline silk::task<> sleep_well(life, dice random, int times) {
  for (; times > 0; --times) {
    const silk::time_point deadline = silk::now() + microseconds(random.below(300));
    if (random.one_in(2)) {
      co_await silk::sleep_until(deadline);
    } else {
      co_await silk::sleep(deadline - silk::now());
    }
    if (silk::now() < deadline) ++early;
  }
}

// The limit is near the time that the work takes. Gives 1 for in time, 2 for too late.
inline silk::task<int> work(life, silk::duration d) {
  co_await silk::sleep(d);
  co_return 1;
}
inline silk::task<int> limited(life, dice random) {
  const auto limit = microseconds(random.below(150));
  const auto needed = microseconds(random.below(150));
  int came = 0;
  try {
    if (random.one_in(2)) {
      came = co_await silk::with_timeout(limit, work(life(), needed));
    } else {
      came = co_await silk::with_timeout(limit, silk::spawn(work(life(), needed)));
    }
  } catch (const silk::timeout_error&) {
    came = 2;
  }
  co_return came;
}

inline silk::task<int> limited_twice(life, dice random) {
  int came = 0;
  try {
    came = co_await silk::with_timeout(microseconds(random.below(200)),
                                       limited(life(), random.another()));
  } catch (const silk::timeout_error&) {
    came = 2;
  }
  co_return came;
}

// Waits with limits around zero, for tasks of which some are done already.
inline silk::task<> looks_at_the_clock(life, dice random) {
  std::vector<silk::join_handle<int>> handles;
  for (unsigned i = 1 + random.below(4); i > 0; --i) {
    handles.push_back(silk::spawn(work(life(), microseconds(random.below(3) * random.below(80)))));
  }
  for (int looks = 0; looks < 6; ++looks) {
    const auto timeout = microseconds(random.below(4) * random.below(40)) - 20us;
    const auto until = random.one_in(2) ? silk::first_completed : silk::all_completed;
    const auto sorted = co_await silk::wait(handles, {.return_when = until, .timeout = timeout});
    expect(sorted.done.size() + sorted.pending.size() == handles.size());
    for (const auto& each : sorted.done) expect(each.done());
  }
}

}  // namespace silk_stress::timing
