#include "gather.hpp"

namespace silk::detail {

void rethrow_failure(std::span<future_core* const> futures) {
  for (future_core* future : futures) {
    const outcome reached = future->state();
    if (reached != outcome::none && reached != outcome::value) {
      std::rethrow_exception(future->error());
    }
  }
}

}  // namespace silk::detail
