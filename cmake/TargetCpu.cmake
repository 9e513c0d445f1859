# The processor that the library is compiled for: "generic x86_64", or, with TENBIN_NATIVE, the compiler's meaning
# of -march=native, such as "znver3".
function(tenbin_target_cpu result)
  set(${result} "generic ${CMAKE_SYSTEM_PROCESSOR}" PARENT_SCOPE)
  if(NOT TENBIN_NATIVE)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -march=native "-###" -E -x c++ /dev/null
                  OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REPLACE "-march=native" "" output "${output}")
  set(${result} native PARENT_SCOPE)
  if(output MATCHES "-march=([^\" ']+)")  # g++
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  elseif(output MATCHES "\"-target-cpu\" \"([^\"]+)\"")  # clang++
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()
