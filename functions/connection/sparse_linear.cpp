#include "tenbin/functions/connection/sparse_linear.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/cpu/level.h"
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

constexpr std::size_t ceil_div(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

// Calls `task(begin, end)`, compiled for the level of the processor, for blocks of [0, count), on several
// threads if the operations are worth it. The blocks do not depend on the threads.
template <class Task>
void for_each_block(std::size_t count, std::size_t block, std::size_t operations, Task task) {
  constexpr std::size_t worth_threads = 1 << 15;
  const auto run = [&](std::size_t i) { cpu::at_level(task, i * block, std::min((i + 1) * block, count)); };
  if (operations >= worth_threads) return parallel_for(ceil_div(count, block), run);
  for (std::size_t i = 0; i < ceil_div(count, block); ++i) run(i);
}

// Calls `f(o, width)` for the outputs [o, o + width) of each tile of [0, out). `width` is a constant, so that
// the sums of a tile stay in registers.
template <class F>
void for_each_tile(std::size_t out, F f) {
  std::size_t o = 0;
  for (; o + 64 <= out; o += 64) f(o, std::integral_constant<std::size_t, 64>());
  for (; o + 32 <= out; o += 32) f(o, std::integral_constant<std::size_t, 32>());
  for (; o + 8 <= out; o += 8) f(o, std::integral_constant<std::size_t, 8>());
  for (; o < out; ++o) f(o, std::integral_constant<std::size_t, 1>());
}

// Eight values, added and multiplied together. Written so, since g++ 12 vectorises plain loops over the sums
// of a tile the wrong way.
template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  using Type [[gnu::vector_size(8 * sizeof(float))]] = float;
};
template <>
struct Lanes<double> {
  using Type [[gnu::vector_size(8 * sizeof(double))]] = double;
};
// One value.
template <class T>
struct Single {
  using Type = T;
};

// sums[j] += the sum over i < count of value[i] * from[index[i] * length + j], for all j < Width, in the
// order of i.
template <std::size_t Width, class T, class Index>
void add_scaled_rows(std::size_t count, const T* value, const Index* index, const T* from, std::size_t length,
                     T* sums) {
  using Vector = typename std::conditional_t<Width == 1, Single<T>, Lanes<T>>::Type;
  constexpr std::size_t lanes = sizeof(Vector) / sizeof(T), vectors = Width / lanes;
  Vector sum[vectors];
#pragma GCC unroll 8
  for (std::size_t v = 0; v < vectors; ++v) std::memcpy(&sum[v], sums + v * lanes, sizeof(Vector));
  for (std::size_t i = 0; i < count; ++i) {
    const T* const row = from + static_cast<std::size_t>(index[i]) * length;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v) {
      Vector part;
      std::memcpy(&part, row + v * lanes, sizeof part);
      sum[v] += value[i] * part;
    }
  }
#pragma GCC unroll 8
  for (std::size_t v = 0; v < vectors; ++v) std::memcpy(sums + v * lanes, &sum[v], sizeof(Vector));
}

// y += x W^T, with W as it is stored: the products of each value, one after the other.
template <class T>
void add_products(const Rows<T>& x, std::size_t begin, std::size_t end, const T* W, std::size_t in,
                  std::size_t out, T* y) {
  for (std::size_t r = begin; r < end; ++r)
    for (std::size_t o = 0; o < out; ++o) {
      T sum = y[r * out + o];
      for (std::int64_t k = x.start[r]; k < x.start[r + 1]; ++k)
        sum += x.value[k] * W[o * in + static_cast<std::size_t>(x.column[k])];
      y[r * out + o] = sum;
    }
}

// The same with W transposed, (in, out): a value is multiplied with a row. The order of the sums is the same.
template <class T>
void add_products_of_rows(const Rows<T>& x, std::size_t begin, std::size_t end, const T* W, std::size_t out,
                          T* y) {
  for (std::size_t r = begin; r < end; ++r) {
    const auto first = static_cast<std::size_t>(x.start[r]), last = static_cast<std::size_t>(x.start[r + 1]);
    for_each_tile(out, [&](std::size_t o, auto width) {
      add_scaled_rows<decltype(width)::value>(last - first, x.value + first, x.column + first, W + o, out,
                                              y + r * out + o);
    });
  }
}

