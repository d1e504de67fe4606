// driver_seat: the calling thread is the worker of a runtime without threads as long as this lives.
#pragma once

#include "runtime_core.hpp"

namespace silk::detail {

class driver_seat {
 public:
  // Fails with usage_error on a worker, and while another thread has the seat.
  driver_seat(runtime_core& runtime, const char* verb);
  ~driver_seat() { pool_.leave_seat(); }
  driver_seat(const driver_seat&) = delete;
  driver_seat& operator=(const driver_seat&) = delete;

 private:
  engine::pool& pool_;
};

}  // namespace silk::detail
