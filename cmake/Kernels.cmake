# How the .cu files become part of the library: compiled by nvcc, or by the C++ compiler for the emulator of
# tests/cuda_emulator, which runs them on the CPU.

# The part common to both: the sources find the headers of the kernels, and the library's .cpp files know that no
# replacement is needed.
function(tenbin_add_kernels)
  add_library(tenbin_kernels OBJECT ${ARGN})
  set_target_properties(tenbin_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(tenbin_kernels PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(tenbin_kernels PRIVATE TENBIN_KERNELS)
  if(TENBIN_CUDA STREQUAL "EMULATED")
    tenbin_compile_emulated(${ARGN})
  else()
    tenbin_compile_by_nvcc()
  endif()
  target_sources(tenbin PRIVATE $<TARGET_OBJECTS:tenbin_kernels>)
  target_compile_definitions(tenbin PRIVATE TENBIN_WITH_CUDA)
endfunction()

function(tenbin_compile_emulated)
  add_subdirectory(${PROJECT_SOURCE_DIR}/tests/cuda_emulator ${PROJECT_BINARY_DIR}/cuda_emulator)
  # In error messages, files have their names in the source tree.
  set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CXX)
  set_target_properties(tenbin_kernels PROPERTIES CXX_STANDARD 17 CXX_EXTENSIONS OFF)
  target_compile_options(tenbin_kernels PRIVATE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=
                                                -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/include/tenbin/=
                                                -Wno-unknown-pragmas)  # for #pragma unroll
  target_link_libraries(tenbin_kernels PRIVATE cuda_emulator tenbin_warnings)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=address,undefined")  # vectors are loaded from aligned addresses alone
    target_compile_options(tenbin_kernels PRIVATE -fsanitize=alignment)
  endif()
  target_link_libraries(tenbin PRIVATE $<BUILD_INTERFACE:cuda_emulator>)
endfunction()

# nvcc is found through the toolkit rather than PATH. The architectures must be set before the language is enabled,
# and `native` fails without a GPU.
macro(tenbin_enable_cuda)
  find_package(CUDAToolkit REQUIRED)
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES all-major)
  endif()
  if(NOT CMAKE_CUDA_HOST_COMPILER)
    set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
  endif()
  enable_language(CUDA)
endmacro()

function(tenbin_compile_by_nvcc)
  set_target_properties(tenbin_kernels PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF)
  set(prefix_maps -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=,-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/include/tenbin/=)
  target_compile_options(tenbin_kernels PRIVATE --extended-lambda --expt-relaxed-constexpr -Xcompiler=${prefix_maps})
  if(TENBIN_WARNINGS_AS_ERRORS)
    # Register spills and arrays in local memory are more expensive than they look: they are errors too.
    target_compile_options(tenbin_kernels PRIVATE
      -Werror=all-warnings -Xcompiler=-Wall,-Wextra
      -Xptxas=--warn-on-spills,--warn-on-local-memory-usage,--warning-as-error)
    # CUDA's sine of a float64 above 1e5 has an array there.
    set_source_files_properties(${PROJECT_BINARY_DIR}/kernels/functions/math/trigonometric.cu
                                PROPERTIES COMPILE_OPTIONS -Xptxas=--disable-warnings)
  endif()
  target_link_libraries(tenbin_kernels PRIVATE CUDA::cudart CUDA::cublas)
  target_link_libraries(tenbin PRIVATE CUDA::cudart CUDA::cublas)
endfunction()
