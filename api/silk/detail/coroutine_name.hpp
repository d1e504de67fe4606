// coroutine_name: what compilers write for a function, made short and alike.
#pragma once

#include <string>
#include <string_view>

namespace silk::detail {

// The qualified name in what std::source_location calls a function, without its return type, parameters
// and unnamed namespaces; `outer::lambda` for a lambda in outer.
std::string coroutine_name(std::string_view function);

}  // namespace silk::detail
