#include "tenbin/functions/math/matmul.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

// A batch of products (m, k) (k, n). The operands are stored as (m, k) or (k, m), and (k, n) or (n, k).
struct MatrixProduct {
  bool transa;
  bool transb;
  std::size_t m;
  std::size_t n;
  std::size_t k;
  std::size_t b_rows;  // k, if the operands fit
  bool batches_fit;
  std::size_t batch;
  Shape a, b;              // (..., rows, columns): vectors as matrices
  Shape whole_a, whole_b;  // the same, repeated to the whole batch where they have to be
  Shape result;
};

Shape leading_axes(const Shape& shape) {
  return shape.size() < 2 ? Shape() : Shape(shape.begin(), shape.end() - 2);
}

Shape with_matrix(Shape batch, std::size_t rows, std::size_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

MatrixProduct describe_product(const Shape& a, const Shape& b, bool transa, bool transb) {
  MatrixProduct p{};
  p.transa = transa && a.size() > 1;
  p.transb = transb && b.size() > 1;
  const std::size_t a_rows = a.size() == 1 ? 1 : a[a.size() - 2];
  const std::size_t b_rows = b.size() == 1 ? b[0] : b[b.size() - 2];
  const std::size_t b_columns = b.size() == 1 ? 1 : b.back();
  p.m = p.transa ? a.back() : a_rows;
  p.k = p.transa ? a_rows : a.back();
  p.b_rows = p.transb ? b_columns : b_rows;
  p.n = p.transb ? b_rows : b_columns;

  const Shape a_batch = leading_axes(a), b_batch = leading_axes(b);
  const std::optional<Shape> batch = broadcast_shape(a_batch, b_batch);
  p.batches_fit = batch.has_value();
  if (!batch) return p;
  p.result = *batch;
  if (a.size() > 1) p.result.push_back(p.m);
  if (b.size() > 1) p.result.push_back(p.n);
  p.batch = element_count(*batch);
  p.whole_a = p.a = with_matrix(a_batch, a_rows, a.back());
  p.whole_b = p.b = with_matrix(b_batch, b_rows, b_columns);
  if (a_batch == b_batch) return p;
  if (element_count(b_batch) == 1 && !p.transa) {  // one product of all rows, and nothing to repeat
    p.m *= p.batch;
    p.batch = 1;
    return p;
  }
  p.whole_a = with_matrix(*batch, a_rows, a.back());
  p.whole_b = with_matrix(*batch, b_rows, b_columns);
  return p;
}

}  // namespace

Arrays MatMul::TENBIN_FORWARD(const Arrays& xs) {
  const auto p = describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
  const Array a = back_end::broadcast_to(xs[0].reshape(p.a), p.whole_a);
  const Array b = back_end::broadcast_to(xs[1].reshape(p.b), p.whole_b);
  Array y = Array::empty(p.result, a.dtype(), a.device());
  back_end::gemm(p.transa, p.transb, p.m, p.n, p.k, a, b, 0, y, p.batch);
  return {y};
}

Arrays MatMul::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const auto p = describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
  const Array& gy = gys[0];
  // Calls `multiply(gradient)`; an operand that was repeated gets the sum of its gradients.
  const auto gradient = [&](std::size_t input, const Shape& shape, const Shape& whole, auto multiply) {
    if (shape == whole) {
      Array g = new_gradient(input, xs[input]);
      multiply(g);
      return g;
    }
    Array g = Array::empty(whole, gy.dtype(), gy.device());
    multiply(g);
    return back_end::sum_to(g, shape).reshape(xs[input].shape());
  };
  Array ga;
  Array gb;
  if (needs_grad(0)) {
    const Array b = back_end::broadcast_to(xs[1].reshape(p.b), p.whole_b);
    ga = gradient(0, p.a, p.whole_a, [&](Array& g) {
      if (p.transa) {
        back_end::gemm(p.transb, true, p.k, p.m, p.n, b, gy, 0, g, p.batch);
      } else {
        back_end::gemm(false, !p.transb, p.m, p.k, p.n, gy, b, 0, g, p.batch);
      }
    });
  }
  if (needs_grad(1)) {
    const Array a = back_end::broadcast_to(xs[0].reshape(p.a), p.whole_a);
    gb = gradient(1, p.b, p.whole_b, [&](Array& g) {
      if (p.transb) {
        back_end::gemm(true, p.transa, p.n, p.k, p.m, gy, a, 0, g, p.batch);
      } else {
        back_end::gemm(!p.transa, false, p.k, p.n, p.m, a, gy, 0, g, p.batch);
      }
    });
  }
  return {ga, gb};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void MatMul::check(const Arrays& xs) const {
  const Array& a = xs[0];
  const Array& b = xs[1];
  require_floating(*this, "a", a);
  require_floating(*this, "b", b);
  require_same_dtype(*this, "a", a, "b", b);
  if (a.ndim() == 0 || b.ndim() == 0)
    throw Error("matmul: a and b must have at least one axis, got ", a, " and ", b);
  const auto p = describe_product(a.shape(), b.shape(), transa_, transb_);
  if (!p.batches_fit)
    throw Error("matmul: the batches of a and b, their axes before the last two, do not broadcast: ", a,
                " and ", b);
  if (p.k != p.b_rows)
    throw Error("matmul: the inner lengths ", p.k, " and ", p.b_rows, " of a and b differ: ", a, " and ", b);
}

TENBIN_NO_GPU(MatMul);

#endif

}  // namespace tenbin
