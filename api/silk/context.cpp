#include "context.hpp"

namespace silk {

context copy_context() {
  detail::bindings_ptr copy = detail::copied_bindings();
  return copy != nullptr ? detail::context_access::make(std::move(copy)) : context();
}

}  // namespace silk
