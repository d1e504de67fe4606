// worker_count: how many workers a pool gets when nobody says.
//
// The smallest of the CPUs this process may run on (affinity) and the CPU quota of its cgroup and
// of every ancestor it can see. More workers than quota make a program slower: once the quota is
// used up, the kernel stops all of them for the rest of the period.
//
// What cannot be read or understood is no limit, never an error. A quota above this process's
// cgroup namespace cannot be seen from inside.
#pragma once

#include <sched.h>

#include <cstddef>
#include <limits>
#include <string>

namespace silk::scheduler {

inline constexpr unsigned no_cpu_limit = std::numeric_limits<unsigned>::max();

// At least 1. Reads a few files of /proc and /sys each time. [any]
unsigned default_worker_count();

using affinity_call = int (*)(pid_t, std::size_t, cpu_set_t*);

// The CPUs the calling thread may run on; no_cpu_limit when the call fails. [any]
unsigned affinity_cpu_count(affinity_call get_affinity = &::sched_getaffinity);

// The tightest quota, rounded up to whole CPUs, of the cgroup named in <root>/proc/self/cgroup and
// of its ancestors; versions 1 and 2, also mixed, wherever <root>/proc/self/mountinfo says they are
// mounted; no_cpu_limit when there is none. `root` is "/" but for tests. [any]
unsigned cgroup_cpu_limit(const std::string& root = "/");

}  // namespace silk::scheduler
