// Tasks that await each other at random, most often in circles. Each is to be cancelled once: then every
// circle unwinds, and every task ends.
#pragma once

#include "../stress/tasks.hpp"

#include <silk/silk.hpp>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace silk_stress::awaiting {

using handle = silk::join_handle<>;

struct await_graph {
  silk::event complete;
  std::vector<handle> tasks;

  const handle& any(dice& random) const {
    return tasks[random.below(static_cast<unsigned>(tasks.size()))];
  }
};

inline silk::task<> awaits(life, handle other) { co_await other; }
inline silk::task<> naps(life, dice random) {
  co_await silk::sleep(microseconds(random.below(200)));
}

inline silk::task<> in_a_group(life, handle one, handle two) {
  const auto body = [&](silk::task_group& group) -> silk::task<> {
    group.spawn(awaits(life(), one));
    co_await two;
  };
  co_await silk::with_task_group(body);
}

inline silk::task<> within(life, silk::duration time, handle other) {
  co_await silk::with_timeout(time, awaits(life(), other));
}

inline silk::task<> member(life, dice random, std::shared_ptr<const await_graph> graph,
                           silk::event& complete) {
  co_await complete.wait();
  const handle& one = graph->any(random);
  const handle& two = graph->any(random);
  switch (random.below(9)) {
    case 0:
      co_await silk::gather(awaits(life(), one), naps(life(), random.another()));
      break;
    case 1:
      co_await silk::gather(one, two);
      break;
    case 2:
      static_cast<void>(co_await silk::gather_settled(one, two));
      break;
    case 3:
      co_await silk::gather(naps(life(), random.another()), one, two);
      break;
    case 4:
      co_await in_a_group(life(), one, two);
      break;
    case 5:
      co_await within(life(), microseconds(random.below(300)), one);
      break;
    case 6:
      co_await within(life(), std::chrono::hours(1), one);
      break;
    default:
      co_await one;
      break;
  }
}

}  // namespace silk_stress::awaiting
