#include "this_task.hpp"

#include "detail/task_node.hpp"

namespace silk::this_task::detail {

std::string ask_name(silk::detail::task_context& context) { return context.root().name(); }

unsigned ask_cancelling(silk::detail::task_context& context) {
  // relaxed: a count, for information
  return context.cancelling.load(silk::detail::sync::memory_order_relaxed);
}

unsigned ask_uncancel(silk::detail::task_context& context) { return context.uncancel(); }

}  // namespace silk::this_task::detail
