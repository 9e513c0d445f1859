#include "tenbin/cuda/context.cuh"
#include "tenbin/cuda/gemm.cuh"
#include "tenbin/functions/math/matmul_by.h"

namespace tenbin {

namespace {

struct Gemm {
  gpu::Context& context;

  template <class T>
  void operator()(std::size_t batch, bool transa, bool transb, std::size_t m, std::size_t n, std::size_t k,
                  const T* a, const T* b, T* c) const {
    gpu::gemm(context, transa, transb, m, n, k, a, b, T{0}, c, batch);
  }
};

}  // namespace

Arrays MatMul::forward_gpu(const Arrays& xs) { return forward_by(Gemm{gpu::Context::of(xs[0])}, xs); }

Arrays MatMul::backward_gpu(const Arrays& xs, const Arrays& gys) {
  return backward_by(Gemm{gpu::Context::of(gys[0])}, xs, gys);
}

}  // namespace tenbin
