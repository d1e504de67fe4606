// completion_core: what as_completed knows of its futures: which are done, in which order, who waits for
// the next one, and whether the time is up.
//
// Each future gets a waiter, which puts it at the end of `ready_` or hands it to who has waited longest.
// Who consumes must have a claim first: one for each future, given back if it was not used. All that wait
// do so in tasks of one runtime, so that a future's completion need only return the job of the one it
// serves.
//
// O1: while a task waits, `ready_` is empty and `expired_` is not set.
// O2: claims that were not used <= futures that were not given out. So a claim is served in the end: by a
//     future, or because the time is up.
// O3: a future that is pending when the time is up is never given out.
// O4: who is told that the time is up finds nothing that waits for a future any more.
//
// Two kinds of owners: those who may consume, and the timer's callback. When the last of the former goes
// it calls abandon(), and then nothing points here any more but a callback that is on its way.
#pragma once

#include "../time.hpp"
#include "callback.hpp"
#include "future_core.hpp"
#include "runtime_core.hpp"
#include "wait_list.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace silk::detail {

class completion_core : protected wait_home {
 public:
  // The futures are the derived class's to keep alive.
  completion_core(runtime_core& runtime, const std::vector<future_core*>& futures);
  ~completion_core() override = default;

  // Once. Arms the timer, then watches. `self` is this. [task or callback]
  void start(runtime_core& runtime, duration timeout, const std::shared_ptr<completion_core>& self);
  void abandon() noexcept;  // once, when nobody may consume any more [any]

  bool claim() noexcept;    // false: there is none left [any]
  void unclaim() noexcept;  // [who has a claim]
  std::size_t unclaimed() const noexcept;

  // For the verbs. A note tells a waiter what it was given.
  static constexpr std::uint32_t nothing = 0;
  static constexpr std::uint32_t time_is_up = ~std::uint32_t{0};
  static std::size_t index_of(std::uint32_t note) noexcept { return note - 1; }

  wait_home& home() noexcept { return *this; }
  void check_runtime() const;                   // [task]
  std::uint32_t take_now() noexcept;            // [claimant]
  bool take_or_wait(turn_wait& w) noexcept;     // [claimant]
  void give_back(std::uint32_t note) noexcept;  // [who was given it]

 private:
  struct member : waiter {
    member() noexcept : waiter(member_completed) {}
    completion_core* owner = nullptr;
    future_core* core = nullptr;
    member* next_ready = nullptr;  // guarded by the owner's lock_, as is the next
    bool pending = true;
  };
  struct expiry : engine::job {
    std::shared_ptr<completion_core> self;  // while it is queued
  };

  static engine::job* member_completed(waiter& self) noexcept;
  engine::job* completed(member& done) noexcept;
  void arm(runtime_core& runtime, duration timeout, const std::shared_ptr<completion_core>& self);
  void watch(member& m) noexcept;
  void stop_watching() noexcept;
  void expire_when_quiet(std::shared_ptr<completion_core> self) noexcept;
  void expire() noexcept;

  std::uint32_t note_of(const member& m) const noexcept {
    return static_cast<std::uint32_t>(&m - members_.get()) + 1;
  }
  std::uint32_t take() noexcept;        // [holder]
  void push_ready(member& m) noexcept;  // [holder]

  engine::pool& pool_;
  const std::size_t size_;
  std::unique_ptr<member[]> members_;
  core_ptr<callback> timer_;  // set before anything is watched
  expiry expiry_;
  std::size_t unclaimed_;  // guarded by lock_, as all that follows
  std::size_t pending_;
  bool closed_ = false;   // no future is accepted any more
  bool expired_ = false;  // whoever would wait is told so
  member* first_ready_ = nullptr;
  member* last_ready_ = nullptr;
  wait_line consumers_;
};

// The right to one of the outcomes. Move-only; given back unless it was used.
class completion_claim {
 public:
  completion_claim() noexcept = default;
  explicit completion_claim(completion_core& core) noexcept
      : core_(core.claim() ? &core : nullptr) {}
  completion_claim(completion_claim&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)) {}
  completion_claim& operator=(completion_claim&& other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~completion_claim() {
    if (core_ != nullptr) core_->unclaim();
  }

  explicit operator bool() const noexcept { return core_ != nullptr; }
  void use() noexcept { core_ = nullptr; }

 private:
  completion_core* core_ = nullptr;
};

// The part of a verb that does not know the type of the handles. The claim is its own or somebody else's.
class completion_verb {
 public:
  completion_verb(completion_core& core, completion_claim own) noexcept
      : core_(&core), own_(std::move(own)) {}
  completion_verb(completion_core& core, completion_claim* lent) noexcept
      : core_(&core), lent_(lent) {}
  wait_home& home() const noexcept { return core_->home(); }
  bool try_now();
  bool now_or_wait(turn_wait& w) noexcept {
    waiting_ = &w;
    return core_->take_or_wait(w);
  }
  void pass_on() noexcept { core_->give_back(waiting_->note); }

 protected:
  bool has_claim() noexcept { return static_cast<bool>(claim()); }
  // The index of a future that is done; throws timeout_error instead.
  std::size_t use_claim();

 private:
  completion_claim& claim() noexcept { return lent_ != nullptr ? *lent_ : own_; }

  completion_core* core_;
  completion_claim own_;
  completion_claim* lent_ = nullptr;
  turn_wait* waiting_ = nullptr;
  std::uint32_t given_ = completion_core::nothing;
};

}  // namespace silk::detail
