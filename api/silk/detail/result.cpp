#include "result.hpp"

#include <cxxabi.h>

#include <typeinfo>

namespace silk::detail {

bool handling_cancelled() noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type != nullptr && *type == typeid(cancelled);
}

}  // namespace silk::detail
