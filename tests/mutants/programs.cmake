# The programs that mutants.py runs: one for each file of tests, so that a mutant costs little building.
# Included by the tests' CMakeLists.txt when SILK_MUTANTS is on; nothing here is part of `all`.

function(mutant_program folder source)
  get_filename_component(name ${source} NAME_WE)
  add_executable(mutant_${folder}_${name} EXCLUDE_FROM_ALL ${source})
  target_include_directories(mutant_${folder}_${name} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/..)
  target_link_libraries(mutant_${folder}_${name} PRIVATE ${ARGN} GTest::gtest_main)
endfunction()

# What tests the engine alone is linked with nothing else: a mutant in one of its headers would have all of
# the library built again.
set(of_the_engine "^(backlog|blocking_pool|deque|frame_depot|frame_pool|injector|pool|run_queue|timer_wheel|timers)")
file(GLOB engine_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scheduler/*.cpp)
add_library(mutant_engine STATIC EXCLUDE_FROM_ALL ${engine_sources})
target_compile_features(mutant_engine PUBLIC cxx_std_20)
target_link_libraries(mutant_engine PUBLIC Threads::Threads)

foreach(folder IN ITEMS unit conformance regression sim stress)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*_test.cpp)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    if(folder STREQUAL unit AND name MATCHES ${of_the_engine})
      mutant_program(${folder} ${source} mutant_engine)
    else()
      mutant_program(${folder} ${source} silk::silk)
    endif()
  endforeach()
endforeach()

# What they all explore with is in a file of tests, too.
foreach(source IN ITEMS cancel sync tasks time)
  target_sources(mutant_sim_${source}_test PRIVATE sim/sim_test.cpp)
endforeach()

# silk_model in pieces: what its tests have in common, and each file of tests with it. A test of headers
# alone does without the library, which any mutant in a header would have built again.
if(TARGET silk_model)
  set(of_headers_alone deque injector run_queue spinlock)
  get_target_property(harness silk_model SOURCES)
  set(model_tests ${harness})
  list(FILTER model_tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER harness EXCLUDE REGEX "_test\\.cpp$")
  add_library(mutant_harness STATIC EXCLUDE_FROM_ALL ${harness})
  target_link_libraries(mutant_harness PUBLIC silk_model_checker PRIVATE GTest::gtest)

  foreach(source IN LISTS model_tests)
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE "_test" "" subject ${name})
    if(subject IN_LIST of_headers_alone)
      mutant_program(model ${source} mutant_harness)
    else()
      mutant_program(model ${source} silk_model_library mutant_harness)
    endif()
  endforeach()
  target_sources(mutant_model_deque_test PRIVATE ${PROJECT_SOURCE_DIR}/scheduler/deque.cpp)
endif()
