// Tells ThreadSanitizer what the reference counts of exceptions order.
//
// An exception that a task stores and other tasks rethrow ends with its last reference, on whichever
// thread that is. The counts are atomic, but they are inside libstdc++, which is not instrumented: every
// exception that is read here and ends there would be reported as a data race, in silk's tests and in
// its users'. These two functions stand before libstdc++'s own and say that dropping a reference releases
// what this thread did with the exception and acquires what others did. In builds for ThreadSanitizer
// only; https://gcc.gnu.org/onlinedocs/libstdc++/manual/debug.html, "Data Race Hunting".
#include "sync.hpp"

#if SILK_THREAD_SANITIZER && defined(__GLIBCXX__)

#include <dlfcn.h>

#include <exception>

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace {

template <class Function>
Function* next(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#define SILK_RELEASE_OF_EXCEPTION_PTR "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv"

extern "C" {

// std::exception_ptr::_M_release, which its destructor and its assignment call. `self` points to the
// exception_ptr, whose only member is the address of the exception.
void silk_release_exception(void** self) noexcept asm(SILK_RELEASE_OF_EXCEPTION_PTR);
void silk_release_exception(void** self) noexcept {
  static const auto release = next<void(void**)>(SILK_RELEASE_OF_EXCEPTION_PTR);
  if (void* const exception = *self; exception != nullptr) {
    __tsan_release(exception);
    __tsan_acquire(exception);
  }
  release(self);
}

// The end of a catch block drops the reference of the throw.
void __cxa_end_catch() {
  static const auto end_catch = next<void()>("__cxa_end_catch");
  static_cast<void>(std::current_exception());  // comes and goes through the function above
  end_catch();
}

}  // extern "C"

#endif
