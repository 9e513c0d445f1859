#include "tenbin/functions/math/matmul.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/gemm.h"
#include "tenbin/cpu/reduce.h"
#include "tenbin/functions/math/matmul_by.h"

namespace tenbin {

namespace {

struct OnCpu {
  template <class T>
  void gemm(std::size_t batch, bool transa, bool transb, std::size_t m, std::size_t n, std::size_t k,
            const T* a, const T* b, T* c) const {
    for (std::size_t i = 0; i < batch; ++i)
      cpu::gemm(transa, transb, m, n, k, a + i * m * k, b + i * k * n, T{0}, c + i * m * n);
  }
  Array broadcast_to(const Array& x, const Shape& shape) const { return cpu::broadcast_to(x, shape); }
  Array sum_to(const Array& x, const Shape& shape) const { return cpu::sum_to(x, shape); }
};

}  // namespace

void MatMul::check(const Arrays& xs) const {
  const Array& a = xs[0];
  const Array& b = xs[1];
  require_floating(*this, "a", a);
  require_floating(*this, "b", b);
  require_same_dtype(*this, "a", a, "b", b);
  if (a.ndim() == 0 || b.ndim() == 0)
    throw Error("matmul: a and b must have at least one axis, got ", a, " and ", b);
  const auto p = detail::describe_product(a.shape(), b.shape(), transa_, transb_);
  if (!p.batches_fit)
    throw Error("matmul: the batches of a and b, their axes before the last two, do not broadcast: ", a,
                " and ", b);
  if (p.k != p.b_rows)
    throw Error("matmul: the inner lengths ", p.k, " and ", p.b_rows, " of a and b differ: ", a, " and ", b);
}

Arrays MatMul::forward_cpu(const Arrays& xs) { return forward_by(OnCpu(), xs); }

Arrays MatMul::backward_cpu(const Arrays& xs, const Arrays& gys) { return backward_by(OnCpu(), xs, gys); }

TENBIN_NO_GPU(MatMul);

}  // namespace tenbin
