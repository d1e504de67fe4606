// The call graph of tasks that wait in every way, are cancelled, and end meanwhile; taken by other
// threads and by the tasks themselves. Compiled with SILK_CALL_GRAPH, so all coroutines are of this file.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace silk_stress::looking {

using handles = std::vector<silk::join_handle<void>>;

inline silk::task<> rests(dice random) {
  const auto turns = random.below(3);
  for (unsigned i = 0; i < turns; ++i) co_await silk::yield();
  co_await silk::sleep(microseconds(random.below(300)));
}

inline silk::task<> looks_at_itself(life, dice random) {
  co_await rests(random.another());
  const auto graph = silk::capture_call_graph();
  expect(graph.has_value());
  expect(graph->frames.front().function.ends_with("looks_at_itself"));
  expect(!(silk::to_string(*graph).empty()));
  co_await rests(random.another());
}

inline silk::task<> in_a_group(life, dice random) {
  const auto body = [mine = random](silk::task_group& group) mutable -> silk::task<> {
    for (unsigned i = mine.below(4); i > 0; --i) {
      group.spawn(looks_at_itself(life(), mine.another()));
    }
    co_await rests(mine.another());
  };
  co_await silk::with_task_group(body);
}

inline silk::task<> behind_a_lock(life, dice random, silk::mutex& lock) {
  const auto held = co_await lock.scoped();
  co_await rests(random.another());
}

inline silk::task<> waits(life, dice random, std::shared_ptr<const handles> others,
                          silk::mutex& lock) {
  const auto& other = (*others)[random.below(static_cast<unsigned>(others->size()))];
  switch (random.below(8)) {
    case 0:
      co_await silk::gather(looks_at_itself(life(), random.another()),
                            in_a_group(life(), random.another()), rests(random.another()));
      break;
    case 1:
      co_await silk::with_timeout(microseconds(random.below(500)),
                                  in_a_group(life(), random.another()));
      break;
    case 2:
      co_await silk::shield(other);
      break;
    case 3:
      co_await silk::wait(*others, {.return_when = silk::first_completed});
      break;
    case 4:
      co_await silk::gather(*others);
      break;
    case 5:
      co_await other;
      break;
    case 6:
      co_await behind_a_lock(life(), random.another(), lock);
      break;
    default:
      co_await looks_at_itself(life(), random.another());
  }
}

// Until it is told to stop: everything, and each on its own.
inline void look_at(silk::runtime& runtime, const handles& all, const std::atomic<bool>& stop) {
  while (!stop) {
    static_cast<void>(silk::dump(runtime));
    for (const auto& each : all) {
      static_cast<void>(silk::to_string(silk::capture_call_graph(each)));
    }
  }
}

}  // namespace silk_stress::looking
