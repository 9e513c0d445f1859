#include "tenbin/functions/array/get_rows.h"

#include <algorithm>
#include <numeric>

#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"

namespace tenbin {

namespace {

std::int64_t index_at(const Array& indices, std::size_t i) {
  return indices.dtype() == Dtype::int32 ? indices.data<std::int32_t>()[i] : indices.data<std::int64_t>()[i];
}

// Precondition: the index is in [-rows, rows).
std::size_t row_at(const Array& indices, std::size_t i, std::size_t rows) {
  const std::int64_t index = index_at(indices, i);
  return static_cast<std::size_t>(index < 0 ? index + static_cast<std::int64_t>(rows) : index);
}

// Where each row was picked: the positions of its indices, ascending.
class Picks {
 public:
  Picks(const Array& indices, std::size_t rows)
      : ends_(Array::zeros({rows + 1}, Dtype::int64)),
        positions_(Array::empty({indices.size()}, Dtype::int64)) {
    std::int64_t* const end = ends_.data<std::int64_t>();
    for (std::size_t i = 0; i < indices.size(); ++i) ++end[row_at(indices, i, rows) + 1];
    std::partial_sum(end, end + rows + 1, end);
    // Each entry but the last moves from where its row begins to where it ends, which is one place too far.
    for (std::size_t i = 0; i < indices.size(); ++i)
      positions_.data<std::int64_t>()[end[row_at(indices, i, rows)]++] = static_cast<std::int64_t>(i);
  }

  const std::int64_t* begin(std::size_t row) const { return row == 0 ? positions() : end(row - 1); }
  const std::int64_t* end(std::size_t row) const { return positions() + ends_.data<std::int64_t>()[row]; }

 private:
  const std::int64_t* positions() const { return positions_.data<std::int64_t>(); }

  Array ends_;  // arrays, as their memory is kept from step to step
  Array positions_;
};

// The sum of the rows of x at these positions, 0 for none.
template <class T>
void add_rows(const T* x, std::size_t length, const std::int64_t* begin, const std::int64_t* end, T* y) {
  constexpr std::size_t block = 64;
  for (std::size_t first = 0; first < length; first += block) {
    const std::size_t width = std::min(block, length - first);
    double sums[block] = {};
    for (const std::int64_t* i = begin; i != end; ++i) {
      const T* const row = x + static_cast<std::size_t>(*i) * length + first;
      for (std::size_t k = 0; k < width; ++k) sums[k] += static_cast<double>(row[k]);
    }
    for (std::size_t k = 0; k < width; ++k) y[first + k] = static_cast<T>(sums[k]);
  }
}

}  // namespace

void GetRows::check(const Arrays& xs) const {
  if (xs[0].ndim() == 0) throw Error("get_rows: x must have at least one axis, got ", xs[0]);
  if (xs[1].dtype() != Dtype::int32 && xs[1].dtype() != Dtype::int64)
    throw Error("get_rows: indices must be int32 or int64, got ", xs[1]);
}

void GetRows::out_of_range(std::int64_t index, std::int64_t position, std::size_t rows) {
  throw Error("get_rows: index ", index, " at position ", position, " is out of range for ", rows, " rows");
}

Arrays GetRows::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& indices = xs[1];
  retain_inputs({1});
  x_shape_ = x.shape();
  const Lines rows = lines_along(x.shape(), 0);
  const auto count = static_cast<std::int64_t>(rows.length);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t index = index_at(indices, i);
    if (index < -count || index >= count) out_of_range(index, static_cast<std::int64_t>(i), rows.length);
  }

  Shape shape = indices.shape();
  for (std::size_t axis = 1; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  Array y = Array::empty(shape, x.dtype());
  const std::size_t row_bytes = rows.inner * item_size(x.dtype());
  const char* in = static_cast<const char*>(x.raw_data());
  char* out = static_cast<char*>(y.raw_data());
  for (std::size_t i = 0; i < indices.size(); ++i)
    out = std::copy_n(in + row_at(indices, i, rows.length) * row_bytes, row_bytes, out);
  return {y};
}

// Row by row rather than index by index: a row that is picked many times is summed in float64 and rounded
// once, as every sum over rows is.
Arrays GetRows::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Lines rows = lines_along(x_shape_, 0);
  const Picks picks(xs[1], rows.length);
  Array gx = Array::empty(x_shape_, gys[0].dtype());
  visit_floating(gx.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = gx.data<T>();
    for (std::size_t row = 0; row < rows.length; ++row, out += rows.inner)
      add_rows(gys[0].data<T>(), rows.inner, picks.begin(row), picks.end(row), out);
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(GetRows);

}  // namespace tenbin
