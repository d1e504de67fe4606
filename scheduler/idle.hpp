// idle: who sleeps, who searches, who wakes whom. The invariants of the pool live here.
//
//            found work                      wake() chose us
//   working <----------- searching <--------------------------- parked
//      |                  ^    |                                  ^
//      `--- queue empty --'    `-- set bit, fence, look again ----'
//
// I1 (work-conserving): work published and bit set  implies  somebody is searching, or a wake is on
//    its way, or the publisher has not reached notify() yet. In words: a runnable job and a parked
//    worker coexist for no longer than one wake takes.
// I2 (wake is a claim): a parked worker's bit is cleared exactly once, by the waker or by itself; who
//    cleared it counted it among the searchers; a worker that finds its bit cleared waits for the
//    token that the waker owes it.
// I3 (time is watched): while any worker is parked and any timer armed, one of the sleepers, the driver,
//    sleeps no longer than the earliest deadline that was published before it went to sleep, and
//    whoever publishes an earlier one without going to sleep itself kicks it. Deadlines of a worker that is
//    awake count a little later (pool::due_for_others): it looks after them itself, or it is stuck in a
//    job. A driver that goes to work passes the role on if there is something to watch and it sees a sleeper; who
//    is about to sleep and was not seen looks whether there still is a driver. Else the role is free, and who
//    publishes the next deadline wakes a sleeper for it. Virtual time is not watched: the last worker to
//    park moves it, and who arms a timer from outside has somebody look.
// I4 (idle is idle): with no work and no deadline every worker sleeps without a timeout. A burst that leaves much
//    free memory leaves a deadline, too, one for each time that it is worth giving back (idle_trim.hpp).
//
// How I1 is kept. A publisher makes the job visible, runs the light half of an asymmetric fence and
// looks for searchers and sleepers; a sleeper sets its bit, leaves the searchers, runs the heavy half
// and looks at every queue again. Either the publisher sees the bit, or the sleeper sees the job. A
// publisher that sees a searcher wakes nobody: the searcher either finds that job before it parks
// (same argument), or finds another one first; then start_working() looks again and passes the
// wake on.
//
// Edges   E:park-bit      set_parked's fetch_or      -> claim's fetch_and, and back
//         E:search-count  every change of the count  -> every later change
#pragma once

#include "sync.hpp"
#include "timer_wheel.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

namespace silk::scheduler {

class idle {
 public:
  explicit idle(std::size_t workers) : workers_(workers), bits_((workers + 63) / 64) {}

  // ---- searchers ----

  bool anyone_searching() const noexcept {
    return searching_.load(sync::memory_order_relaxed) != 0;  // relaxed: callers put a fence before
  }
  // At most half of the workers search on their own account; a woken one always may. [worker]
  bool try_enter_search() noexcept {
    // relaxed: the limit is a courtesy, not an invariant
    if (2 * searching_.load(sync::memory_order_relaxed) >= workers_) return false;
    enter_search();
    return true;
  }
  void enter_search() noexcept {
    searching_.fetch_add(1, sync::memory_order_seq_cst);  // E:search-count in/out
  }
  void leave_search() noexcept {
    searching_.fetch_sub(1, sync::memory_order_seq_cst);  // E:search-count in/out
  }

  // ---- sleepers ----

  bool anyone_parked() const noexcept {
    return parked_.load(sync::memory_order_relaxed) != 0;  // relaxed: callers put a fence before
  }
  bool everyone_parked() const noexcept {
    return parked_.load(sync::memory_order_seq_cst) == workers_;  // E:park-bit in
  }

  // A glance; after a fence as good as a look.
  bool is_parked(std::size_t worker) const noexcept {
    // relaxed: callers put a fence before
    return (bits_[worker / 64].load(sync::memory_order_relaxed) & bit(worker)) != 0;
  }

