// idle_trim: gives memory that nobody needs any more back to the system, once, when its pool has come to rest.
//
//             the last worker parks, and much is free              the time has come
//    resting ----------------------------------------> planned ---------------------> pool::give_back
//       ^                                               |   ^                              |   |
//       |               what was free was taken again   |   `-- more has come, or it must wait   |
//       `-----------------------------------------------'--------------------------------------´
//
// The plan is a timer of the pool, what it brings is a job like any: so nothing is asked of those who publish
// work meanwhile, and the worker that gives memory back counts as one that works (I1, I9). A burst costs each
// worker one wake, and what is left after it none: only who has given more to the depot since plans anew (I4).
//
// Pools that are driven, simulated or in virtual time never do it: theirs is a time of its own.
// docs/decisions/015-giving-memory-back.md
//
// Edges   E:trim-plan   the end of one plan   -> the next one
#pragma once

#include "frame_pool.hpp"
#include "job.hpp"
#include "sync.hpp"
#include "timer_wheel.hpp"

#include <cstddef>
#include <cstdint>

namespace silk::scheduler {

class pool;

class idle_trim : job {
 public:
  enum class wanted : bool { no, yes };

  idle_trim(pool& owner, wanted in_this_pool) noexcept;

  // `worker` is about to sleep. True: there is a deadline now that it has not looked at. A few loads unless
  // it is the last one and much is free. [worker, parked]
  [[nodiscard]] bool plan(std::size_t worker) noexcept {
    if (wanted_ == wanted::no) return false;
    if (!is_worth_it(frame_traffic_now())) [[likely]]
      return false;
    return plan_now(worker);
  }
  void forget() noexcept;  // nothing is planned any more [after the workers have ended]

  // Whether a plan should be made when so much has gone through the depot. For tests. [worker]
  bool is_worth_it(frame_traffic now) const noexcept {
    return now.free() >= least_free && now.given - given_before() >= least_given;
  }

  static constexpr std::size_t least_free = std::size_t{1} << 20;
  static constexpr std::size_t least_given = std::size_t{1} << 16;  // since the last time

 private:
  static constexpr std::uint64_t rest = 200'000'000;  // ns of it before anything is given back

  std::size_t given_before() const noexcept {
    // relaxed: a number like those that it is compared with
    return given_before_.load(sync::memory_order_relaxed);
  }
  bool plan_now(std::size_t worker) noexcept;
  bool must_wait(frame_traffic now) const noexcept;
  bool arm(std::size_t worker, frame_traffic now, std::uint64_t not_before) noexcept;
  void carry_out() noexcept;
  bool give_back(frame_traffic before) noexcept;

  pool& pool_;
  const wanted wanted_;
  sync::atomic<bool> planned_{false};
  sync::atomic<std::size_t> given_before_{0};
  // Of who has planned, then of who carries it out.
  timer_node timer_;
  frame_traffic planned_at_{};
  std::uint64_t not_before_ = 0;
};

}  // namespace silk::scheduler
