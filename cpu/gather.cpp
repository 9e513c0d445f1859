#include "tenbin/cpu/gather.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "tenbin/cpu/level.h"

namespace tenbin::cpu {

namespace {

// `rows` or above for an index outside [-rows, rows).
std::size_t row_of(std::int64_t index, std::size_t rows) {
  return static_cast<std::size_t>(index < 0 ? index + static_cast<std::int64_t>(rows) : index);
}

// Copies row `row_at(i)` of x to row i of y, for `count` rows; 0 for a row that x does not have.
template <class RowAt>
void copy_rows(const Array& x, std::size_t count, RowAt row_at, Array& y) {
  if (y.nbytes() == 0) return;
  const std::size_t row_bytes = y.nbytes() / count;
  const char* const from = static_cast<const char*>(x.raw_data());
  char* to = static_cast<char*>(y.raw_data());
  const std::size_t rows = x.shape()[0];
  for (std::size_t i = 0; i < count; ++i, to += row_bytes) {
    const std::size_t row = row_at(i);
    if (row < rows) {
      std::memcpy(to, from + row * row_bytes, row_bytes);
    } else {
      std::memset(to, 0, row_bytes);
    }
  }
}

// Where each row was picked: the positions of its indices in ascending order.
class Picks {
 public:
  Picks(const Array& indices, std::size_t rows)
      : ends_(Array::zeros({rows + 1}, Dtype::int64)),
        positions_(Array::empty({indices.size()}, Dtype::int64)) {
    std::int64_t* const end = ends_.data<std::int64_t>();
    std::int64_t* const position = positions_.data<std::int64_t>();
    visit_index(indices.dtype(), [&](auto zero) {
      const auto* const index = indices.data<decltype(zero)>();
      for (std::size_t i = 0; i < indices.size(); ++i)
        if (const std::size_t row = row_of(index[i], rows); row < rows) ++end[row + 1];
      std::partial_sum(end, end + rows + 1, end);
      // Each entry but the last moves from the begin of its row to the end: entry r is then the end of row r.
      for (std::size_t i = 0; i < indices.size(); ++i)
        if (const std::size_t row = row_of(index[i], rows); row < rows)
          position[end[row]++] = static_cast<std::int64_t>(i);
    });
  }

  const std::int64_t* begin(std::size_t row) const { return row == 0 ? positions() : end(row - 1); }
  const std::int64_t* end(std::size_t row) const { return positions() + ends_.data<std::int64_t>()[row]; }

 private:
  const std::int64_t* positions() const { return positions_.data<std::int64_t>(); }

  Array ends_;  // arrays: the pool keeps their memory from step to step
  Array positions_;
};

// The sum of the rows of x at these positions, 0 if there are none.
template <class T>
void add_row(const T* x, std::size_t length, const std::int64_t* begin, const std::int64_t* end, T* y) {
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

// Calls `copy(position, length, stride)` for each line along the last axis of a view, in row-major order.
template <class Copy>
void for_each_line(const View& view, std::size_t axis, std::ptrdiff_t position, Copy& copy) {
  if (view.lengths.empty()) return copy(position, 1, 1);
  const auto length = static_cast<std::ptrdiff_t>(view.lengths[axis]);
  const std::ptrdiff_t stride = view.strides[axis];
  if (axis + 1 == view.lengths.size()) return copy(position, length, stride);
  for (std::ptrdiff_t i = 0; i < length; ++i) for_each_line(view, axis + 1, position + i * stride, copy);
}

template <class Copy>
void for_each_line(const View& view, Copy copy) {
  if (element_count(view.lengths) > 0) for_each_line(view, 0, static_cast<std::ptrdiff_t>(view.offset), copy);
}

}  // namespace

Array gather_rows(const Array& x, const Array& indices) {
  Shape shape = indices.shape();
  for (std::size_t axis = 1; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  Array y = Array::empty(shape, x.dtype());
  const std::size_t rows = x.shape()[0];
  visit_index(indices.dtype(), [&](auto zero) {
    const auto* const index = indices.data<decltype(zero)>();
    copy_rows(
        x, indices.size(), [&](std::size_t i) { return row_of(index[i], rows); }, y);
  });
  return y;
}

Array gather_rows(const Array& x, const std::size_t* indices, std::size_t count) {
  Shape shape = x.shape();
  shape[0] = count;
  Array y = Array::empty(shape, x.dtype());
  copy_rows(
      x, count, [&](std::size_t i) { return indices[i]; }, y);
  return y;
}

// Row by row rather than index by index: a row that is picked many times is summed in float64 and rounded
// once.
Array add_rows(const Array& gy, const Array& indices, const Shape& shape) {
  const Lines rows = lines_along(shape, 0);
  const Picks picks(indices, rows.length);
  Array gx = Array::empty(shape, gy.dtype());
  visit_floating(gx.dtype(), [&](auto zero) {
    using T = decltype(zero);
    at_level([&, from = gy.data<T>(), to = gx.data<T>()] {
      for (std::size_t row = 0; row < rows.length; ++row)
        add_row(from, rows.inner, picks.begin(row), picks.end(row), to + row * rows.inner);
    });
  });
  return gx;
}

// Row by row, so that y is written from front to back: array by array takes 1.5 times as long for long y.
void join(const Arrays& xs, const Lines& lines, Array& y) {
  if (y.size() == 0) return;
  SmallVector<std::size_t, 4> bytes;  // of each array in a row of y
  for (const Array& x : xs) bytes.push_back(x.nbytes() / lines.outer);
  char* out = static_cast<char*>(y.raw_data());
  for (std::size_t row = 0; row < lines.outer; ++row)
    for (std::size_t i = 0; i < xs.size(); ++i)
      out = std::copy_n(static_cast<const char*>(xs[i].raw_data()) + row * bytes[i], bytes[i], out);
}

void read_slice(const Array& x, const Lines& lines, std::size_t begin, Array& slice) {
  if (slice.size() == 0) return;
  const std::size_t step = lines.inner * item_size(x.dtype());  // bytes per entry of the axis
  const std::size_t bytes = slice.nbytes() / lines.outer;
  const char* in = static_cast<const char*>(x.raw_data()) + begin * step;
  char* out = static_cast<char*>(slice.raw_data());
  for (std::size_t row = 0; row < lines.outer; ++row, in += lines.length * step)
    out = std::copy_n(in, bytes, out);
}

Array read_view(const Array& x, const View& view) {
  Array y = Array::empty(view.lengths, x.dtype());
  visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = y.data<T>();
    for_each_line(
        view, [&, from = x.data<T>()](std::ptrdiff_t position, std::ptrdiff_t length, std::ptrdiff_t stride) {
          const T* const line = from + position;
          for (std::ptrdiff_t i = 0; i < length; ++i) out[i] = line[i * stride];
          out += length;
        });
  });
  return y;
}

void write_view(const Array& x, const View& view, Array& y) {
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* in = x.data<T>();
    for_each_line(
        view, [&, to = y.data<T>()](std::ptrdiff_t position, std::ptrdiff_t length, std::ptrdiff_t stride) {
          T* const line = to + position;
          for (std::ptrdiff_t i = 0; i < length; ++i) line[i * stride] = in[i];
          in += length;
        });
  });
}

}  // namespace tenbin::cpu