// Transposes a tile of 8 x 8: interleaves its halves three times.
template <class T>
void transpose_tile(typename Lanes<T>::Type (&rows)[8]) {
  for (int step = 0; step < 3; ++step) {
    typename Lanes<T>::Type next[8];
    for (std::size_t i = 0; i < 4; ++i) {
      next[2 * i] = __builtin_shufflevector(rows[i], rows[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
    std::memcpy(rows, next, sizeof next);
  }
}

// to[c * to_length + r] = from[r * from_length + c] for all r < rows and c < columns.
template <class T>
void transpose(const T* from, std::size_t from_length, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_length) {
  using Vector = typename Lanes<T>::Type;
  const std::size_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
  for (std::size_t r = 0; r < whole_rows; r += 8)
    for (std::size_t c = 0; c < whole_columns; c += 8) {
      Vector tile[8];
      for (std::size_t i = 0; i < 8; ++i)
        std::memcpy(&tile[i], from + (r + i) * from_length + c, sizeof(Vector));
      transpose_tile<T>(tile);
      for (std::size_t i = 0; i < 8; ++i) std::memcpy(to + (c + i) * to_length + r, &tile[i], sizeof(Vector));
    }
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c)
      to[c * to_length + r] = from[r * from_length + c];
}

template <class T>
void multiply(const CsrMatrix& matrix, const Array& W_array, Array& y_array) {
  constexpr std::size_t rows_of_block = 64, columns_of_block = 256;
  const std::size_t rows = matrix.shape()[0], in = matrix.shape()[1], out = W_array.shape()[0];
  const Rows<T> x(matrix);
  const T* const W = W_array.data<T>();
  T* const y = y_array.data<T>();
  // The transposition of W takes longer than few products.
  const bool is_worth_transposing = out > 1 && matrix.nnz() >= in;
  Array scratch = Array::empty({is_worth_transposing ? W_array.size() : 0}, W_array.dtype());
  T* const transposed = scratch.data<T>();
  if (is_worth_transposing)
    for_each_block(in, columns_of_block, W_array.size(), [&](std::size_t begin, std::size_t end) {
      transpose(W + begin, in, out, end - begin, transposed + begin * out, out);
    });
  for_each_block(rows, rows_of_block, matrix.nnz() * out, [&](std::size_t begin, std::size_t end) {
    if (is_worth_transposing)
      add_products_of_rows(x, begin, end, transposed, out, y);
    else
      add_products(x, begin, end, W, in, out, y);
  });
}

// The values of a matrix column by column, those of a column in the order of the rows.
class Columns {
 public:
  explicit Columns(const CsrMatrix& x)
      : ends_(Array::zeros({x.shape()[1] + 1}, Dtype::int64)),
        rows_(Array::empty({x.nnz()}, Dtype::int64)),
        values_(Array::empty({x.nnz()}, x.dtype())) {
    visit_floating(x.dtype(), [&](auto zero) { fill(Rows<decltype(zero)>(x), x.shape()); });
  }

  // The positions of the values of the columns [begin, end).
  std::size_t begin(std::size_t begin) const { return begin == 0 ? 0 : this->end(begin); }
  std::size_t end(std::size_t end) const {
    return static_cast<std::size_t>(ends_.data<std::int64_t>()[end - 1]);
  }
  const std::int64_t* rows() const { return rows_.data<std::int64_t>(); }
  template <class T>
  const T* values() const {
    return values_.data<T>();
  }

 private:
  template <class T>
  void fill(const Rows<T>& x, const Shape& shape) {
    auto* const next = ends_.data<std::int64_t>();
    for (std::int64_t k = 0; k < x.start[shape[0]]; ++k) ++next[x.column[k]];
    std::int64_t before = 0;
    for (std::size_t c = 0; c < shape[1]; ++c) before += std::exchange(next[c], before);
    for (std::size_t r = 0; r < shape[0]; ++r)
      for (std::int64_t k = x.start[r]; k < x.start[r + 1]; ++k) {
        const std::int64_t at = next[x.column[k]]++;
        rows_.data<std::int64_t>()[at] = static_cast<std::int64_t>(r);
        values_.data<T>()[at] = x.value[k];
      }
  }

  Array ends_;  // of the columns
  Array rows_;
  Array values_;
};

constexpr std::size_t columns_of_group = 16;

// The elements of gW = gy^T x at the outputs [o, o + Width) and a group of columns [begin, end).
template <std::size_t Width, class T>
void gradient_of_group(const Columns& x, std::size_t begin, std::size_t end, std::size_t o, const Array& gy,
                       Array& gW) {
  const std::size_t out = gy.shape()[1], columns = gW.shape()[1];
  T* const to = gW.data<T>() + o * columns;
  if (x.begin(begin) == x.end(end)) {
    for (std::size_t j = 0; j < Width; ++j) std::fill(to + j * columns + begin, to + j * columns + end, T(0));
    return;
  }
  const T* const factors = gy.data<T>() + o;
  const T* const value = x.values<T>();
  const std::int64_t* const row = x.rows();
  T group[columns_of_group][Width] = {};
  for (std::size_t c = begin; c < end; ++c) {
    const std::size_t first = x.begin(c), last = x.end(c + 1);
    add_scaled_rows<Width>(last - first, value + first, row + first, factors, out, group[c - begin]);
  }
  transpose(group[0], Width, end - begin, Width, to + begin, columns);
}

template <class T>
void weight_gradient(const CsrMatrix& matrix, const Array& gy, Array& gW) {
  constexpr std::size_t about_blocks = 64;
  const Columns x(matrix);
  const std::size_t columns = matrix.shape()[1], out = gy.shape()[1];
  const std::size_t groups_of_block = std::max<std::size_t>(columns / columns_of_group / about_blocks, 1);
  const std::size_t operations = matrix.nnz() * out + gW.size();
  for_each_block(columns, groups_of_block * columns_of_group, operations,
                 [&](std::size_t begin, std::size_t end) {
                   for (std::size_t first = begin; first < end; first += columns_of_group)
                     for_each_tile(out, [&](std::size_t o, auto width) {
                       gradient_of_group<decltype(width)::value, T>(
                           x, first, std::min(first + columns_of_group, end), o, gy, gW);
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
