# Finds oneDNN, whose sgemm is the fastest on many machines: target OneDNN::OneDNN.
#
# Accepts only a build of oneDNN for OpenMP, and only if OpenMP is found too, since its threads are limited by
# OpenMP's functions. (oneDNN's own CMake package requires OpenCL's development files, which are not needed here.)
find_path(OneDNN_INCLUDE_DIR oneapi/dnnl/dnnl_config.h)
find_library(OneDNN_LIBRARY dnnl)
find_package(OpenMP QUIET COMPONENTS CXX)
mark_as_advanced(OneDNN_INCLUDE_DIR OneDNN_LIBRARY)

set(OneDNN_RUNS_ON_OPENMP FALSE)
if(OneDNN_INCLUDE_DIR)
  file(STRINGS ${OneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_config.h runtime
       REGEX "define DNNL_CPU_THREADING_RUNTIME +DNNL_RUNTIME_OMP")
  if(runtime)
    set(OneDNN_RUNS_ON_OPENMP TRUE)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR
                                  OneDNN_RUNS_ON_OPENMP OpenMP_CXX_FOUND)

if(OneDNN_FOUND AND NOT TARGET OneDNN::OneDNN)
  add_library(OneDNN::OneDNN UNKNOWN IMPORTED)
  set_target_properties(OneDNN::OneDNN PROPERTIES IMPORTED_LOCATION ${OneDNN_LIBRARY}
                                                  INTERFACE_INCLUDE_DIRECTORIES ${OneDNN_INCLUDE_DIR}
                                                  INTERFACE_LINK_LIBRARIES OpenMP::OpenMP_CXX)
endif()
