#include "gather.hpp"

namespace silk::detail {

void rethrow_failure(std::span<future_core* const> futures, std::source_location where) {
  for (future_core* future : futures) {
    const outcome reached = future->state();
    if (reached != outcome::none && reached != outcome::value) {
      rethrow_at(future->error(), where);
    }
  }
}

}  // namespace silk::detail
