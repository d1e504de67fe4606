// strategy: what decides which thread runs next and which of several allowed values a load returns.
#pragma once

#include "clock.hpp"
#include "operation.hpp"

#include <cstdint>

namespace silk::model {

class execution;

inline constexpr unsigned no_choice = ~0u;  // give up this execution: it would show nothing new

// A place where more than one thread may go on.
struct crossing {
  thread_mask enabled;
  thread_id previous;  // who made the last step
  bool free_to_leave;  // it cannot go on, or does not mind: to switch is no preemption
};

class strategy {
 public:
  strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;
  virtual ~strategy() = default;

  virtual void begin() = 0;  // an execution
  virtual unsigned choose_thread(const crossing& at) = 0;
  virtual unsigned choose(unsigned count, std::uint64_t allowed) = 0;
  // `thread` has come to its next step, and waits for its turn.
  virtual void arrived(thread_id thread, const operation& next) = 0;
  // `thread` makes its step now.
  virtual void executes(thread_id thread, const operation& now) = 0;
  // For what `thread` is about to read: the number of the oldest store that would be something new.
  virtual std::uint32_t only_from(thread_id) const noexcept { return 0; }
  // False: there is nothing left to explore.
  virtual bool next() = 0;
};

// The threads of a crossing in a fixed order, the ordinary course first: 0 goes on with `previous`.
inline unsigned index_of(const crossing& at, thread_id thread) noexcept {
  unsigned index = 0;
  const thread_id start = at.free_to_leave ? (at.previous + 1) % max_threads : at.previous;
  for (thread_id i = 0; i < max_threads; ++i) {
    const auto each = static_cast<thread_id>((start + i) % max_threads);
    if (each == thread) return index;
    if ((at.enabled & bit_of(each)) != 0) ++index;
  }
  return index;
}
inline thread_id thread_at(const crossing& at, unsigned index) noexcept {
  const thread_id start = at.free_to_leave ? (at.previous + 1) % max_threads : at.previous;
  for (thread_id i = 0; i < max_threads; ++i) {
    const auto each = static_cast<thread_id>((start + i) % max_threads);
    if ((at.enabled & bit_of(each)) != 0 && index-- == 0) return each;
  }
  return at.previous;
}

}  // namespace silk::model
