# silk_require(<package> <Debian package> [arguments of find_package...])
# The library needs nothing but threads; these are for tests, benchmarks and examples.
macro(silk_require package debian_package)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} is missing. On Debian: apt-get install ${debian_package}\n"
                        "(or switch off SILK_TESTS, SILK_BENCHMARKS or SILK_EXAMPLES)")
  endif()
endmacro()
