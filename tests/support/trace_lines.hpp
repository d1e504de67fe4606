// Where a `cancelled` has come through, told by lines of the test that asks.
#pragma once

#include <silk/errors.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace silk_tests {

using lines = std::vector<std::uint_least32_t>;

// The awaits of its trace that are in the caller's file.
inline lines lines_here(const silk::cancelled& stop,
                        std::source_location caller = std::source_location::current()) {
  lines all;
  const std::string here = caller.file_name();
  for (const std::source_location& where : stop.trace()) {
    if (where.file_name() == here) all.push_back(where.line());
  }
  return all;
}

}  // namespace silk_tests
