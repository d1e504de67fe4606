// Programs in virtual time on several workers: each part must end at the very instant that can be
// computed beforehand, whoever runs it.
#pragma once

#include "../stress/tasks.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace silk_stress::planning {

// A plan says how long the part takes; `perform` does what it says and checks the clock.
struct plan {
  enum kind_t { sleeps, in_sequence, gathered, spawned, limited, blocking } kind;
  silk::duration takes;
  silk::duration limit{};
  std::vector<plan> parts;
};

inline plan make_plan(dice& random, unsigned depth) {
  if (depth == 0 || random.one_in(6)) {
    if (random.one_in(8)) return {plan::blocking, 0s, 0s, {}};
    // Few different lengths, so that many timers are due at the same time.
    return {plan::sleeps, std::chrono::hours(random.below(4)), 0s, {}};
  }
  plan whole{static_cast<plan::kind_t>(1 + random.below(4)), 0s, 0s, {}};
  const unsigned count = whole.kind == plan::limited ? 1 : 1 + random.below(4);
  for (unsigned i = 0; i < count; ++i) whole.parts.push_back(make_plan(random, depth - 1));
  for (const plan& part : whole.parts) {
    if (whole.kind == plan::in_sequence) {
      whole.takes += part.takes;
    } else {
      whole.takes = std::max(whole.takes, part.takes);
    }
  }
  if (whole.kind == plan::limited) {
    // Half an hour more than whole hours: no limit is due together with what it limits.
    whole.limit = std::chrono::hours(random.below(8)) + 30min;
    whole.takes = std::min(whole.takes, whole.limit);
  }
  return whole;
}

// Hours do not mix with the half hours of limits: such a plan would be a matter of taste.
inline bool is_certain(const plan& whole) {
  return std::ranges::all_of(whole.parts, is_certain) &&
         (whole.kind != plan::limited || whole.parts[0].takes % 1h == 0s);
}

inline silk::task<> perform(life, const plan& whole) {
  const silk::time_point begin = silk::now();
  switch (whole.kind) {
    case plan::sleeps:
      co_await silk::sleep(whole.takes);
      break;
    case plan::in_sequence:
      for (const plan& part : whole.parts) co_await perform(life(), part);
      break;
    case plan::gathered: {
      std::vector<silk::task<>> children;
      for (const plan& part : whole.parts) children.push_back(perform(life(), part));
      co_await silk::gather(std::move(children));
      break;
    }
    case plan::spawned: {
      std::vector<silk::join_handle<void>> children;
      for (const plan& part : whole.parts) children.push_back(silk::spawn(perform(life(), part)));
      co_await silk::gather(children);
      break;
    }
    case plan::limited:
      try {
        co_await silk::with_timeout(whole.limit, perform(life(), whole.parts[0]));
      } catch (const silk::timeout_error&) {
      }
      break;
    case plan::blocking:
      co_await silk::to_thread(block_for_a_moment);
      break;
  }
  expect(silk::now() - begin == whole.takes);
}

}  // namespace silk_stress::planning
