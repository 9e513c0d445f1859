#include "tenbin/cuda/gemm.h"

#include <algorithm>
#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/cuda/check.h"
#include "tenbin/cuda/context.h"

namespace tenbin::gpu {

namespace {

void check(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw Error("cuBLAS: ", cublasGetStatusString(status), " in ", call, ", ", file, ':', line);
}

#define TENBIN_CUBLAS_CHECK(call) check((call), #call, __FILE__, __LINE__)

cublasStatus_t call_gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n,
                         int k, const float* a, int lda, const float* b, int ldb, float beta, float* c,
                         int ldc) {
  const float one = 1;
  return cublasSgemm(handle, op_a, op_b, m, n, k, &one, a, lda, b, ldb, &beta, c, ldc);
}

cublasStatus_t call_gemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m, int n,
                         int k, const double* a, int lda, const double* b, int ldb, double beta, double* c,
                         int ldc) {
  const double one = 1;
  return cublasDgemm(handle, op_a, op_b, m, n, k, &one, a, lda, b, ldb, &beta, c, ldc);
}

}  // namespace

cublasHandle_t create_cublas(cudaStream_t stream, void** workspace) {
  constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // what cuBLAS asks for on Hopper
  cublasHandle_t handle = nullptr;
  TENBIN_CUBLAS_CHECK(cublasCreate(&handle));
  TENBIN_CUBLAS_CHECK(cublasSetStream(handle, stream));
  TENBIN_CUDA_CHECK(cudaMalloc(workspace, workspace_bytes));
  TENBIN_CUBLAS_CHECK(cublasSetWorkspace(handle, *workspace, workspace_bytes));
  return handle;
}

template <class T>
void gemm(int device, bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
          const T* a, const T* b, T beta, T* c) {
  if (m == 0 || n == 0) return;
  constexpr auto longest = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (std::max({m, n, k}) > longest)
    throw Error("gemm: cuBLAS takes lengths up to ", longest, ", got m = ", m, ", n = ", n, ", k = ", k);
  const auto size = [](std::size_t length) { return static_cast<int>(length); };
  const auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
  const cublasHandle_t handle = Context::of(device).cublas();
  TENBIN_CUBLAS_CHECK(
      cublasSetMathMode(handle, config().allow_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
  // cuBLAS is column-major: to it these are the transposed matrices, and C' = op(B)' op(A)'.
  const std::size_t lda = std::max<std::size_t>(transpose_a ? m : k, 1);
  const std::size_t ldb = std::max<std::size_t>(transpose_b ? k : n, 1);
  TENBIN_CUBLAS_CHECK(call_gemm(handle, operation(transpose_b), operation(transpose_a), size(n), size(m),
                                size(k), b, size(ldb), a, size(lda), beta, c, size(n)));
}

template void gemm(int, bool, bool, std::size_t, std::size_t, std::size_t, const float*, const float*, float,
                   float*);
template void gemm(int, bool, bool, std::size_t, std::size_t, std::size_t, const double*, const double*,
                   double, double*);

Array matmul(const Array& a, const Array& b, bool transpose_a, bool transpose_b) {
  const std::size_t m = a.shape()[transpose_a ? 1 : 0];
  const std::size_t k = a.shape()[transpose_a ? 0 : 1];
  const std::size_t n = b.shape()[transpose_b ? 0 : 1];
  Array c = Array::empty({m, n}, a.dtype(), a.device());
  visit_floating(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gemm(a.device().index, transpose_a, transpose_b, m, n, k, a.data<T>(), b.data<T>(), T{0}, c.data<T>());
  });
  return c;
}

}  // namespace tenbin::gpu
