# A function in CMakeLists.txt's list without a test must not configure.
#   cmake -D SOURCE=... -D BUILD=... -D GENERATOR=... -D COMPILER=... -P configure_refuses_function_without_test.cmake
set(work ${BUILD}/tests/function_without_test)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work}/source)
file(GLOB entries RELATIVE ${SOURCE} ${SOURCE}/*)
list(REMOVE_ITEM entries build CMakeLists.txt)
foreach(entry IN LISTS entries)
  file(CREATE_LINK ${SOURCE}/${entry} ${work}/source/${entry} SYMBOLIC)
endforeach()
file(READ ${SOURCE}/CMakeLists.txt text)
string(REPLACE "set(FUNCTIONS\n" "set(FUNCTIONS\n  math/without_test\n" changed "${text}")
if(changed STREQUAL text)
  message(FATAL_ERROR "CMakeLists.txt no longer has the list of functions that this test adds to")
endif()
file(WRITE ${work}/source/CMakeLists.txt "${changed}")

execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${work}/source -B ${work}/build -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(REGEX REPLACE "[ \n]+" " " output "${output}")  # CMake wraps its messages
if(result EQUAL 0)
  message(FATAL_ERROR "it configured")
endif()
if(NOT output MATCHES "functions/math/without_test has no test: write tests/functions/math/without_test_test\\.cpp")
  message(FATAL_ERROR "it failed for another reason: ${output}")
endif()
file(REMOVE_RECURSE ${work})
