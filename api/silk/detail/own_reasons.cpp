#include "own_reasons.hpp"

#include <memory>
#include <string>

namespace silk::detail {

const own_reasons& own_reasons::get() {
  const auto text = [](const char* why) { return std::make_shared<const std::string>(why); };
  // Never destroyed: tasks may outlive static destructors.
  static const auto& made = *new own_reasons{
      .sibling_failed = text("a sibling failed"),
      .another_was_first = text("another one was first"),
      .time_is_up = text("the time is up"),
      .body_ended = text("the group's body has ended"),
      .interrupted = text("interrupted"),
      .runtime_closes = text("the runtime is shutting down"),
  };
  return made;
}

}  // namespace silk::detail
