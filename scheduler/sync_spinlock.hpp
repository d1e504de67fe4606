// sync_spinlock: the protocol of sync::spinlock, apart from the primitives that it is made of.
#pragma once

#include <atomic>

namespace silk::scheduler::sync {

// `Flag` is an atomic<bool>; Wait(flag) returns when it looks false.
template <class Flag, void (*Wait)(const Flag&) noexcept>
class basic_spinlock {
 public:
  void lock() noexcept {
    // E:spinlock in: what the last holder wrote
    while (locked_.exchange(true, std::memory_order_acquire)) Wait(locked_);
  }
  bool try_lock() noexcept {
    // relaxed look first: a failed exchange would take the line away from the holder
    return !locked_.load(std::memory_order_relaxed) &&
           !locked_.exchange(true, std::memory_order_acquire);  // E:spinlock in
  }
  void unlock() noexcept {
    locked_.store(false, std::memory_order_release);  // E:spinlock out
  }

 private:
  Flag locked_{false};
};

}  // namespace silk::scheduler::sync
