#include "tenbin/functions/connection/sparse_linear.h"

#include <algorithm>

#include "tenbin/core/check.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/cpu/reduce.h"

namespace tenbin {

namespace {

// The parts of a matrix on the CPU.
template <class T>
struct Rows {
  explicit Rows(const CsrMatrix& x)
      : value(x.data().data<T>()),
        column(x.indices().data<std::int32_t>()),
        start(x.indptr().data<std::int64_t>()) {}

  const T* value;
  const std::int32_t* column;
  const std::int64_t* start;
};

// A matrix (rows, length) of which a tile of rows, or of columns, is used.
template <class T>
struct Matrix {
  T* data;
  std::size_t length;

  Matrix from(std::size_t i) const { return {data + i, length}; }
};

// Outputs that are computed side by side: their rows of W stay in the nearest caches, which are then read at
// any column, and each value of x is read once for all of them.
constexpr std::size_t tile = 4;

// Calls `f(o, width)` for the outputs [o, o + width) of a tile, `width` a constant.
template <class F>
void visit_tile(std::size_t t, std::size_t out, F f) {
  const std::size_t begin = t * tile;
  if (begin + tile <= out) return f(begin, std::integral_constant<std::size_t, tile>());
  for (std::size_t o = begin; o < out; ++o) f(o, std::integral_constant<std::size_t, 1>());
}

// Calls `task(i)` for every i in [0, count), on several threads if the products are worth it.
template <class Task>
void for_each_task(std::size_t count, std::size_t products, Task task) {
  constexpr std::size_t worth_threads = 1 << 15;
  if (products >= worth_threads) return parallel_for(count, task);
  for (std::size_t i = 0; i < count; ++i) task(i);
}

std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// Adds to the columns [0, Width) of y the products of the rows [begin, end) of x with the rows of W.
template <std::size_t Width, class T>
void add_products(const Rows<T>& x, std::size_t begin, std::size_t end, const Matrix<const T>& W,
                  const Matrix<T>& y) {
  for (std::size_t r = begin; r < end; ++r) {
    T* const to = y.data + r * y.length;
    T sums[Width];
    for (std::size_t j = 0; j < Width; ++j) sums[j] = to[j];
    for (std::int64_t k = x.start[r]; k < x.start[r + 1]; ++k) {
      const T* const weight = W.data + x.column[k];
      for (std::size_t j = 0; j < Width; ++j) sums[j] += x.value[k] * weight[j * W.length];
    }
    for (std::size_t j = 0; j < Width; ++j) to[j] = sums[j];
  }
}

template <class T>
void multiply(const CsrMatrix& matrix, const Array& W, Array& y) {
  constexpr std::size_t rows_of_task = 256;
  const std::size_t rows = matrix.shape()[0], columns = matrix.shape()[1], out = W.shape()[0];
  const std::size_t tiles = ceil_div(out, tile);
  const Rows<T> x(matrix);
  const Matrix<const T> weights{W.data<T>(), columns};
  const Matrix<T> results{y.data<T>(), out};
  for_each_task(tiles * ceil_div(rows, rows_of_task), matrix.nnz() * out, [&](std::size_t task) {
    const std::size_t begin = task / tiles * rows_of_task, end = std::min(begin + rows_of_task, rows);
    visit_tile(task % tiles, out, [&](std::size_t o, auto width) {
      add_products<decltype(width)::value>(x, begin, end, weights.from(o * columns), results.from(o));
    });
  });
}

// The columns [begin, end) of the gradient that a task computes.
struct Columns {
  std::size_t begin;
  std::size_t end;
  bool are_all;
};

// gW = gy^T x for `Width` rows of gW and some columns: the rows of x in their order, so that the bits do not
// depend on the threads.
template <std::size_t Width, class T>
void add_outer_products(const Rows<T>& x, std::size_t rows, const Columns& columns, const Matrix<const T>& gy,
                        const Matrix<T>& gW) {
  for (std::size_t j = 0; j < Width; ++j)
    std::fill(gW.data + j * gW.length + columns.begin, gW.data + j * gW.length + columns.end, T(0));
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int32_t* k = x.column + x.start[r];
    const std::int32_t* end = x.column + x.start[r + 1];
    if (!columns.are_all) {
      k = std::lower_bound(k, end, static_cast<std::int64_t>(columns.begin));
      end = std::lower_bound(k, end, static_cast<std::int64_t>(columns.end));
    }
    const T* const factor = gy.data + r * gy.length;
    for (; k != end; ++k) {
      const T value = x.value[k - x.column];
      T* const to = gW.data + *k;
      for (std::size_t j = 0; j < Width; ++j) to[j * gW.length] += value * factor[j];
    }
  }
}

template <class T>
void weight_gradient(const CsrMatrix& matrix, const Array& gy, Array& gW) {
  constexpr std::size_t least_tasks = 8, least_columns = 256;
  const std::size_t rows = matrix.shape()[0], columns = matrix.shape()[1], out = gy.shape()[1];
  const std::size_t tiles = ceil_div(out, tile);
  if (tiles == 0) return;
  // A gradient of few rows is cut into columns, too.
  const std::size_t wanted = tiles >= least_tasks ? 1 : ceil_div(least_tasks, tiles);
  const std::size_t parts = std::max<std::size_t>(1, std::min(wanted, columns / least_columns));
  const std::size_t part_columns = ceil_div(columns, parts);
  const Rows<T> x(matrix);
  const Matrix<const T> factors{gy.data<T>(), out};
  const Matrix<T> gradient{gW.data<T>(), columns};
  for_each_task(tiles * parts, matrix.nnz() * out + gW.size(), [&](std::size_t task) {
    const std::size_t begin = std::min(task / tiles * part_columns, columns);
    const Columns part{begin, std::min(begin + part_columns, columns), parts == 1};
    visit_tile(task % tiles, out, [&](std::size_t o, auto width) {
      add_outer_products<decltype(width)::value>(x, rows, part, factors.from(o), gradient.from(o * columns));
    });
  });
}

}  // namespace

