// Source locations, told to people.
#pragma once

#include <source_location>
#include <string>

namespace silk::detail {

// "file:line"; empty when the location is not known.
std::string text_of(std::source_location where);

}  // namespace silk::detail
