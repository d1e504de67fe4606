// turn_guard: what `co_await x.scoped()` gives.
#pragma once

#include <utility>

namespace silk::detail {

/// Holds a lock or a permit and gives it back at its end. Movable; an empty one holds nothing.
///
/// Fails     if somebody else has given it back already: unlock() with usage_error (a bounded_semaphore's
///           with std::invalid_argument), the end of the guard by ending the program.
/// Threads   it may end on any thread.
/// Lifetime  what it holds a turn of must outlive it.
template <class Primitive, class GiveBack>
class [[nodiscard("it ends at once, and what it holds is given back")]] turn_guard {
 public:
  turn_guard() noexcept = default;
  explicit turn_guard(Primitive& held) noexcept : held_(&held) {}
  turn_guard(turn_guard&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  turn_guard& operator=(turn_guard&& other) noexcept {
    if (this != &other) {
      unlock();
      held_ = std::exchange(other.held_, nullptr);
    }
    return *this;
  }
  ~turn_guard() { unlock(); }

  explicit operator bool() const noexcept { return held_ != nullptr; }
  /// Gives it back now instead of at the end.
  void unlock() {
    if (held_ != nullptr) GiveBack()(*std::exchange(held_, nullptr));
  }

 private:
  Primitive* held_ = nullptr;
};

}  // namespace silk::detail
