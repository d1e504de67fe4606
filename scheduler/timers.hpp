// timers: the shared timer service of a pool. One wheel per worker, each behind its own spinlock.
//
// A worker arms timers in its own shard, so shards hardly ever meet two threads. Anybody may cancel
// in any shard: the node remembers which one holds it, and after cancel() nothing points at it. The
// owner serves its shard between tasks; idle and searching workers serve any shard that is overdue
// (Go's rule), so a worker that is stuck in a long task delays nobody's timers but, at worst, while
// every other worker is busy too.
//
// T1: fire and cancel claim a node once, under the lock of its shard.
// T2: shard.next <= the earliest deadline in the shard's wheel, whenever the lock is free.
//
// Edges   the shard's spinlock orders everything in a node; `next` and `crowded` are hints read without it.
#pragma once

#include "sync.hpp"
#include "timer_wheel.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace silk::scheduler {

enum class [[nodiscard]] arm_result : std::uint8_t { armed, cancelled_before };
enum class [[nodiscard]] timer_cancel : std::uint8_t {
  removed,       // it was armed and will not fire
  before_armed,  // it will never be armed
  too_late,      // it has fired, or was cancelled before
};

class timers {
 public:
  timers(std::size_t shards, std::uint64_t now);

  // Hands `node` to shard `shard`; it is due at node.deadline. A node that cancel() met before is left
  // alone. After `armed` the node may already have fired: do not touch it. May throw bad_alloc. [any]
  arm_result arm(timer_node& node, std::size_t shard);

  // A node that was prepared and not armed yet may be cancelled, too. [any]
  timer_cancel cancel(timer_node& node) noexcept;

  // Collects at most `limit` jobs whose time has come, in order of deadline. [any]
  void serve(std::size_t shard, std::uint64_t now, std::size_t limit, job_list& due) noexcept;

  // As serve, unless another thread is at this shard just now: then false. [any]
  bool try_serve(std::size_t shard, std::uint64_t now, std::size_t limit, job_list& due) noexcept;

  // Gives back what the wheels hold in reserve. [any]
  void trim() noexcept;

  // No armed timer in the shard is due earlier. A glance. [any]
  std::uint64_t next(std::size_t shard) const noexcept {
    // relaxed: T2 makes it a hint; sleepers read it after a fence
    return shards_[shard]->next.load(sync::memory_order_relaxed);
  }

  // Whether there are so many in the shard that its worker wakes for them by itself. A glance. [any]
  bool is_crowded(std::size_t shard) const noexcept {
    return shards_[shard]->crowded.load(sync::memory_order_relaxed);  // relaxed: a hint
  }

  // The smallest next() of all shards. [any]
  std::uint64_t earliest() const noexcept;

  std::size_t shard_count() const noexcept { return shards_.size(); }

 private:
  struct alignas(sync::no_sharing) shard_state {
    explicit shard_state(std::uint64_t now) : wheel(now) {}

    void publish() noexcept {  // [holder of lock]
      const std::uint64_t earliest = wheel.next_deadline();
      // relaxed: T2; written under the lock, read as a hint
      if (next.load(sync::memory_order_relaxed) != earliest) {
        next.store(earliest, sync::memory_order_relaxed);  // relaxed: as above
      }
      const bool crowd = wheel.size() >= sync::crowd_of_timers;
      if (crowded.load(sync::memory_order_relaxed) != crowd)  // relaxed: as above
        crowded.store(crowd, sync::memory_order_relaxed);     // relaxed: as above
    }

    sync::spinlock lock;
    timer_wheel wheel;
    sync::atomic<std::uint64_t> next{no_deadline};
    sync::atomic<bool> crowded{false};
  };

  std::vector<std::unique_ptr<shard_state>> shards_;
};

}  // namespace silk::scheduler
