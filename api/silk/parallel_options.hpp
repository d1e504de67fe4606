// parallel_options: how parallel_for and parallel_reduce go about it.
#pragma once

#include <cstddef>

namespace silk {

/// How parallel_for and parallel_reduce go about it.
struct parallel_options {
  /// So many iterations at least are done by one worker in one go. 0: as many as take some
  /// microseconds, which the loop finds out.
  std::size_t grain = 0;
};

}  // namespace silk
