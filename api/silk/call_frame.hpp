// call_frame: one line of what a task is in.
#pragma once

#include <cstddef>
#include <limits>
#include <source_location>
#include <string>

namespace silk {

/// A coroutine that has been called and has not ended. Which ones are known: call_graph.hpp.
struct call_frame {
  std::string function;  ///< its qualified name; a lambda in `f` is `f::lambda`
  std::source_location
      where;  ///< the co_await where it is; the coroutine itself if there was none yet

  /// `function at file:line`
  std::string description() const;
};

/// The limit of get_stack that is none.
inline constexpr std::size_t all_frames = std::numeric_limits<std::size_t>::max();

}  // namespace silk
