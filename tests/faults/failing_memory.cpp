#include "failing_memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::atomic<std::int64_t> before_failure{never};  // allocations until the one that fails
std::atomic<std::int64_t> before_maps_fail{never};
std::atomic<bool> has_failed{false};
std::atomic<std::int64_t> in_use{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (before_failure.load() != never && before_failure.fetch_sub(1) == 1) {
    has_failed = true;
    throw std::bad_alloc();
  }
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
  ++in_use;
  return memory;
}

void release(void* memory) noexcept {
  if (memory != nullptr) --in_use;
  std::free(memory);
}

}  // namespace

namespace silk_faults {

void fail_allocation(std::int64_t n) noexcept {
  has_failed = false;
  before_failure = n;
}

void fail_maps_from(std::int64_t n) noexcept {
  has_failed = false;
  before_maps_fail = n;
}

bool stop_failing() noexcept {
  before_failure = never;
  before_maps_fail = never;
  return has_failed;
}

std::int64_t blocks_in_use() noexcept { return in_use; }

}  // namespace silk_faults

// The array forms call these.
void* operator new(std::size_t bytes) { return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

#ifndef SILK_SANITIZED  // else the sanitizer has an mmap of its own
extern "C" void* mmap(void* address, std::size_t bytes, int protection, int flags, int file,
                      off_t offset) noexcept {
  if (before_maps_fail.load() != never && before_maps_fail.fetch_sub(1) <= 1) {
    has_failed = true;
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(  // NOLINT: what the system call returns is an address
      ::syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}
#endif
