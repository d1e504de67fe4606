// own_reasons: why silk itself cancels a task.
//
// Made with the first runtime: later there may be no memory for them, and a cancel cannot fail.
#pragma once

#include "task_context.hpp"

namespace silk::detail {

struct own_reasons {
  reason_ptr sibling_failed;
  reason_ptr another_was_first;
  reason_ptr time_is_up;
  reason_ptr body_ended;  // a task group's
  reason_ptr interrupted;
  reason_ptr runtime_closes;

  // Throws std::bad_alloc, but not after it has returned once. [any]
  static const own_reasons& get();
};

}  // namespace silk::detail
