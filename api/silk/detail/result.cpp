#include "result.hpp"

#include <cxxabi.h>

#include <typeinfo>

namespace silk::detail {

bool handling_cancelled() noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type != nullptr && *type == typeid(cancelled);
}

outcome outcome_of(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (...) {
    return handling_cancelled() ? outcome::cancelled : outcome::error;
  }
}

}  // namespace silk::detail
