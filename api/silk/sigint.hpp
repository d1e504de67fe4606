// sigint: what Ctrl-C does to a task that is run.
#pragma once

#include <cstdint>

namespace silk {

/// What SIGINT does while run, or block_on of a task, is under way.
enum class sigint : std::uint8_t {
  /// What the program has arranged; if it has not, it ends the process.
  left_alone,
  /// The first one cancels the task that is run; if it ends cancelled, `interrupted` is thrown. The second
  /// one does what it does when left alone. If SIGINT is ignored it stays so.
  cancels_main,
};

}  // namespace silk
