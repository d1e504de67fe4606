// barrier: so many tasks wait for one another, round after round.
//
//   filling --the last one arrives--> draining --the last one has left--> filling
//   filling --reset(), somebody waits--.   |
//                                      v   v reset()
//   broken --reset(), some inside--> resetting --the last one has left--> filling
//   broken --reset(), nobody inside--> filling
//   any --abort()--> broken
//
// Whoever arrives while a round is draining or resetting waits outside; when the last one has left,
// those outside are the first of the next round.
//
// K1: those that wait are all inside while the barrier fills, all outside while it drains or resets, and
//     there are none when it is broken. So one line serves both.
// K2: leaving_ counts those inside whose wait is over and who have not left: none while it fills, at
//     least one while it drains or resets.
#pragma once

#include "detail/wait_list.hpp"
#include "errors.hpp"

#include <cstddef>
#include <cstdint>

namespace silk {

/// What a barrier is doing.
enum class barrier_phase : std::uint8_t {
  filling,    ///< tasks arrive and wait for the last one
  draining,   ///< all have arrived, and some have not resumed yet
  resetting,  ///< reset() came before all had resumed; those that have not will throw
  broken,     ///< abort() was called
};

/// A number of tasks that wait until all of them have come. What asyncio calls Barrier.
///
/// It can be used again and again. A task that arrives while those of the round before have not all
/// resumed waits until they have, and is counted in the next round.
///
/// Threads   wait() in tasks, of any runtime; everything else on any thread.
/// Lifetime  must outlive its waiters: the program ends with a message if it does not.
class barrier : private detail::wait_list {
 public:
  /// std::invalid_argument unless `parties` is 1 to 2^32 - 2.
  explicit barrier(std::ptrdiff_t parties);

  /// `const std::size_t index = co_await b.wait();`
  ///
  /// Finishes  when `parties` tasks wait; gives each of them another number, 0 to parties - 1, in the
  ///           order in which they came. The last one does not suspend.
  /// Fails     broken_barrier after abort(), and when reset() is called before this task has resumed.
  /// Cancelled at once. A task that waits for the others is not counted any more; one that was released
  ///           already has been, and the others go on.
  auto wait() noexcept { return detail::turn_operation<wait_verb>(wait_verb(*this)); }

  /// Breaks the wait of all who are inside and have not resumed: they throw broken_barrier. Then, or at
  /// once when nobody is inside, the barrier is as new, also after abort(). Tasks that wait for the end
  /// of a round are not disturbed.
  void reset() noexcept;
  /// Breaks the wait of everybody, also of those to come, until reset().
  void abort() noexcept;

  /// How many tasks make a round.
  std::size_t parties() const noexcept { return parties_; }
  /// How many tasks have come and wait for the last one: 0 to parties - 1. May be out of date.
  std::size_t waiting() const noexcept;
  /// True after abort(), until reset(). May be out of date.
  bool is_broken() const noexcept { return phase() == barrier_phase::broken; }
  /// May be out of date.
  barrier_phase phase() const noexcept;

 private:
  enum class arrival : std::uint8_t { waits, last, refused, cancelled };

  class wait_verb {
   public:
    explicit wait_verb(barrier& home) noexcept : barrier_(&home) {}
    detail::wait_list& home() const noexcept { return *barrier_; }
    bool try_now() noexcept { return !waits(nullptr); }
    bool now_or_wait(detail::turn_wait& w) noexcept { return waits(&w); }
    void pass_on() const noexcept {
      if (place_ != nullptr) static_cast<void>(barrier_->leave(*place_));
    }
    std::size_t result() const;

   private:
    bool waits(detail::turn_wait* w) noexcept {
      place_ = w;
      const arrival how = barrier_->arrive(w);
      if (how == arrival::waits) return true;  // and may have gone on already
      place_ = nullptr;
      refused_ = how == arrival::refused;
      return false;
    }

    barrier* barrier_;
    detail::turn_wait* place_ = nullptr;  // if it had to wait
    bool refused_ = false;
  };

  arrival arrive(
      detail::turn_wait* w) noexcept;         // without `w`, `waits` means that it would have to
  bool leave(detail::turn_wait& w) noexcept;  // false: the wait was broken
  void drain(std::uint32_t inside, detail::wake_list& woken) noexcept;  // [holder], as the next
  void fill(detail::wake_list& woken) noexcept;
  void expel(detail::wake_list& woken) noexcept;

  const std::uint32_t parties_;
  std::uint32_t leaving_ = 0;  // guarded by lock_, as the next
  barrier_phase phase_ = barrier_phase::filling;
};

}  // namespace silk
