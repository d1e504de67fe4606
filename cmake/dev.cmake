# Targets for those who work on silk; a project that embeds silk never reads this.

option(SILK_TESTS "Build the tests" ON)
option(SILK_BENCHMARKS "Build the benchmarks" ON)
option(SILK_EXAMPLES "Build the examples" ON)

include(cmake/dependencies.cmake)
include(cmake/warnings.cmake)
include(cmake/header_check.cmake)

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
