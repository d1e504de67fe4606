#include "place.hpp"

namespace silk::detail {

std::string text_of(std::source_location where) {
  if (where.line() == 0) return {};
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace silk::detail
