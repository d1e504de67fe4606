#include "this_task.hpp"

#include "detail/task_node.hpp"

namespace silk::this_task::detail {

std::string ask_name(silk::detail::task_context& context) { return context.root().name(); }

unsigned ask_cancelling(silk::detail::task_context& context) { return context.all_requests(); }

unsigned ask_uncancel(silk::detail::task_context& context) { return context.uncancel(); }

}  // namespace silk::this_task::detail
