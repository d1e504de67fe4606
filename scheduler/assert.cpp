#include "assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace silk::scheduler {

void contract_broken(const char* message, const char* file, int line) noexcept {
  std::fprintf(stderr, "silk: %s (%s:%d)\n", message, file, line);
  std::abort();
}

}  // namespace silk::scheduler
