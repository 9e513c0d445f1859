// Replaces cuBLAS's header of this name (see ../README.md): matrix products over CBLAS.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda_runtime_api.h"

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_ARCH_MISMATCH = 8,
  CUBLAS_STATUS_MAPPING_ERROR = 11,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
};
enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };
enum cublasPointerMode_t { CUBLAS_POINTER_MODE_HOST = 0, CUBLAS_POINTER_MODE_DEVICE = 1 };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0, CUBLAS_PEDANTIC_MATH = 2, CUBLAS_TF32_TENSOR_OP_MATH = 3 };

using cublasHandle_t = struct cublasContext*;

const char* cublasGetStatusName(cublasStatus_t status);
const char* cublasGetStatusString(cublasStatus_t status);

cublasStatus_t cublasCreate(cublasHandle_t* handle);
cublasStatus_t cublasDestroy(cublasHandle_t handle);
/// As in cuBLAS, this resets the workspace to the library's own.
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream);
cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream);
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t bytes);
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode);
cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t* mode);
cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode);
cublasStatus_t cublasGetPointerMode(cublasHandle_t handle, cublasPointerMode_t* mode);

#define CUDA_EMULATOR_GEMM(name, T, Int)                                                                   \
  cublasStatus_t name(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b, \
                      Int m, Int n, Int k, const T* alpha, const T* a, Int lda, const T* b, Int ldb,       \
                      const T* beta, T* c, Int ldc);
#define CUDA_EMULATOR_BATCHED_GEMM(name, T, Int)                                                           \
  cublasStatus_t name(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b, \
                      Int m, Int n, Int k, const T* alpha, const T* a, Int lda, long long stride_a,        \
                      const T* b, Int ldb, long long stride_b, const T* beta, T* c, Int ldc,               \
                      long long stride_c, Int batch);

CUDA_EMULATOR_GEMM(cublasSgemm, float, int)
CUDA_EMULATOR_GEMM(cublasDgemm, double, int)
CUDA_EMULATOR_GEMM(cublasSgemm_64, float, std::int64_t)
CUDA_EMULATOR_GEMM(cublasDgemm_64, double, std::int64_t)
CUDA_EMULATOR_BATCHED_GEMM(cublasSgemmStridedBatched, float, int)
CUDA_EMULATOR_BATCHED_GEMM(cublasDgemmStridedBatched, double, int)
CUDA_EMULATOR_BATCHED_GEMM(cublasSgemmStridedBatched_64, float, std::int64_t)
CUDA_EMULATOR_BATCHED_GEMM(cublasDgemmStridedBatched_64, double, std::int64_t)
#undef CUDA_EMULATOR_GEMM
#undef CUDA_EMULATOR_BATCHED_GEMM