void SparseLinearFunction::check(const Arrays& xs) const {
  const Array& W = xs[0];
  if (!x_) throw Error("linear: x is an empty CsrMatrix");
  const auto require_like_x = [&](const char* argument, const Array& array) {
    if (array.dtype() != x_.dtype())
      throw Error("linear: x and ", argument, " differ in dtype: ", x_, " and ", array);
    if (array.device() != x_.device())
      throw Error("linear: x and ", argument, " differ in device: ", x_, " and ", array);
  };
  require_like_x("W", W);
  if (W.ndim() != 2) throw Error("linear: W must be (out_size, in_size), got ", W);
  if (x_.shape()[1] != W.shape()[1])
    throw Error("linear: x and W differ in in_size (", x_.shape()[1], " and ", W.shape()[1], "): ", x_,
                " and ", W);
  if (xs.size() < 2) return;
  require_like_x("b", xs[1]);
  if (xs[1].shape() != Shape{W.shape()[0]})
    throw Error("linear: b must be ", Shape{W.shape()[0]}, " for W ", W, ", got ", xs[1]);
}

Arrays SparseLinearFunction::forward_cpu(const Arrays& xs) {
  const Array& W = xs[0];
  retain_inputs({0});  // for the shape
  const std::size_t rows = x_.shape()[0], out = W.shape()[0];
  Array y = Array::empty({rows, out}, x_.dtype());
  if (xs.size() == 2) {
    cpu::repeat_middle(xs[1], 1, rows, out, y);
  } else {
    y.fill(0);
  }
  visit_floating(x_.dtype(), [&](auto zero) { multiply<decltype(zero)>(x_, W, y); });
  return {y};
}

Arrays SparseLinearFunction::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  Arrays gxs;
  gxs.resize(xs.size());
  if (needs_grad(0)) {
    gxs[0] = new_gradient(0, xs[0]);
    visit_floating(gy.dtype(), [&](auto zero) { weight_gradient<decltype(zero)>(x_, gy, gxs[0]); });
  }
  if (xs.size() == 2 && needs_grad(1)) {
    gxs[1] = new_gradient(1, xs[1]);
    cpu::sum_middle(gy, 1, gy.shape()[0], gy.shape()[1], gxs[1]);
  }
  return gxs;
}

TENBIN_NO_GPU(SparseLinearFunction);

Variable linear(const CsrMatrix& x, const Variable& W, const Variable& b) {
  return b ? apply<SparseLinearFunction>({W, b}, x) : apply<SparseLinearFunction>({W}, x);
}

}  // namespace tenbin
