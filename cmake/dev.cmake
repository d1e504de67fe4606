# Targets for those who work on silk; a project that embeds silk never reads this.

option(SILK_TESTS "Build the tests" ON)
option(SILK_BENCHMARKS "Build the benchmarks" ON)
option(SILK_EXAMPLES "Build the examples" ON)

include(cmake/dependencies.cmake)
include(cmake/warnings.cmake)
include(cmake/header_check.cmake)

option(SILK_DELAYS "Delay threads at random at atomic operations: scheduler/sync_delays.hpp" OFF)
if(SILK_DELAYS) # for all who include our headers, else two kinds of atomics would meet
  target_compile_definitions(silk PUBLIC SILK_DELAYS)
endif()

option(SILK_FUZZ "Offer the fuzz target: Clang only" OFF)
if(SILK_FUZZ)
  target_compile_options(silk PRIVATE -fsanitize=fuzzer-no-link) # what is covered, told to libFuzzer
endif()

# BUILD_INTERFACE: else the installed package would ask its users for silk_warnings.
target_link_libraries(silk PRIVATE $<BUILD_INTERFACE:silk_warnings>)

if(SILK_EXAMPLES)
  add_subdirectory(examples)
endif()
if(SILK_BENCHMARKS)
  add_subdirectory(benchmarks)
endif()
if(SILK_TESTS)
  enable_testing()
  add_subdirectory(tests)
endif()
