// Checked calls of CUDA and cuBLAS: a failure is an Error with the call, the file and the line. For .cu
// files.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include "tenbin/core/error.h"

namespace tenbin::gpu {

inline void check(cudaError_t status, const char* call, const char* file, int line) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // the next call must not report this error again
  throw Error("CUDA: ", cudaGetErrorString(status), " (", cudaGetErrorName(status), ") in ", call, ", ", file,
              ':', line);
}

inline void check(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw Error("cuBLAS: ", cublasGetStatusString(status), " in ", call, ", ", file, ':', line);
}

}  // namespace tenbin::gpu

#define TENBIN_CUDA_CHECK(call) ::tenbin::gpu::check((call), #call, __FILE__, __LINE__)
