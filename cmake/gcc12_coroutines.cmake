# GCC 12.0 to 12.2 (Debian 12's default) miscompile `co_await` inside a condition: GCC bug 106188.
# A program that crashes, hangs or does not compile counts as miscompiled. Shared by the build and
# by the installed package, since the compiler that matters is the user's.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CROSSCOMPILING)
  try_run(SILK_AWAIT_IN_CONDITION SILK_AWAIT_IN_CONDITION_COMPILES
          SOURCES ${CMAKE_CURRENT_LIST_DIR}/gcc12_coroutines.cpp
          CXX_STANDARD 20
          CXX_STANDARD_REQUIRED TRUE)
  if(NOT SILK_AWAIT_IN_CONDITION STREQUAL "0")
    message(
      STATUS
        "silk: *** GCC ${CMAKE_CXX_COMPILER_VERSION} MISCOMPILES co_await IN A CONDITION ***\n"
        "   Bind the result to a named local first, in your coroutines too:\n"
        "       auto page = co_await fetch();      // right\n"
        "       if (page) ...\n"
        "       if (co_await fetch()) ...          // wrong: may skip the body, crash or hang\n"
        "   The same holds for while, for, do and switch. GCC 12.3 and Clang are free of it.")
  endif()
endif()
