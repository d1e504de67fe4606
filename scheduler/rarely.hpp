// rarely: a call on a path that is seldom taken, which costs the path beside it nothing.
//
// A function that calls another one saves registers at its start, whether it comes to the call or not. Of a
// function with this calling convention Clang knows that it leaves nearly all registers as they are, so that
// there is nothing to save. GCC has no such thing.
#pragma once

#include <functional>

// Hidden: the dynamic linker, which stands before the first call to another shared object, does not keep all
// of those registers. For other compilers the wrapper is gone when it has been inlined, so that objects of
// several compilers never share one.
#if defined(__clang__) && __clang_major__ >= 19 && (defined(__x86_64__) || defined(__aarch64__))
#define SILK_RARELY [[clang::preserve_most, gnu::noinline, gnu::cold, gnu::visibility("hidden")]]
#else
#define SILK_RARELY [[gnu::always_inline]]
#endif

namespace silk::scheduler {

// Calls `Function`, which does not throw.
template <auto Function, class... Args>
SILK_RARELY inline auto rarely(Args... args) noexcept {
  return std::invoke(Function, args...);
}

}  // namespace silk::scheduler
