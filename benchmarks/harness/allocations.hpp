// allocations: counts calls of operator new, which allocations.cpp replaces for the whole program.
// What comes from pools, or from malloc at once, does not count.
#pragma once

#include <cstdint>

namespace bench {

std::uint64_t allocations() noexcept;  // so far, by all threads

}  // namespace bench
