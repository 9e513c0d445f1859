// Reductions and broadcasts on the CPU, as plain loops: over 128 x 256 floats, xtensor takes ten times as
// long.
#include "tenbin/cpu/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "tenbin/core/broadcast.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::cpu {

namespace {

constexpr std::size_t columns_per_block = 64;

constexpr std::size_t worthwhile = std::size_t{1} << 17;  // elements for a thread

template <class T>
void repeat(const T* x, std::size_t outer, std::size_t times, std::size_t inner, T* y) {
  for (std::size_t i = 0; i < outer; ++i, x += inner) {
    if (inner == 1) {
      y = std::fill_n(y, times, *x);
    } else {
      for (std::size_t j = 0; j < times; ++j) y = std::copy_n(x, inner, y);
    }
  }
}

constexpr std::size_t lanes = 8;
constexpr std::size_t long_line = 1024;

// Reduces one line: in several lanes, since in a single chain each addition waits for the previous one.
template <class Accumulator, class T, class Combine>
Accumulator reduce_line(const T* x, std::size_t count, Accumulator initial, Combine combine) {
  Accumulator results[lanes];
  std::fill_n(results, lanes, initial);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      results[lane] = combine(results[lane], static_cast<Accumulator>(x[i + lane]));
  for (std::size_t lane = 0; i < count; ++i, ++lane)
    results[lane] = combine(results[lane], static_cast<Accumulator>(x[i]));
  for (std::size_t width = lanes / 2; width > 0; width /= 2)
    for (std::size_t lane = 0; lane < width; ++lane)
      results[lane] = combine(results[lane], results[lane + width]);
  return results[0];
}

// In halves, so that the error grows with the logarithm of the length.
template <class Accumulator, class T, class Combine>
Accumulator reduce_long_line(const T* x, std::size_t count, Accumulator initial, Combine combine) {
  if (count <= long_line) {
    Accumulator result = initial;
    at_level([&] { result = reduce_line(x, count, initial, combine); });
    return result;
  }
  const std::size_t half = count / 2 / lanes * lanes;
  return combine(reduce_long_line(x, half, initial, combine),
                 reduce_long_line(x + half, count - half, initial, combine));
}

// Reduces `width` neighbouring columns of a matrix of `columns` columns. The width of a whole block is a
// compile-time constant, so that the results stay in registers.
template <class Accumulator, class T, class Combine, class Finish, class Out, class Width>
void reduce_some_columns(const T* x, std::size_t count, std::size_t columns, Width width, Accumulator initial,
                         Combine combine, Finish finish, Out* __restrict y) {
  Accumulator results[columns_per_block];
  std::fill_n(results, width, initial);
  for (std::size_t i = 0; i < count; ++i) {
    const T* __restrict const row = x + i * columns;
    for (std::size_t j = 0; j < width; ++j)
      results[j] = combine(results[j], static_cast<Accumulator>(row[j]));
  }
  for (std::size_t j = 0; j < width; ++j) y[j] = static_cast<Out>(finish(results[j]));
}

// Reduces all columns of a (count, columns) matrix, in blocks: whole cache lines are read.
template <class Accumulator, class T, class Combine, class Finish, class Out>
void reduce_columns(const T* x, std::size_t count, std::size_t columns, Accumulator initial, Combine combine,
                    Finish finish, Out* y) {
  using WholeBlock = std::integral_constant<std::size_t, columns_per_block>;
  std::size_t first = 0;
  for (; first + columns_per_block <= columns; first += columns_per_block)
    reduce_some_columns(x + first, count, columns, WholeBlock(), initial, combine, finish, y + first);
  if (first < columns)
    reduce_some_columns(x + first, count, columns, columns - first, initial, combine, finish, y + first);
}

// Reduces the middle axis by `combine`, then applies `finish`.
template <class Accumulator, class T, class Combine, class Finish, class Out>
void reduce_middle(const T* x, std::size_t outer, std::size_t count, std::size_t inner, Accumulator initial,
                   Combine combine, Finish finish, Out* y) {
  if (inner == 1 && count > long_line) {
    for (std::size_t i = 0; i < outer; ++i)
      y[i] = static_cast<Out>(finish(reduce_long_line(x + i * count, count, initial, combine)));
    return;
  }
  at_level([=] {
    for (std::size_t i = 0; i < outer; ++i) {
      const T* const from = x + i * count * inner;
      if (inner == 1) {
        y[i] = static_cast<Out>(finish(reduce_line(from, count, initial, combine)));
      } else {
        reduce_columns(from, count, inner, initial, combine, finish, y + i * inner);
      }
    }
  });
}

struct Plus {
  double operator()(double sum, double value) const { return sum + value; }
};

constexpr auto as_it_is = [](auto result) { return result; };

// `reduce_axes` with a `reduce` that takes pointers.
template <class Reduce>
Array reduce_to(const Array& array, const Shape& shape, Reduce reduce) {
  return reduce_axes(array, shape,
                     [&](const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y) {
                       visit_floating(x.dtype(), [&](auto zero) {
                         using T = decltype(zero);
                         reduce(x.data<T>(), outer, count, inner, y.data<T>());
                       });
                     });
}

}  // namespace

