#include "tenbin/functions/math/matmul.h"

#include "tenbin/core/check.h"
#include "tenbin/core/linalg.h"

namespace tenbin {

namespace {

// A batch of products (m, k) (k, n). The operands lie in memory as (m, k) or (k, m), and (k, n) or (n, k).
struct Product {
  bool transa;
  bool transb;
  std::size_t m;
  std::size_t n;
  std::size_t k;
  std::size_t b_rows;  // k, if the operands fit
  Shape batch;
  Shape b_batch;
  Shape result;
};

Shape leading_axes(const Shape& shape) {
  return shape.size() < 2 ? Shape() : Shape(shape.begin(), shape.end() - 2);
}

Product describe(const Shape& a, const Shape& b, bool transa, bool transb) {
  Product p;
  p.transa = transa && a.size() > 1;
  p.transb = transb && b.size() > 1;
  const std::size_t a_rows = a.size() == 1 ? 1 : a[a.size() - 2];
  const std::size_t b_columns = b.size() == 1 ? 1 : b.back();
  p.m = p.transa ? a.back() : a_rows;
  p.k = p.transa ? a_rows : a.back();
  p.b_rows = b.size() == 1 ? b[0] : p.transb ? b_columns : b[b.size() - 2];
  p.n = p.transb ? b[b.size() - 2] : b_columns;
  p.batch = leading_axes(a);
  p.b_batch = leading_axes(b);
  p.result = p.batch;
  if (a.size() > 1) p.result.push_back(p.m);
  if (b.size() > 1) p.result.push_back(p.n);
  return p;
}

// C := op(A) op(B) for each matrix of the batch, op(A) being (m, k).
template <class T>
void multiply(std::size_t batch, bool transa, bool transb, std::size_t m, std::size_t n, std::size_t k,
              const T* a, const T* b, T* c) {
  for (std::size_t i = 0; i < batch; ++i)
    linalg::gemm(transa, transb, m, n, k, a + i * m * k, b + i * k * n, T{0}, c + i * m * n);
}

}  // namespace

void MatMul::check(const Arrays& xs) const {
  const Array& a = xs[0];
  const Array& b = xs[1];
  require_floating(*this, "a", a);
  require_floating(*this, "b", b);
  require_same_dtype(*this, "a", a, "b", b);
  if (a.ndim() == 0 || b.ndim() == 0)
    throw Error("matmul: a and b must have at least one axis, got ", a, " and ", b);
  const Product p = describe(a.shape(), b.shape(), transa_, transb_);
  if (p.batch != p.b_batch) throw Error("matmul: a and b differ in batch: ", a, " and ", b);
  if (p.k != p.b_rows)
    throw Error("matmul: the inner lengths ", p.k, " and ", p.b_rows, " of a and b differ: ", a, " and ", b);
}

Arrays MatMul::forward_cpu(const Arrays& xs) {
  const Product p = describe(xs[0].shape(), xs[1].shape(), transa_, transb_);
  Array y = Array::empty(p.result, xs[0].dtype());
  visit_floating(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    multiply(element_count(p.batch), p.transa, p.transb, p.m, p.n, p.k, xs[0].data<T>(), xs[1].data<T>(),
             y.data<T>());
  });
  return {y};
}

Arrays MatMul::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Product p = describe(xs[0].shape(), xs[1].shape(), transa_, transb_);
  const std::size_t batch = element_count(p.batch);
  Array ga;
  Array gb;
  visit_floating(gys[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const a = xs[0].data<T>();
    const T* const b = xs[1].data<T>();
    const T* const gy = gys[0].data<T>();
    if (needs_grad(0)) {
      ga = new_gradient(0, xs[0]);
      if (p.transa) {
        multiply(batch, p.transb, true, p.k, p.m, p.n, b, gy, ga.data<T>());
      } else {
        multiply(batch, false, !p.transb, p.m, p.k, p.n, gy, b, ga.data<T>());
      }
    }
    if (needs_grad(1)) {
      gb = new_gradient(1, xs[1]);
      if (p.transb) {
        multiply(batch, true, p.transa, p.n, p.k, p.m, gy, a, gb.data<T>());
      } else {
        multiply(batch, !p.transa, false, p.k, p.n, p.m, a, gy, gb.data<T>());
      }
    }
  });
  return {ga, gb};
}

TENBIN_NO_GPU(MatMul);

}  // namespace tenbin
