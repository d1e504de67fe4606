#include "driver_seat.hpp"

#include <string>

namespace silk::detail {

driver_seat::driver_seat(runtime_core& runtime, const char* verb) : pool_(runtime.pool()) {
  if (engine::current_worker() != nullptr) {
    throw usage_error(std::string(verb) +
                      " inside of a task, callback or driving: it drives already");
  }
  if (!pool_.take_seat()) {
    throw usage_error(std::string(verb) + ": another thread drives this runtime");
  }
}

}  // namespace silk::detail
