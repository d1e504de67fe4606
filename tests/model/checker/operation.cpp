#include "operation.hpp"

namespace silk::model {

namespace {

bool in_order(const operation& op) noexcept {
  return op.ordered || op.kind == operation_kind::order_fence || op.kind == operation_kind::barrier;
}

bool is_fence(const operation& op) noexcept {
  return op.kind == operation_kind::order_fence || op.kind == operation_kind::barrier;
}

}  // namespace

bool must_reverse(thread_id first, const operation& earlier, thread_id second,
                  const operation& later) noexcept {
  if (earlier.kind == operation_kind::barrier && earlier.target == second) return true;
  if (later.kind == operation_kind::barrier && later.target == first) return true;
  if (in_order(earlier) && in_order(later)) {
    if (is_fence(earlier) || is_fence(later) || earlier.object == later.object) return true;
  }
  if (earlier.object == nullptr || earlier.object != later.object) return false;
  if (earlier.locks() && later.locks()) {
    return !(earlier.kind == operation_kind::unlock && later.kind == operation_kind::lock);
  }
  if (earlier.kind == operation_kind::wake || later.kind == operation_kind::wake) return true;
  if (earlier.kind == operation_kind::timed_out || later.kind == operation_kind::timed_out) {
    return true;
  }
  return earlier.reads() && later.writes();
}

}  // namespace silk::model