void repeat_middle(const Array& x, std::size_t outer, std::size_t times, std::size_t inner, Array& y) {
  visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* const from = x.data<T>();
    T* const to = y.data<T>();
    if (outer != 1) return repeat(from, outer, times, inner, to);
    parallel_ranges(times, worthwhile / (inner + 1) + 1, [&](std::size_t begin, std::size_t end) {
      repeat(from, 1, end - begin, inner, to + begin * inner);
    });
  });
}

Array broadcast_to(const Array& array, const Shape& shape) {
  return broadcast_axes(array, shape, repeat_middle);
}

void sum_middle(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y) {
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    reduce_middle(x.data<T>(), outer, count, inner, 0.0, Plus(), as_it_is, y.data<T>());
  });
}

Array sum_to(const Array& x, const Shape& shape) { return reduce_axes(x, shape, sum_middle); }

namespace {

// Correct if no sum overflows in double.
Array plain_mean_to(const Array& array, const Shape& shape) {
  const auto reduce = [](const Array& x, std::size_t outer, std::size_t count, std::size_t inner,
                         double divisor, Array& y) {
    const auto divide = [divisor](double sum) { return sum / divisor; };
    visit_floating(x.dtype(), [&](auto zero) {
      visit_floating(y.dtype(), [&](auto result_zero) {
        reduce_middle(x.data<decltype(zero)>(), outer, count, inner, 0.0, Plus(), divide,
                      y.data<decltype(result_zero)>());
      });
    });
  };
  return mean_axes(array, shape, reduce);
}

bool all_finite(const Array& array) {
  const double* const value = array.data<double>();
  return std::all_of(value, value + array.size(), [](double v) { return std::isfinite(v); });
}

}  // namespace

Array mean_to(const Array& x, const Shape& shape) {
  const Array mean = plain_mean_to(x, shape);
  if (x.dtype() != Dtype::float64 || all_finite(mean)) return mean;
  // Again, with scaled elements, whose sums cannot overflow. The mean of finite numbers is finite, but
  // rounding may make it infinite: hence the clamp.
  constexpr double unit = 0x1p-64;
  const Array small = plain_mean_to(map([](double v) { return v * unit; }, x), shape);
  const auto choose = [](double plain, double scaled) {
    constexpr double most = std::numeric_limits<double>::max();
    if (std::isfinite(plain) || !std::isfinite(scaled)) return plain;
    return std::clamp(scaled / unit, -most, most);
  };
  Array y = Array::empty(shape, Dtype::float64);
  std::transform(std::as_const(mean).data<double>(), std::as_const(mean).data<double>() + mean.size(),
                 std::as_const(small).data<double>(), y.data<double>(), choose);
  return y;
}

Array max_to(const Array& x, const Shape& shape) {
  return reduce_to(
      x, shape, [](const auto* from, std::size_t outer, std::size_t count, std::size_t inner, auto* to) {
        using T = std::decay_t<decltype(*to)>;
        const auto larger = [](T a, T b) { return b > a || b != b ? b : a; };
        reduce_middle(from, outer, count, inner, -std::numeric_limits<T>::infinity(), larger, as_it_is, to);
      });
}

Array min_to(const Array& x, const Shape& shape) {
  return reduce_to(
      x, shape, [](const auto* from, std::size_t outer, std::size_t count, std::size_t inner, auto* to) {
        using T = std::decay_t<decltype(*to)>;
        const auto smaller = [](T a, T b) { return b < a || b != b ? b : a; };
        reduce_middle(from, outer, count, inner, std::numeric_limits<T>::infinity(), smaller, as_it_is, to);
      });
}

}  // namespace tenbin::cpu
