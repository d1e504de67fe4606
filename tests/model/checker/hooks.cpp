// What the compiler and the C++ runtime call: plain accesses of instrumented code, new and delete, the
// clock. Outside of executions all is as usual.
#include "execution.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

using silk::model::execution;

namespace {

inline void note(const void* address, std::size_t size, bool writes, const void* code) {
  if (execution::in_thread()) execution::the().plain_access(address, size, writes, code);
}

// libstdc++ counts references without atomic operations as long as the process never had a second
// thread; those would look like races.
const bool had_a_second_thread = [] {
  std::thread([] {}).join();
  return true;
}();

}  // namespace

// ---- -fsanitize=thread (the interface of compiler-rt/lib/tsan/rtl/tsan_interface.h) ----

#define SILK_READ(name, size) \
  void __tsan_##name(void* at) { note(at, size, false, __builtin_return_address(0)); }
#define SILK_WRITE(name, size) \
  void __tsan_##name(void* at) { note(at, size, true, __builtin_return_address(0)); }
#define SILK_BOTH(bytes)                    \
  SILK_READ(read##bytes, bytes)             \
  SILK_WRITE(write##bytes, bytes)           \
  SILK_READ(unaligned_read##bytes, bytes)   \
  SILK_WRITE(unaligned_write##bytes, bytes) \
  SILK_READ(volatile_read##bytes, bytes)    \
  SILK_WRITE(volatile_write##bytes, bytes)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
SILK_BOTH(1)
SILK_BOTH(2)
SILK_BOTH(4)
SILK_BOTH(8)
SILK_BOTH(16)
void __tsan_vptr_update(void** at, void* fresh) {
  if (*at != fresh) note(at, sizeof(void*), true, __builtin_return_address(0));
}
void __tsan_vptr_read(void** at) { note(at, sizeof(void*), false, __builtin_return_address(0)); }
void __tsan_read_range(void* at, std::size_t size) {
  note(at, size, false, __builtin_return_address(0));
}
void __tsan_write_range(void* at, std::size_t size) {
  note(at, size, true, __builtin_return_address(0));
}
void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  note(from, size, false, __builtin_return_address(0));
  note(to, size, true, __builtin_return_address(0));
  return std::memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  note(from, size, false, __builtin_return_address(0));
  note(to, size, true, __builtin_return_address(0));
  return std::memmove(to, from, size);
}
void* __tsan_memset(void* to, int value, std::size_t size) {
  note(to, size, true, __builtin_return_address(0));
  return std::memset(to, value, size);
}

}  // extern "C"

// Atomic operations that are not the engine's: the reference counts of std::shared_ptr.
namespace {

template <class T>
T* meet(T* at) {
  if (execution::in_thread()) execution::the().foreign_atomic(at);
  return at;
}

}  // namespace

#define SILK_ATOMIC(bits, type)                                                                    \
  type __tsan_atomic##bits##_load(const volatile type* at, int) {                                  \
    return __atomic_load_n(meet(const_cast<type*>(at)), __ATOMIC_SEQ_CST);                         \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                           \
    __atomic_store_n(meet(const_cast<type*>(at)), value, __ATOMIC_SEQ_CST);                        \
  }                                                                                                \
  type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                        \
    return __atomic_exchange_n(meet(const_cast<type*>(at)), value, __ATOMIC_SEQ_CST);              \
  }                                                                                                \
  type __tsan_atomic##bits##_fetch_add(volatile type* at, type value, int) {                       \
    return __atomic_fetch_add(meet(const_cast<type*>(at)), value, __ATOMIC_SEQ_CST);               \
  }                                                                                                \
  type __tsan_atomic##bits##_fetch_sub(volatile type* at, type value, int) {                       \
    return __atomic_fetch_sub(meet(const_cast<type*>(at)), value, __ATOMIC_SEQ_CST);               \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type value, \
                                                    int, int) {                                    \
    return __atomic_compare_exchange_n(meet(const_cast<type*>(at)), expected, value, false,        \
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                        \
  }

extern "C" {

SILK_ATOMIC(8, unsigned char)
SILK_ATOMIC(32, unsigned int)
SILK_ATOMIC(64, unsigned long)
void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}

// Time stands still in an execution, but for deadlines that are waited for.
int clock_gettime(clockid_t clock, timespec* to) {
  if (!execution::in_thread()) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, to));
  }
  constexpr std::uint64_t second = 1'000'000'000;
  const std::uint64_t now = execution::the().now();
  to->tv_sec = static_cast<time_t>(now / second);
  to->tv_nsec = static_cast<long>(now % second);
  return 0;
}

// What an execution maps ends with it; so does what it has not unmapped when it is given up.
void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) noexcept {
  if (execution::in_thread()) return execution::the().map(size);
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, file, offset));
}

int munmap(void* at, std::size_t size) noexcept {
  if (execution::owns(at)) return 0;
  return static_cast<int>(::syscall(SYS_munmap, at, size));
}

// The C++ runtime gets the memory of exceptions from malloc, and counts who refers to them, unseen by us. That one
// thread has freed what another one gets must not look like a race.
void* __cxa_allocate_exception(std::size_t size) noexcept {
  static const auto real =
      reinterpret_cast<void* (*)(std::size_t)>(::dlsym(RTLD_NEXT, "__cxa_allocate_exception"));
  void* const thrown = real(size);
  if (execution::in_thread()) execution::the().renew(thrown, size);
  return thrown;
}

// Pages that are given back lose what was written there: as bad as a write if somebody uses them.
int madvise(void* at, std::size_t size, int advice) noexcept {
  if (!execution::in_thread()) return static_cast<int>(::syscall(SYS_madvise, at, size, advice));
  if (advice == MADV_DONTNEED) note(at, size, true, __builtin_return_address(0));
  return 0;
}

}  // extern "C"

// ---- new and delete ----

namespace {

void* allocate(std::size_t size, std::size_t alignment) {
  if (execution::in_thread()) return execution::the().allocate(size, alignment);
  void* memory = alignment <= alignof(std::max_align_t)
                     ? std::malloc(std::max<std::size_t>(size, 1))
                     : std::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void release(void* memory, const void* code) {
  if (memory == nullptr) return;
  if (!execution::owns(memory)) {
    // In an execution, in a warm-up above all, no address may come to be that of another object.
    if (!execution::in_thread()) std::free(memory);
    return;
  }
  // Else it is what an execution has left behind that was given up.
  if (execution::in_thread()) execution::the().release(memory, code);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new[](std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory, __builtin_return_address(0)); }
void operator delete[](void* memory) noexcept { release(memory, __builtin_return_address(0)); }
void operator delete(void* memory, std::size_t) noexcept {
  release(memory, __builtin_return_address(0));
}
void operator delete[](void* memory, std::size_t) noexcept {
  release(memory, __builtin_return_address(0));
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory, __builtin_return_address(0));
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  release(memory, __builtin_return_address(0));
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory, __builtin_return_address(0));
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory, __builtin_return_address(0));
}
