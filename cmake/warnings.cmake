# Linked PRIVATE by our own targets only, so that no consumer inherits our taste.

option(SILK_WERROR "Warnings are errors" OFF)

add_library(silk_warnings INTERFACE)
target_compile_options(
  silk_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic # both compilers, no extensions
            $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow> # a lambda in a coroutine easily hides a local
            -Wconversion # times and counts of different width meet in the timers
            -Wno-sign-conversion # Clang counts it as -Wconversion, GCC does not: same set for both
            -Wextra-semi # an empty declaration is a leftover
            -Wnon-virtual-dtor # deleting through such a base is undefined
            -Wold-style-cast # a C cast can drop const unseen
            -Wimplicit-fallthrough) # GCC has it in -Wextra, Clang does not

# GCC's flow analysis cries wolf on instrumented code, so its sanitizer builds only warn.
if(SILK_WERROR AND NOT (SILK_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"))
  target_compile_options(silk_warnings INTERFACE -Werror)
endif()
