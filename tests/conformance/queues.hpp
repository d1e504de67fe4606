// Shared by the rows of queues: the three kinds, their verbs as tasks, and a way to act unobserved.
#pragma once

#include "row.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace silk_conformance {

using fifo = silk::queue<int>;
using lifo = silk::lifo_queue<int>;
using priority = silk::priority_queue<int>;

// How put_nowait(item) and get_nowait() end, in words.
template <class Queue>
std::string putting(Queue& q, int item = 0) {
  return told([&] { q.put_nowait(item); });
}
template <class Queue>
std::string getting(Queue& q) {
  return told([&] { static_cast<void>(q.get_nowait()); });
}

template <class Queue>
silk::task<> puts(Queue& q, int item) {
  co_await q.put(item);
}
template <class Queue>
silk::task<int> gets(Queue& q) {
  co_return co_await q.get();
}
template <class Queue>
silk::task<> joins(Queue& q) {
  co_await q.join();
}

// Everything that can be taken without waiting.
template <class Queue>
std::vector<int> drained(Queue& q) {
  std::vector<int> all;
  while (const auto item = q.try_get()) all.push_back(*item);
  return all;
}

// While alive, no task but the one that made it runs, on whatever worker: the others are occupied. For
// what must be done between a wake and the first step of who was woken. Do not suspend meanwhile.
class alone {
 public:
  explicit alone(unsigned workers) {
    for (unsigned i = 1; i < workers; ++i) {
      silk::spawn([here = state_]() -> silk::task<> {
        std::unique_lock hold(here->lock);
        ++here->occupied;
        here->changed.notify_all();
        here->changed.wait(hold, [&] { return here->over; });
        co_return;
      });
    }
    std::unique_lock hold(state_->lock);
    state_->changed.wait(hold, [&] { return state_->occupied + 1 == workers; });
  }
  ~alone() {
    const std::lock_guard hold(state_->lock);
    state_->over = true;
    state_->changed.notify_all();
  }
  alone(const alone&) = delete;
  alone& operator=(const alone&) = delete;

 private:
  struct state {
    std::mutex lock;
    std::condition_variable changed;
    unsigned occupied = 0;
    bool over = false;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace silk_conformance
