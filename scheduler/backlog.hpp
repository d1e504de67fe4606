// backlog: what did not fit into a worker's run queue, in order.
//
// While it holds anything, whatever becomes runnable on the worker goes to its end, and the run queue
// is filled again from its front: so the jobs of one worker keep their order however many there are.
// Owner and thieves meet at a lock, but only once per batch, and only when hundreds of jobs wait.
#pragma once

#include "job.hpp"
#include "sync.hpp"

#include <algorithm>
#include <cstddef>

namespace silk::scheduler {

class backlog {
 public:
  void push(job_list items) noexcept {  // [owner]
    sync::lock_guard hold(lock_);
    list_.append(items);
    publish_size();
  }

  // The first jobs, at most `limit`. [any]
  job_list take(std::size_t limit) noexcept {
    if (looks_empty()) return {};
    sync::lock_guard hold(lock_);
    job_list front = list_.take_front(limit);
    publish_size();
    return front;
  }

  // Half of the jobs, at most `limit` and at least one if there is any. [thief]
  job_list steal_half(std::size_t limit) noexcept {
    return take(std::min(limit, size() - size() / 2));
  }

  // Glances: may be out of date; to the owner, empty is exact. [any]
  bool looks_empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept {
    return size_.load(sync::memory_order_relaxed);  // relaxed: a glance; take looks under the lock
  }

 private:
  void publish_size() noexcept {                            // [holder of lock_]
    size_.store(list_.size(), sync::memory_order_relaxed);  // relaxed: a hint
  }

  alignas(sync::no_sharing) sync::spinlock lock_;
  sync::atomic<std::size_t> size_{0};
  job_list list_;
};

}  // namespace silk::scheduler
