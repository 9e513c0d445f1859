// What matmul computes on either device: for matmul.cpp and matmul.cu.
#pragma once

#include "tenbin/functions/math/matmul.h"

namespace tenbin {

namespace detail {

// A batch of products (m, k) (k, n). The operands lie in memory as (m, k) or (k, m), and (k, n) or (n, k).
struct MatrixProduct {
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

inline Shape leading_axes(const Shape& shape) {
  return shape.size() < 2 ? Shape() : Shape(shape.begin(), shape.end() - 2);
}

inline MatrixProduct describe_product(const Shape& a, const Shape& b, bool transa, bool transb) {
  MatrixProduct p;
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

}  // namespace detail

// `gemm(batch, transa, transb, m, n, k, a, b, c)` does C := op(A) op(B) for each matrix of the batch, op(A)
// being (m, k).
template <class Gemm>
Arrays MatMul::forward_by(const Gemm& gemm, const Arrays& xs) const {
  const auto p = detail::describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
  Array y = Array::empty(p.result, xs[0].dtype(), xs[0].device());
  visit_floating(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gemm(element_count(p.batch), p.transa, p.transb, p.m, p.n, p.k, xs[0].data<T>(), xs[1].data<T>(),
         y.data<T>());
  });
  return {y};
}

template <class Gemm>
Arrays MatMul::backward_by(const Gemm& gemm, const Arrays& xs, const Arrays& gys) const {
  const auto p = detail::describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
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
        gemm(batch, p.transb, true, p.k, p.m, p.n, b, gy, ga.data<T>());
      } else {
        gemm(batch, false, !p.transb, p.m, p.k, p.n, gy, b, ga.data<T>());
      }
    }
    if (needs_grad(1)) {
      gb = new_gradient(1, xs[1]);
      if (p.transb) {
        gemm(batch, true, p.transa, p.n, p.k, p.m, gy, a, gb.data<T>());
      } else {
        gemm(batch, !p.transa, false, p.k, p.n, p.m, a, gy, gb.data<T>());
      }
    }
  });
  return {ga, gb};
}

}  // namespace tenbin
