// branches: what the fork_joins that are under way on one worker have not begun yet.
//
// A branch is one of the callables of a fork_join. It lives on the stack of the call that forks, and is
// linked here until that call joins it, newest first. So forking is a push to an array that nobody else
// looks at, and joining is a pop: no fence, no read-modify-write.
//
//      0             exposed_            head_
//      v                v                  v
//    [ oldest |  ...    |  ...    | newest ]
//      in the deque,      private: the
//      or stolen          owner's alone
//
// A worker that finds nothing to do asks the others. Who was asked hands out its oldest branch, which
// has most behind it, by pushing a job to the deque of its worker, at its next fork or join. (The split
// deque of Lace: van Dijk and van de Pol, "Lace: non-blocking split deque for work-stealing", Euro-Par
// 2014; on request as in Acar, Chargueraud and Rainey, "Scheduling parallel programs by work stealing
// with private deques", PPoPP 2013. docs/decisions/013-fork-join.md)
//
//    private --hand_out--> in the deque --taken by anybody--> running --end--> ended
//                                 `------taken back by its fork_join (pop_if)
//
// B1 (who sleeps has asked): while a worker is parked, each worker that has private branches has been
//    asked. A worker asks after its bit is set and its heavy fence; an ask is taken down by its owner
//    only, who then, after a light fence, looks for parked and searching workers and restores it if
//    there is one. So no branch stays private for longer than to the next fork or join while a worker
//    sleeps, and what is handed out is a visible job, for which I1 holds.
// B2: a branch is run once: by its fork_join, or by whoever took it from the deque.
// B3: a branch that was taken is not touched after its end (the exchange on its state), and its
//    fork_join does not go on before.
//
// Who waits for a branch that was taken runs other jobs meanwhile, on top of its stack, and sleeps if
// there are none:
//
//    running --will_park--> parked     who ends it claims the waiting worker, unless another waker did
//    running --will_sleep--> asleep    who ends it owes a token: the worker is in nobody else's sight
//
// Edges   E:branch-end   the exchange in end   -> the look of who waits, and back
#pragma once

#include "job.hpp"
#include "sync.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace silk::scheduler {

class worker;

class branch {
 public:
  // Runs it for somebody else than its fork_join. [who took it]
  using body = void (*)(branch&) noexcept;
  explicit branch(body run) noexcept : run_(run) {}
  ~branch() {}
  branch(const branch&) = delete;
  branch& operator=(const branch&) = delete;

 private:
  friend class branches;
  friend class worker;

  enum class state : std::uint32_t { running, parked, asleep, ended };

  // What it has from when it is handed out until it is joined.
  struct handed_out : job {
    handed_out(branch& one, worker& by) noexcept : self(one), home(by) { run = run_handed_out; }
    branch& self;
    worker& home;
    sync::atomic<worker*> taken_by{nullptr};
    sync::atomic<branch::state> state{branch::state::running};
  };
  static void run_handed_out(job& self) noexcept;

  bool has_ended() const noexcept {                                      // [owner]
    return out_.state.load(sync::memory_order_acquire) == state::ended;  // E:branch-end in
  }
  // False: it has ended. [owner]
  bool will(state wait) noexcept {
    state seen = out_.state.load(sync::memory_order_relaxed);  // relaxed: the CAS decides
    do {
      if (seen == state::ended) return false;
    } while (!out_.state.compare_exchange_weak(seen, wait,
                                               sync::memory_order_seq_cst,  // E:branch-end out
                                               sync::memory_order_relaxed));  // relaxed: as above
    return true;
  }

  body run_;
  union {
    handed_out out_;
  };
};

class branches {
 public:
  static constexpr std::size_t most_at_once = 16;  // callables of one fork_join

  // Returns its place. There is room for a fork_join more after must_look() was false. [owner]
  std::uint32_t push(branch& one) noexcept {
    ring_[head_] = &one;
    return head_++;
  }
  // After pushes: somebody asks, there is no more room, or it is time to look around. [owner]
  bool must_look() noexcept { return --budget_ == 0 || asked_for_some(); }
  // For who has not pushed: the same, also when there are none. [owner]
  bool must_look_alone() noexcept { return --budget_ == 0 || is_asked(); }
  // Of those that are private some may be wanted by others. [owner]
  bool asked_for_some() const noexcept {
    return head_ >
           limit_.load(sync::memory_order_relaxed);  // relaxed: seen a fork later is as well
  }
  // The newest is the caller's again, if it is private; else it must be taken back or waited for. In
  // both cases it is not linked any more. [owner]
  [[nodiscard]] bool pop(std::uint32_t place) noexcept {
    head_ = place;
    return place >= exposed_;
  }

  bool is_handed_out(std::uint32_t place) const noexcept { return place < exposed_; }  // [owner]
  std::uint32_t count() const noexcept { return head_; }                               // [owner]
  bool is_full() const noexcept { return head_ > sync::branch_capacity; }              // [owner]
  bool has_private() const noexcept { return exposed_ < head_; }                       // [owner]
  std::uint32_t oldest_private() const noexcept { return exposed_; }  // its place [owner]

  // Wants some. [any]
  void ask() noexcept {
    // relaxed: B1 needs it after a heavy fence only, and searchers come again
    if (!is_asked()) limit_.store(0, sync::memory_order_relaxed);
  }
  bool is_asked() const noexcept {
    return limit_.load(sync::memory_order_relaxed) == 0;  // relaxed: a hint
  }

 private:
  friend class worker;

  void take_down_ask() noexcept {
    // relaxed: a light fence follows
    limit_.store(sync::branch_capacity, sync::memory_order_relaxed);
  }

  // Written by those who ask; the owner's look at each fork finds it in its cache.
  alignas(sync::no_sharing) sync::atomic<std::uint32_t> limit_{sync::branch_capacity};
  // Owner only.
  alignas(sync::no_sharing) std::uint32_t head_ = 0;
  std::uint32_t exposed_ = 0;  // private ones begin here
  std::uint32_t budget_ = 1;   // forks until the next look around
  std::uint32_t refill_ = 64;
  branch* ring_[sync::branch_capacity + most_at_once];
};

}  // namespace silk::scheduler
