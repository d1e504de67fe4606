// To wait for a future on a thread that may block.
#pragma once

#include "../future.hpp"
#include "engine.hpp"

#include <utility>

namespace silk::detail {

// Throws usage_error on a worker thread.
void check_may_block(const char* verb);

void block_until_done(future_core& core) noexcept;

template <class T>
T wait_blocking(future<T> awaited) {
  core_ptr<future_state<T>> state = future_access::share(awaited);
  awaited = {};
  block_until_done(*state);
  state->get();
  if constexpr (!std::is_void_v<T>) return take_value(*state);
}

}  // namespace silk::detail
