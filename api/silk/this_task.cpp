#include "this_task.hpp"

#include "detail/task_node.hpp"

namespace silk::this_task::detail {

std::string ask_name(silk::detail::task_context& context) { return context.root().name(); }

unsigned ask_cancelling(silk::detail::task_context& context) {
  unsigned sum = context.requests();
  // The inside of a timeout or a group is no task of its own.
  for (const auto* at = &context; at->scope; sum += at->requests()) at = at->parent();
  return sum;
}

unsigned ask_uncancel(silk::detail::task_context& context) {
  auto* at = &context;
  while (at->scope && at->requests() == 0) at = at->parent();
  at->uncancel();
  return ask_cancelling(context);
}

}  // namespace silk::this_task::detail
