#include "tenbin/cuda/gather.h"

#include "tenbin/core/lines.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/lines.cuh"

namespace tenbin::gpu {

namespace {

// -1 for an index that is out of range.
constexpr Index row_of(Index index, Index rows) {
  if (index < -rows || index >= rows) return -1;
  return index < 0 ? index + rows : index;
}

template <class T, class I>
void gather(const Array& x_array, const Array& indices, Array& y_array) {
  const Lines lines = lines_along(x_array.shape(), 0);
  const auto rows = static_cast<Index>(lines.length);
  const auto length = static_cast<Index>(lines.inner);
  const T* const x = x_array.data<T>();
  const I* const index = indices.data<I>();
  T* const y = y_array.data<T>();
  for_each_line(Context::of(x_array), indices.size(), lines.inner, [=] __device__(auto group, Index i) {
    const Index row = row_of(index[i], rows);
    for (Index k = group.rank(); k < length; k += group.width)
      y[i * length + k] = row < 0 ? T{0} : x[row * length + k];
  });
}

// The first and the last i of each row, between which a sum reads the indices. Minima and maxima do not
// depend on the order of the atomics.
template <class I>
void find_ends(Context& context, const Array& indices, Index rows, Index* first, Index* last) {
  const I* const index = indices.data<I>();
  for_each(context, indices.size(), [=] __device__(Index i) {
    const Index row = row_of(index[i], rows);
    if (row < 0) return;
    atomicMin(first + row, i);
    atomicMax(last + row, i);
  });
}

// Fast for rows whose indices are close together. For a row with indices far apart, one group reads all
// indices in between: this is slow, but the order of the sum is fixed.
template <class T, class I>
void add_up(const Array& gy_array, const Array& indices, Array& gx_array) {
  Context& context = Context::of(gy_array);
  const Lines lines = lines_along(gx_array.shape(), 0);
  const auto rows = static_cast<Index>(lines.length);
  const auto length = static_cast<Index>(lines.inner);
  const Device device = gy_array.device();
  Array firsts =
      Array::full({lines.length}, static_cast<double>(indices.size()), Dtype::int64, device);  // not found
  Array lasts = Array::full({lines.length}, -1, Dtype::int64, device);
  auto* const first = static_cast<Index*>(firsts.raw_data());
  auto* const last = static_cast<Index*>(lasts.raw_data());
  find_ends<I>(context, indices, rows, first, last);

  const T* const gy = gy_array.data<T>();
  const I* const index = indices.data<I>();
  T* const gx = gx_array.data<T>();
  for_each_line(context, lines.length, lines.inner, [=] __device__(auto group, Index row) {
    for (Index k = group.rank(); k < length; k += group.width) {
      double sum = 0;
      for (Index i = first[row]; i <= last[row]; ++i)
        if (row_of(index[i], rows) == row) sum += static_cast<double>(gy[i * length + k]);
      gx[row * length + k] = static_cast<T>(sum);
    }
  });
}

// Rows of `length` elements that begin `step` elements apart.
template <class T>
struct Rows {
  T* data;
  Index step;
};

template <class T>
void copy_rows(Context& context, Rows<const T> from, Rows<T> to, std::size_t rows, std::size_t length) {
  const auto columns = static_cast<Index>(length);
  for_each(context, rows * length, [=] __device__(Index i) {
    const Index row = i / columns, column = i % columns;
    to.data[row * to.step + column] = from.data[row * from.step + column];
  });
}

// Calls `copy(begin, step, length)`: the slice is rows of `length` elements of x, which begin `step` apart.
template <class Copy>
void for_slice(const Array& slice, const Lines& lines, std::size_t begin, Copy copy) {
  if (slice.size() == 0) return;
  copy(begin * lines.inner, static_cast<Index>(lines.length * lines.inner), slice.size() / lines.outer);
}

// The axes of a view, the last one first. Unused ones have length 1.
struct Axis {
  Index length = 1;
  Index stride = 0;
};
struct ViewAxes {
  Axis axis[Shape::max_ndim];

