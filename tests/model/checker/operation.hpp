// operation: a visible step of a thread, and which pairs of steps do not commute.
#pragma once

#include "clock.hpp"

#include <cstdint>
#include <source_location>

namespace silk::model {

enum class operation_kind : std::uint8_t {
  none,
  load,
  store,
  update,       // reads and writes in one step; a compare-exchange that may fail, too
  order_fence,  // seq_cst
  barrier,      // a heavy fence reaches another thread
  lock,
  try_lock,
  unlock,
  sleep,  // futex wait; on a condition variable
  wake,
  timed_out,
  join,
  settle,  // until all others wait
  yield,
  wait_for_change,  // a spinning thread that has seen all there is
};

struct operation {
  operation_kind kind = operation_kind::none;
  bool ordered = false;          // takes part in the order S of seq_cst operations
  thread_mask targets = 0;       // barrier: whom it reaches
  const void* object = nullptr;  // atomic object, mutex, word or condition variable
  std::source_location where{};

  bool reads() const noexcept {
    return kind == operation_kind::load || kind == operation_kind::update ||
           kind == operation_kind::sleep;
  }
  bool writes() const noexcept {
    return kind == operation_kind::store || kind == operation_kind::update;
  }
  bool is_fence() const noexcept {
    return kind == operation_kind::order_fence || kind == operation_kind::barrier;
  }
  bool takes_part_in_order() const noexcept { return ordered || is_fence(); }
  bool wakes() const noexcept {
    return kind == operation_kind::wake || kind == operation_kind::timed_out;
  }
  bool locks() const noexcept {
    return kind == operation_kind::lock || kind == operation_kind::try_lock ||
           kind == operation_kind::unlock;
  }
};

// `earlier` was executed by one thread, `later` by another one. True: the other order may lead to
// something new.
//
// A store that is no seq_cst one commutes with whatever follows it: a later load may return an older
// value, a later store may take an earlier place in the modification order, which is all that it could
// do if it came first. So of two accesses to one object only a read that came before a write matters:
// it could not see that write.
inline bool must_reverse(thread_id first, const operation& earlier, thread_id second,
                         const operation& later) noexcept {
  if (earlier.takes_part_in_order() && later.takes_part_in_order()) {
    const bool fences = earlier.is_fence() || later.is_fence();
    if (fences || earlier.object == later.object) return true;
  }
  if ((earlier.targets & bit_of(second)) != 0) return true;
  if ((later.targets & bit_of(first)) != 0) return true;
  if (earlier.object == nullptr || earlier.object != later.object) return false;
  if (earlier.reads() && later.writes()) return true;
  if (earlier.locks() && later.locks()) {
    return !(earlier.kind == operation_kind::unlock && later.kind == operation_kind::lock);
  }
  return earlier.wakes() || later.wakes();
}

// The reason of must_reverse is only that `sleeping` reads what `written` writes: then only a value
// that is new since can lead to something new.
inline bool only_value_is_new(const operation& sleeping, const operation& written) noexcept {
  return sleeping.reads() && sleeping.kind != operation_kind::sleep && !sleeping.ordered &&
         written.writes() && sleeping.object == written.object;
}

}  // namespace silk::model
