# silk_header_check compiles every header alone, so that none leans on what its includer included,
# and twice in one file, so that none lacks its include guard. Built by `./dev lint` only.

file(GLOB_RECURSE silk_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} api/silk/*.hpp
     scheduler/*.hpp)
set(header_check_sources "")
foreach(header IN LISTS silk_headers)
  set(source ${PROJECT_BINARY_DIR}/header_check/${header}.cpp)
  set(include_line "#include \"${PROJECT_SOURCE_DIR}/${header}\"\n")
  file(CONFIGURE OUTPUT ${source} CONTENT "${include_line}${include_line}")
  list(APPEND header_check_sources ${source})
endforeach()

add_library(silk_header_check OBJECT EXCLUDE_FROM_ALL ${header_check_sources})
target_link_libraries(silk_header_check PRIVATE silk::silk silk_warnings)