  explicit ViewAxes(const View& view) {
    for (std::size_t i = 0; i < view.lengths.size(); ++i) {
      const std::size_t from = view.lengths.size() - 1 - i;
      axis[i] = {static_cast<Index>(view.lengths[from]), static_cast<Index>(view.strides[from])};
    }
  }

  // The distance of element i of the view from its first one.
  __device__ Index position(Index i) const {
    Index rest = i, sum = 0;
    // With a constant as its bound the loop is unrolled: the axes stay out of local memory.
    for (std::size_t k = 0; k < Shape::max_ndim; ++k) {
      if (rest == 0) break;
      sum += rest % axis[k].length * axis[k].stride;
      rest /= axis[k].length;
    }
    return sum;
  }
};

template <class T>
void copy_from_view(const Array& x_array, const View& view, Array& y_array) {
  const T* const x = x_array.data<T>() + view.offset;
  T* const y = y_array.data<T>();
  const ViewAxes axes(view);
  for_each(Context::of(x_array), y_array.size(), [=] __device__(Index i) { y[i] = x[axes.position(i)]; });
}

template <class T>
void copy_to_view(const Array& x_array, const View& view, Array& y_array) {
  const T* const x = x_array.data<T>();
  T* const y = y_array.data<T>() + view.offset;
  const ViewAxes axes(view);
  for_each(Context::of(x_array), x_array.size(), [=] __device__(Index i) { y[axes.position(i)] = x[i]; });
}

}  // namespace

Array gather_rows(const Array& x, const Array& indices) {
  Shape shape = indices.shape();
  for (std::size_t axis = 1; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  Array y = Array::empty(shape, x.dtype(), x.device());
  if (y.size() == 0) return y;
  visit(x.dtype(), [&](auto zero) {
    visit_index(indices.dtype(), [&](auto index) { gather<decltype(zero), decltype(index)>(x, indices, y); });
  });
  return y;
}

Array add_rows(const Array& gy, const Array& indices, const Shape& shape) {
  Array gx = Array::empty(shape, gy.dtype(), gy.device());
  if (gx.size() == 0) return gx;
  visit_floating(gy.dtype(), [&](auto zero) {
    visit_index(indices.dtype(),
                [&](auto index) { add_up<decltype(zero), decltype(index)>(gy, indices, gx); });
  });
  return gx;
}

void join(const Arrays& xs, const Lines& lines, Array& y) {
  std::size_t begin = 0;
  for (const Array& slice : xs) {
    for_slice(slice, lines, begin, [&](std::size_t first, Index step, std::size_t length) {
      visit(y.dtype(), [&](auto zero) {
        using T = decltype(zero);
        copy_rows<T>(Context::of(y), {slice.data<T>(), static_cast<Index>(length)},
                     {y.data<T>() + first, step}, lines.outer, length);
      });
      begin += length / lines.inner;
    });
  }
}

void read_slice(const Array& x, const Lines& lines, std::size_t begin, Array& slice) {
  for_slice(slice, lines, begin, [&](std::size_t first, Index step, std::size_t length) {
    visit(x.dtype(), [&](auto zero) {
      using T = decltype(zero);
      copy_rows<T>(Context::of(x), {x.data<T>() + first, step}, {slice.data<T>(), static_cast<Index>(length)},
                   lines.outer, length);
    });
  });
}

Array read_view(const Array& x, const View& view) {
  Array y = Array::empty(view.lengths, x.dtype(), x.device());
  visit(x.dtype(), [&](auto zero) { copy_from_view<decltype(zero)>(x, view, y); });
  return y;
}

void write_view(const Array& x, const View& view, Array& y) {
  visit_floating(x.dtype(), [&](auto zero) { copy_to_view<decltype(zero)>(x, view, y); });
}

}  // namespace tenbin::gpu
