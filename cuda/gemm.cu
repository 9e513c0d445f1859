#include "tenbin/cuda/gemm.cuh"

#include <algorithm>
#include <limits>

#include "tenbin/core/config.h"
#include "tenbin/cuda/check.cuh"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin::gpu {

namespace {

// To cuBLAS, which is column-major, a row-major matrix is its transpose, and so C' = op(B)' op(A)'.
template <class T>
struct Product {
  cublasOperation_t op_a, op_b;
  int m, n, k;
  const T* a;
  int lda;
  const T* b;
  int ldb;
  T beta;
  T* c;
  int batch;

  long long a_stride() const { return static_cast<long long>(m) * k; }
  long long b_stride() const { return static_cast<long long>(k) * n; }
  long long c_stride() const { return static_cast<long long>(m) * n; }
};

template <class T, class Gemm, class BatchedGemm>
cublasStatus_t multiply(cublasHandle_t handle, const Product<T>& p, Gemm gemm, BatchedGemm batched_gemm) {
  const T one = 1;
  return p.batch == 1
             ? gemm(handle, p.op_b, p.op_a, p.n, p.m, p.k, &one, p.b, p.ldb, p.a, p.lda, &p.beta, p.c, p.n)
             : batched_gemm(handle, p.op_b, p.op_a, p.n, p.m, p.k, &one, p.b, p.ldb, p.b_stride(), p.a, p.lda,
                            p.a_stride(), &p.beta, p.c, p.n, p.c_stride(), p.batch);
}

cublasStatus_t multiply(cublasHandle_t handle, const Product<float>& product) {
  return multiply(handle, product, cublasSgemm, cublasSgemmStridedBatched);
}

cublasStatus_t multiply(cublasHandle_t handle, const Product<double>& product) {
  return multiply(handle, product, cublasDgemm, cublasDgemmStridedBatched);
}

template <class T>
void scale(Context& context, std::size_t count, T factor, T* c) {
  for_each(context, count, [=] __device__(Index i) { c[i] = factor == T{0} ? T{0} : factor * c[i]; });
}

template <class T>
void multiply(Context& context, bool transpose_a, bool transpose_b, std::size_t m, std::size_t n,
              std::size_t k, const T* a, const T* b, T beta, T* c, std::size_t batch) {
  if (m == 0 || n == 0 || batch == 0) return;
  if (k == 0) return scale(context, batch * m * n, beta, c);
  constexpr auto longest = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (std::max({m, n, k, batch}) > longest)
    throw Error("gemm: cuBLAS takes lengths up to ", longest, ", got m = ", m, ", n = ", n, ", k = ", k,
                ", batch = ", batch);
  const auto size = [](std::size_t length) { return static_cast<int>(length); };
  const auto operation = [](bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; };
  const Product<T> product{operation(transpose_a),
                           operation(transpose_b),
                           size(m),
                           size(n),
                           size(k),
                           a,
                           size(transpose_a ? m : k),
                           b,
                           size(transpose_b ? k : n),
                           beta,
                           c,
                           size(batch)};
  const cublasHandle_t handle = context.cublas();
  TENBIN_CUDA_CHECK(
      cublasSetMathMode(handle, config().allow_tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH));
  TENBIN_CUDA_CHECK(multiply(handle, product));
  wait_if_synchronous(context, "a matrix product", __FILE__, __LINE__);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, const Array& a,
          const Array& b, double beta, Array& c, std::size_t batch) {
  visit_floating(c.dtype(), [&](auto zero) {
    using T = decltype(zero);
    multiply(Context::of(c), transpose_a, transpose_b, m, n, k, a.data<T>(), b.data<T>(),
             static_cast<T>(beta), c.data<T>(), batch);
  });
}

void gemm_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                    const Array& a, const Array& b, const Array& bias, Array& c) {
  repeat_middle(bias, 1, m, n, c);
  gemm(transpose_a, transpose_b, m, n, k, a, b, 1, c);
}

}  // namespace tenbin::gpu
