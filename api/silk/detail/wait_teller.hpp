// wait_teller: says in words what a suspended task waits for.
//
// Found when somebody asks, as the call graph is. What has no name of its own is numbered in the order in
// which it is met, so that the same program tells the same each time.
#pragma once

#include "task_node.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace silk::detail {

struct await_access;
struct fork_group;
class wait_home;

class wait_teller {
 public:
  // [any, with a reference to the task]
  std::string tell(task_node& task) { return of_context(task.context()); }

 private:
  std::string of_context(task_context& context);
  std::string of_group(fork_group& group);
  std::string of_future(future_core& awaited);
  std::string numbered(std::string what, const void* which);

  std::vector<const void*> met_;
};

}  // namespace silk::detail
