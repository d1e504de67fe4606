// How many sites this process has memory for.
#pragma once

#include "options.hpp"

#include <cstdint>

namespace spider {

// From what the kernel says is available to this process: free memory, the limits of its cgroup and
// of every ancestor, and its own address space.
std::uint64_t sites_that_fit_in_memory(until mode);

}  // namespace spider
