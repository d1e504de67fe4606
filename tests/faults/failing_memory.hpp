// failing_memory: one allocation of this program fails, chosen by number.
//
// operator new is replaced, and so is mmap, from which coroutine frames come where no sanitizer takes them
// from operator new. What is in use is counted, so that a leak shows without a sanitizer, too.
#pragma once

#include <cstdint>

namespace silk_faults {

// The n-th allocation from now on, of any thread, throws std::bad_alloc; all after it succeed.
void fail_allocation(std::int64_t n) noexcept;
// The same for mmap: the n-th and all that follow.
void fail_maps_from(std::int64_t n) noexcept;
// No more. True: one has failed.
bool stop_failing() noexcept;

std::int64_t blocks_in_use() noexcept;  // from operator new

}  // namespace silk_faults
