#include "tenbin/cuda/context.cuh"
#include "tenbin/cuda/gemm.cuh"
#include "tenbin/cuda/reduce.h"
#include "tenbin/functions/math/matmul_by.h"

namespace tenbin {

namespace {

struct OnGpu {
  gpu::Context& context;

  template <class T>
  void gemm(std::size_t batch, bool transa, bool transb, std::size_t m, std::size_t n, std::size_t k,
            const T* a, const T* b, T* c) const {
    gpu::gemm(context, transa, transb, m, n, k, a, b, T{0}, c, batch);
  }
  Array broadcast_to(const Array& x, const Shape& shape) const { return gpu::broadcast_to(x, shape); }
  Array sum_to(const Array& x, const Shape& shape) const { return gpu::sum_to(x, shape); }
};

}  // namespace

Arrays MatMul::forward_gpu(const Arrays& xs) { return forward_by(OnGpu{gpu::Context::of(xs[0])}, xs); }

Arrays MatMul::backward_gpu(const Arrays& xs, const Arrays& gys) {
  return backward_by(OnGpu{gpu::Context::of(gys[0])}, xs, gys);
}

}  // namespace tenbin
