// Promises completed by foreign threads, while those who wait are cancelled, let go of, or end with
// their runtime.
#pragma once

#include "../stress/tasks.hpp"

#include <exception>
#include <memory>
#include <vector>

namespace silk_stress::promising {

// A value that must be destroyed as often as it is made.
using value = std::shared_ptr<life>;
inline value make_value() { return std::make_shared<life>(); }

inline silk::task<> waiter(life, dice random, silk::future<value> awaited) {
  try {
    switch (random.below(6)) {
      case 0:
        co_await awaited;
        break;
      case 1:
        co_await silk::shield(awaited);
        break;
      case 2: {
        const std::vector<silk::future<value>> one(1, awaited);
        co_await silk::wait(one, {.timeout = microseconds(random.below(300))});
        break;
      }
      case 3:
        co_await silk::gather(nap(random.another()), awaited);
        break;
      case 4:
        co_await silk::with_timeout(microseconds(random.below(300)), awaited);
        break;
      default:
        co_await silk::gather_settled(awaited, awaited);
    }
  } catch (const std::exception&) {
  }
}

inline void complete(silk::promise<value> made, dice random) {
  jitter(random);
  switch (random.below(4)) {
    case 0:
      return;  // dropped
    case 1:
      static_cast<void>(made.try_set_exception(std::make_exception_ptr(failure_by_design())));
      return;
    default:
      static_cast<void>(made.try_set_value(make_value()));
  }
}

}  // namespace silk_stress::promising