  // From now on a waker may choose `worker`. [that worker]
  void set_parked(std::size_t worker) noexcept {
    parked_.fetch_add(1, sync::memory_order_seq_cst);                // E:park-bit out
    word(worker).fetch_or(bit(worker), sync::memory_order_seq_cst);  // E:park-bit out
  }
  // True: `worker` was parked and is now the caller's to wake (or, for itself, awake). The caller
  // must count it among the searchers before it runs. [any]
  [[nodiscard]] bool claim(std::size_t worker) noexcept {
    const std::uint64_t mask = bit(worker);
    // E:park-bit in: I2, exactly one caller sees the bit set
    if ((word(worker).fetch_and(~mask, sync::memory_order_seq_cst) & mask) == 0) return false;
    parked_.fetch_sub(1, sync::memory_order_seq_cst);  // E:park-bit out
    return true;
  }
  // Claims some parked worker, `avoid` only when there is no other. [any]
  [[nodiscard]] std::optional<std::size_t> claim_any(std::size_t avoid) noexcept;

  // ---- the driver ----

  // The deadline the driver sleeps to; 0 when no worker is the driver. [any]
  std::uint64_t driver_deadline() const noexcept {
    return driver_deadline_.load(
        sync::memory_order_relaxed);  // relaxed: callers put a fence before
  }
  // `worker`, parked, takes the role unless another one already sleeps at most to `deadline`.
  [[nodiscard]] bool try_become_driver(std::size_t worker, std::uint64_t deadline) noexcept;
  void resign_driver(std::size_t worker) noexcept;  // no effect when somebody else has taken over
  static constexpr std::size_t nobody = ~std::size_t{0};
  std::size_t driver() const noexcept {               // nobody when the role is free; a glance
    return driver_.load(sync::memory_order_relaxed);  // relaxed: claim() decides
  }

  // Serialises steps of virtual time: only one worker may find the pool quiescent at a time.
  sync::spinlock& time_lock() noexcept { return driver_lock_; }

 private:
  sync::atomic<std::uint64_t>& word(std::size_t worker) noexcept { return bits_[worker / 64]; }
  static std::uint64_t bit(std::size_t worker) noexcept {
    return std::uint64_t{1} << (worker % 64);
  }

  std::size_t workers_;
  alignas(sync::no_sharing) sync::atomic<std::size_t> searching_{0};
  alignas(sync::no_sharing) sync::atomic<std::size_t> parked_{0};
  std::vector<sync::atomic<std::uint64_t>> bits_;
  alignas(sync::no_sharing) sync::spinlock driver_lock_;
  // Both written under driver_lock_.
  sync::atomic<std::size_t> driver_{nobody};
  sync::atomic<std::uint64_t> driver_deadline_{0};
};

// ---- bodies ----

inline std::optional<std::size_t> idle::claim_any(std::size_t avoid) noexcept {
  for (std::size_t i = 0; i < bits_.size(); ++i) {
    std::uint64_t set = bits_[i].load(sync::memory_order_seq_cst);  // E:park-bit in
    if (avoid / 64 == i && avoid != nobody) set &= ~bit(avoid);
    while (set != 0) {
      const auto lowest = static_cast<std::size_t>(std::countr_zero(set));
      if (claim(i * 64 + lowest)) return i * 64 + lowest;
      set &= set - 1;
    }
  }
  if (avoid != nobody && claim(avoid)) return avoid;
  return std::nullopt;
}

inline bool idle::try_become_driver(std::size_t worker, std::uint64_t deadline) noexcept {
  sync::lock_guard hold(driver_lock_);
  // relaxed: written under the lock we hold
  if (driver() != nobody && driver_deadline_.load(sync::memory_order_relaxed) <= deadline)
    return false;
  driver_.store(worker, sync::memory_order_relaxed);             // relaxed: a glance for others
  driver_deadline_.store(deadline, sync::memory_order_relaxed);  // relaxed: a heavy fence follows
  return true;
}

inline void idle::resign_driver(std::size_t worker) noexcept {
  sync::lock_guard hold(driver_lock_);
  if (driver() != worker) return;
  driver_.store(nobody, sync::memory_order_relaxed);  // relaxed: a glance for others
  driver_deadline_.store(0,
                         sync::memory_order_relaxed);  // relaxed: start_working looks after a fence
}

}  // namespace silk::scheduler
