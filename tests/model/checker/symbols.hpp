// symbols: where an address of code is in the source, for reports.
#pragma once

#include <string>

namespace silk::model {

// "file:line", or the address if addr2line is not there or knows nothing.
std::string place_of_code(const void* code);

}  // namespace silk::model
