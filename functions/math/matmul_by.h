// What matmul computes on either device: for matmul.cpp and matmul.cu.
#pragma once

#include "tenbin/core/broadcast.h"
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
  bool batches_fit;
  std::size_t batch;
  Shape a, b;              // (..., rows, columns): vectors as matrices
  Shape whole_a, whole_b;  // the same, repeated to the whole batch where they have to be
  Shape result;
};

inline Shape leading_axes(const Shape& shape) {
  return shape.size() < 2 ? Shape() : Shape(shape.begin(), shape.end() - 2);
}

inline Shape with_matrix(Shape batch, std::size_t rows, std::size_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

inline MatrixProduct describe_product(const Shape& a, const Shape& b, bool transa, bool transb) {
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

}  // namespace detail

// `device.gemm(batch, transa, transb, m, n, k, a, b, c)` does C := op(A) op(B) for each matrix of the batch,
// op(A) being (m, k); `device.broadcast_to` and `device.sum_to` are those of core/broadcast.h.
template <class OnDevice>
Arrays MatMul::forward_by(const OnDevice& device, const Arrays& xs) const {
  const auto p = detail::describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
  const Array a = device.broadcast_to(xs[0].reshape(p.a), p.whole_a);
  const Array b = device.broadcast_to(xs[1].reshape(p.b), p.whole_b);
  Array y = Array::empty(p.result, a.dtype(), a.device());
  visit_floating(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    device.gemm(p.batch, p.transa, p.transb, p.m, p.n, p.k, a.data<T>(), b.data<T>(), y.data<T>());
  });
  return {y};
}

template <class OnDevice>
Arrays MatMul::backward_by(const OnDevice& device, const Arrays& xs, const Arrays& gys) {
  const auto p = detail::describe_product(xs[0].shape(), xs[1].shape(), transa_, transb_);
  // Calls `multiply(gradient)`; what was repeated gets the sum of its gradients.
  const auto gradient = [&](std::size_t input, const Shape& shape, const Shape& whole, auto multiply) {
    if (shape == whole) {
      Array g = new_gradient(input, xs[input]);
      multiply(g);
      return g;
    }
    Array g = Array::empty(whole, gys[0].dtype(), gys[0].device());
    multiply(g);
    return device.sum_to(g, shape).reshape(xs[input].shape());
  };
  Array ga;
  Array gb;
  visit_floating(gys[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const gy = gys[0].data<T>();
    if (needs_grad(0)) {
      const Array b_array = device.broadcast_to(xs[1].reshape(p.b), p.whole_b);
      const T* const b = b_array.data<T>();
      ga = gradient(0, p.a, p.whole_a, [&](Array& g) {
        if (p.transa) {
          device.gemm(p.batch, p.transb, true, p.k, p.m, p.n, b, gy, g.data<T>());
        } else {
          device.gemm(p.batch, false, !p.transb, p.m, p.k, p.n, gy, b, g.data<T>());
        }
      });
    }
    if (needs_grad(1)) {
      const Array a_array = device.broadcast_to(xs[0].reshape(p.a), p.whole_a);
      const T* const a = a_array.data<T>();
      gb = gradient(1, p.b, p.whole_b, [&](Array& g) {
        if (p.transb) {
          device.gemm(p.batch, true, p.transa, p.n, p.k, p.m, gy, a, g.data<T>());
        } else {
          device.gemm(p.batch, !p.transa, false, p.k, p.n, p.m, a, gy, g.data<T>());
        }
      });
    }
  });
  return {ga, gb};
}

}  // namespace tenbin
