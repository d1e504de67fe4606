// injector: work from outside the pool.
//
// Producers never lock: a single job goes onto a stack with one CAS (Treiber 1986). A worker that
// comes for work takes the whole stack with one exchange, turns it round into arrival order and
// appends it to the shared list; it leaves with its fair share. Only consumers meet at the lock, once
// per batch; whoever finds it taken goes on to other work.
//
// Edges   E:inject        push's CAS on inbox_   -> collect's exchange
//         E:inject-list   collect's exchange     -> looks_empty's look at inbox_
#pragma once

#include "job.hpp"
#include "sync.hpp"

#include <algorithm>
#include <cstddef>

namespace silk::scheduler {

class injector {
 public:
  void push(job& item) noexcept {                        // [any]
    job* top = inbox_.load(sync::memory_order_relaxed);  // relaxed: only linked to, never read
    do {
      item.next = top;
    } while (!inbox_.compare_exchange_weak(top, &item,
                                           sync::memory_order_release,  // E:inject out: the job
                                           sync::memory_order_relaxed));  // relaxed: linked only
  }

  void push(job_list items) noexcept {  // [any]
    if (items.empty()) return;
    sync::lock_guard hold(lock_);
    collect();
    list_.append(items);
    publish_size();
  }

  // At most `limit` jobs in order of arrival, and at most this worker's share when `sharers` workers
  // may come. Empty when there is nothing or when another worker is just taking. [any]
  job_list take(std::size_t limit, std::size_t sharers) noexcept {
    if (looks_empty()) return {};
    sync::unique_lock hold(lock_, std::try_to_lock);
    if (!hold) return {};
    collect();
    job_list share = list_.take_front(std::min(limit, list_.size() / sharers + 1));
    publish_size();
    return share;
  }

  // A glance: may be out of date. [any]
  bool looks_empty() const noexcept {
    // E:inject-list in: if collect has emptied the inbox, the list is seen to hold what was in it
    return inbox_.load(sync::memory_order_acquire) == nullptr &&
           // relaxed: the caller follows up with take, or has put a fence before the glance
           listed_.load(sync::memory_order_relaxed) == 0;
  }

 private:
  void collect() noexcept {  // [holder of lock_]
    // relaxed look: saves the exchange
    if (inbox_.load(sync::memory_order_relaxed) == nullptr) return;
    // Raised before the inbox is emptied, else looks_empty would miss what is in our hands.
    listed_.store(list_.size() + 1,
                  sync::memory_order_relaxed);  // relaxed: ordered by the exchange
    // E:inject in, E:inject-list out
    job* newest = inbox_.exchange(nullptr, sync::memory_order_acq_rel);
    job* oldest = nullptr;
    while (newest != nullptr) {
      job* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      job* next = oldest->next;
      list_.push_back(*oldest);
      oldest = next;
    }
  }

  void publish_size() noexcept {                              // [holder of lock_]
    listed_.store(list_.size(), sync::memory_order_relaxed);  // relaxed: a hint for looks_empty
  }

  alignas(sync::no_sharing) sync::atomic<job*> inbox_{nullptr};
  alignas(sync::no_sharing) sync::spinlock lock_;
  job_list list_;
  sync::atomic<std::size_t> listed_{0};
};

}  // namespace silk::scheduler
