// Tasks that spawn tasks that spawn tasks, from inside and outside, joined or let go.
#pragma once

#include "../stress/tasks.hpp"

#include <utility>
#include <vector>

namespace silk_stress::spawning {

// Gives the number of tasks below it that it waited for, itself included.
inline silk::task<unsigned> bush(life, dice random, unsigned depth) {
  std::vector<silk::join_handle<unsigned>> joined;
  unsigned size = 1;
  co_await nap(random.another());
  for (unsigned twigs = depth == 0 ? 0 : random.below(4); twigs > 0; --twigs) {
    auto handle = silk::spawn(bush(life(), random.another(), depth - 1));
    if (random.one_in(3)) continue;  // let go: it runs on by itself
    joined.push_back(std::move(handle));
    if (random.one_in(4)) co_await nap(random.another());
  }
  if (random.one_in(2)) {
    for (const auto& each : joined) size += co_await each;
  } else if (!joined.empty()) {
    const std::vector<unsigned> sizes = co_await silk::gather(joined);
    for (const unsigned each : sizes) size += each;
  }
  co_return size;
}

}  // namespace silk_stress::spawning
