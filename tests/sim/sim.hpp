// Shared by the simulated programs. Each is explored with a few hundred seeds; SILK_SIM_SEEDS says otherwise
// (`./dev sim`). What is printed when a seed fails runs it again.
#pragma once

#include "../stress/tasks.hpp"

#include <silk/testing.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace silk_sim {

using namespace silk_stress;

struct how {
  unsigned workers = 3;
  silk::testing::sim_time time = silk::testing::sim_time::when_idle;
};

// A program with dice that the seed has thrown.
using program = silk::task<> (*)(dice);

// Explores it as a test, and counts it in the table that is printed at the end. Every life that began in a
// run must have ended with it.
void explore(const char* name, program what, how by = {});

// A T that lives until the run has ended, also if it gets stuck and its tasks are cancelled in any order.
void keep(std::shared_ptr<void> until_the_end);
template <class T, class... Args>
T& made(Args&&... args) {
  auto fresh = std::make_shared<T>(std::forward<Args>(args)...);
  keep(fresh);
  return *fresh;
}

// The part of a foreign thread: so many calls from outside, one after the other.
inline void thread_of(unsigned steps, std::function<void()> step) {
  if (steps == 0) return;
  silk::testing::outside([steps, each = std::move(step)]() mutable {
    each();
    thread_of(steps - 1, std::move(each));
  });
}

// The same, to be waited for.
class threads {
 public:
  void start(unsigned steps, std::function<void()> step) {
    const auto ended = std::make_shared<silk::promise<>>();
    all_.push_back(ended->get_future());
    const auto left = std::make_shared<unsigned>(steps);
    thread_of(steps + 1, [ended, left, each = std::move(step)] {
      if ((*left)-- == 0) return ended->set_value();
      each();
    });
  }
  silk::task<> join() {
    for (const auto& each : all_) co_await each;
  }

 private:
  std::vector<silk::future<>> all_;
};

}  // namespace silk_sim
