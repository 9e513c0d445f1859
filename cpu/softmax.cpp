// Softmax in vector registers, in three ways. Pairs: lines of two classes, which need one exponential. Across
// lines: one class of `lanes` neighbouring lines at a time; contiguous lines are transposed for it, and stay
// transposed between the steps. Along a line: neighbouring classes of one line, if it has enough of them.
#include "tenbin/cpu/softmax.h"

#include <algorithm>
#include <limits>

#include "tenbin/cpu/vector_math.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tenbin::cpu {

namespace {

constexpr std::size_t lanes = 32;
constexpr std::size_t long_line = SoftmaxChunk<float>::long_line;
constexpr std::size_t width = 32;          // neighbouring classes in the second way
constexpr std::size_t small_step = 8;      // for the last classes of a line
constexpr std::size_t terms_per_sum = 64;  // short sums in T, added in double, for accuracy at any length

using AllLanes = std::integral_constant<std::size_t, lanes>;  // a compile-time constant

template <class T>
constexpr T minus_infinity = -std::numeric_limits<T>::infinity();

// The largest term is 1. The sum of the others, the rest, is needed where the sum is so small that rounding
// removes digits of the rest (core/log_sum.h).
template <class T>
constexpr T below_one(T term) {
  return term < 1 ? term : T{0};
}

template <class T>
bool any_little(const T* sums, std::size_t count) {
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) any |= sums[i] < detail::little_more_than_one<T>;
  return any;
}

// ---- across `n` lines: class c of line r is x[c * stride + r] ---------------------------------------------

// Adds `term(c, r)` over the classes for each of n lines, to `rest` only the terms below 1: short sums in T,
// added in double.
template <bool with_rest, class T, class Count, class Term>
[[gnu::always_inline]] inline void add_up_across(Count n, std::size_t n_class, const Term& term,
                                                 T* __restrict sum, T* __restrict rest) {
  double total[lanes] = {}, total_rest[lanes] = {};
  for (std::size_t begin = 0; begin < n_class; begin += terms_per_sum) {
    T part[lanes] = {}, part_rest[lanes] = {};
    for (std::size_t c = begin; c < std::min(begin + terms_per_sum, n_class); ++c)
      for (std::size_t r = 0; r < n; ++r) {
        const T value = term(c, r);
        part[r] += value;
        if constexpr (with_rest) part_rest[r] += below_one(value);
      }
    for (std::size_t r = 0; r < n; ++r) {
      total[r] += static_cast<double>(part[r]);
      if constexpr (with_rest) total_rest[r] += static_cast<double>(part_rest[r]);
    }
  }
  for (std::size_t r = 0; r < n; ++r) {
    sum[r] = static_cast<T>(total[r]);
    if constexpr (with_rest) rest[r] = static_cast<T>(total_rest[r]);
  }
}

// Computes the n maxima, sums and, if a sum is small, rests. With `keep`, y gets exp(x - max), and the rests
// are computed from y.
template <bool keep, class T, class Count>
void exponentials_across(Count n, std::size_t n_class, const T* __restrict x, std::size_t x_stride,
                         T* __restrict y, std::size_t y_stride, T* __restrict max, T* __restrict sum,
                         T* __restrict rest) {
  T largest[lanes];
  std::fill_n(largest, lanes, minus_infinity<T>);
  for (std::size_t c = 0; c < n_class; ++c)
    for (std::size_t r = 0; r < n; ++r)
      largest[r] = x[c * x_stride + r] > largest[r] ? x[c * x_stride + r] : largest[r];
  for (std::size_t r = 0; r < n; ++r) max[r] = largest[r];
  const auto exponential = [&](std::size_t c, std::size_t r) {
    const T value = vector_math::exp_nonpositive(x[c * x_stride + r] - largest[r]);
    if constexpr (keep) y[c * y_stride + r] = value;
    return value;
  };
  add_up_across<!keep>(n, n_class, exponential, sum, rest);
  if (!keep || !any_little(sum, n)) return;
  const auto kept_below_one = [&](std::size_t c, std::size_t r) { return below_one(y[c * y_stride + r]); };
  add_up_across<false>(n, n_class, kept_below_one, rest, rest);
}

// to[c * lanes + r] = from[r * n_class + c] for n rows, and back. Copying one element at a time would take as
// long as the exponentials, so squares are transposed in registers. For three classes, a compile-time
// constant, the compiler vectorises the loops.
template <class T>
void transpose_square(const T* from, std::size_t from_stride, T* to, std::size_t to_stride) {
#if defined(__SSE2__)
  if constexpr (std::is_same_v<T, float>) {
    __m128 row0 = _mm_loadu_ps(from), row1 = _mm_loadu_ps(from + from_stride);
    __m128 row2 = _mm_loadu_ps(from + 2 * from_stride), row3 = _mm_loadu_ps(from + 3 * from_stride);
    _MM_TRANSPOSE4_PS(row0, row1, row2, row3);
    _mm_storeu_ps(to, row0);
    _mm_storeu_ps(to + to_stride, row1);
    _mm_storeu_ps(to + 2 * to_stride, row2);
    _mm_storeu_ps(to + 3 * to_stride, row3);
    return;
  }
#endif
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t c = 0; c < 4; ++c) to[c * to_stride + r] = from[r * from_stride + c];
}

// Calls `f(r, c)` for the squares of a full tile; the last two of a row may overlap.
template <class F>
void for_each_square(std::size_t n_class, F f) {
  for (std::size_t r = 0; r < lanes; r += 4)
    for (std::size_t end = 4; end < n_class + 4; end += 4) f(r, std::min(end, n_class) - 4);
}

template <class T, class Count>
void transpose_in(const T* __restrict from, std::size_t n, Count n_class, T* __restrict to) {
  if (n == lanes && n_class >= 4) {
    for_each_square(n_class, [&](std::size_t r, std::size_t c) {
      transpose_square(from + r * n_class + c, n_class, to + c * lanes + r, lanes);
    });
    return;
  }
  for (std::size_t c = 0; c < n_class; ++c)
    for (std::size_t r = 0; r < n; ++r) to[c * lanes + r] = from[r * n_class + c];
}

template <class T, class Count>
void transpose_out(const T* __restrict from, std::size_t n, Count n_class, T* __restrict to) {
  if (n == lanes && n_class >= 4) {
    for_each_square(n_class, [&](std::size_t r, std::size_t c) {
      transpose_square(from + c * lanes + r, lanes, to + r * n_class + c, n_class);
    });
    return;
  }
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < n_class; ++c) to[r * n_class + c] = from[c * lanes + r];
}

// Copies the `count` elements of a class. That of whole tiles is a constant: a few registers, and no call.
template <class T>
void copy_lanes(const T* from, std::size_t count, T* to) {
  if (count == lanes) {
    std::copy_n(from, lanes, to);
  } else {
    for (std::size_t r = 0; r < count; ++r) to[r] = from[r];
  }
}

// ---- how lines are stored ---------------------------------------------------------------------------------

// A tile is up to `lanes` neighbouring lines, stored by class: class c of line r has index c * stride + r.
// `load` reads it from x; `place` returns the memory for exp(x - max), which `keep` stores in y for the next
// step; `load_kept` reads it from there; `store` writes the result in the order of the lines.

// Interleaved lines are stored as a tile already. `Count`: the number of lines, a compile-time constant or
// not.
template <class Count>
struct TileInMemory {
  Count n;
  std::size_t n_class;
  std::size_t start;  // of the first line
  std::size_t stride;

  template <class T>
  const T* load(const T* x, T* /*buffer*/) const {
    return x + start;
  }
  template <class T>
  T* place(T* y, T* /*buffer*/) const {
    return y == nullptr ? nullptr : y + start;
  }
  template <class T>
  void keep(const T* /*tile*/, T* /*y*/) const {}
  template <class T>
  T* load_kept(T* y, T* /*buffer*/) const {
    return y + start;
  }
  template <class T>
  void store(const T* /*tile*/, T* /*y*/) const {}
};

// Contiguous lines are transposed in a buffer, and kept transposed. A short tile is padded with zeros.
template <class NClass>
struct TransposedTile {
  static constexpr AllLanes n = {};
  static constexpr std::size_t stride = lanes;
  NClass n_class;
  std::size_t start;
  std::size_t count;

  template <class T>
  const T* load(const T* x, T* buffer) const {
    clear_if_short(buffer);
    transpose_in(x + start, count, n_class, buffer);
    return buffer;
  }
  template <class T>
  T* place(T* /*y*/, T* buffer) const {
    return buffer;
  }
  template <class T>
  void keep(const T* tile, T* y) const {
    if (y == nullptr) return;
    for (std::size_t c = 0; c < n_class; ++c) copy_lanes(tile + c * lanes, count, y + start + c * count);
  }
  template <class T>
  T* load_kept(const T* y, T* buffer) const {
    clear_if_short(buffer);
    for (std::size_t c = 0; c < n_class; ++c) copy_lanes(y + start + c * count, count, buffer + c * lanes);
    return buffer;
  }
  template <class T>
  void store(const T* tile, T* y) const {
    transpose_out(tile, count, n_class, y + start);
  }

 private:
  template <class T>
  void clear_if_short(T* buffer) const {
    if (count < lanes) std::fill_n(buffer, n_class * lanes, T{0});
  }
};

constexpr std::size_t tile_size = long_line * lanes;  // of a buffer

bool has_long_lines(const Lines& lines) { return lines.inner == 1 && lines.length >= long_line; }

// Calls `f` with the number of classes, 3 as a compile-time constant.
template <class F>
void with_n_class(std::size_t n_class, F f) {
  if (n_class == 3) return f(std::integral_constant<std::size_t, 3>());
  f(n_class);
}

// Calls `f(tile, i)` for the tiles of `count` lines, where line `first + i` is the first one of the tile.
template <class F>
void for_each_tile(const Lines& lines, std::size_t first, std::size_t count, F f) {
  if (lines.inner == 1) {
    with_n_class(lines.length, [&](auto n_class) {
      for (std::size_t i = 0; i < count; i += lanes)
        f(TransposedTile<decltype(n_class)>{n_class, (first + i) * n_class, std::min(lanes, count - i)}, i);
    });
    return;
  }
  std::size_t n = 0;
  for (std::size_t i = 0; i < count; i += n) {
    n = std::min({lanes, count - i, lines.inner - (first + i) % lines.inner});
    const std::size_t start = lines.start(first + i);
    if (n == lanes) {
      f(TileInMemory<AllLanes>{AllLanes(), lines.length, start, lines.inner}, i);
    } else {
      f(TileInMemory<std::size_t>{n, lines.length, start, lines.inner}, i);
    }
  }
}

// ---- along one line ---------------------------------------------------------------------------------------

// Combines all values, halving their number in every step.
template <std::size_t Size, class T, class F>
T fold(T (&values)[Size], F f) {
#pragma GCC unroll 8
  for (std::size_t half = Size / 2; half > 0; half /= 2)
    for (std::size_t r = 0; r < half; ++r) values[r] = f(values[r], values[r + half]);
  return values[0];
}

// The last step of a line may overlap the one before it, so that every step has `width` elements.
template <class T>
T max_along(std::size_t n_class, const T* __restrict x) {
  T largest[width];
  std::fill_n(largest, width, minus_infinity<T>);
  for (std::size_t end = width; end < n_class + width; end += width) {
    const T* __restrict const from = x + std::min(end, n_class) - width;
    for (std::size_t r = 0; r < width; ++r) largest[r] = from[r] > largest[r] ? from[r] : largest[r];
  }
  return fold(largest, [](T a, T b) { return a > b ? a : b; });
}

// The sum of `term(c)` over a line, and the sum of its terms below 1. The last step may overlap the one
// before it; each class is added once.
template <class T>
struct TermSums {
  T all;
  T rest;
};

template <bool with_rest, class T, class Term>
[[gnu::always_inline]] inline TermSums<T> add_up_along(std::size_t n_class, const Term& term) {
  const auto add = [](T a, T b) { return a + b; };
  const std::size_t whole = n_class / width * width;
  double total = 0, total_rest = 0;
  T part[width] = {}, part_rest[width] = {};
  for (std::size_t begin = 0; begin < whole; begin += width * terms_per_sum) {
    if (begin > 0) {
      total += static_cast<double>(fold(part, add));
      total_rest += static_cast<double>(fold(part_rest, add));
      std::fill_n(part, width, T{0});
      std::fill_n(part_rest, width, T{0});
    }
    for (std::size_t c = begin; c < std::min(begin + width * terms_per_sum, whole); c += width)
#pragma GCC ivdep
      for (std::size_t r = 0; r < width; ++r) {
        const T value = term(c + r);
        part[r] += value;
        if constexpr (with_rest) part_rest[r] += below_one(value);
      }
  }
  // Their own sums: a wide load of `part` would wait for these narrow stores.
  T last[small_step] = {}, last_rest[small_step] = {};
  for (std::size_t c = whole; c < n_class; c += small_step) {
    const std::size_t start = std::min(c, n_class - small_step);
    const int added_before = static_cast<int>(c - start);
    for (std::size_t r = 0; r < small_step; ++r) {
      const T value = term(start + r);
      const T new_value = static_cast<int>(r) < added_before ? T{0} : value;
      last[r] += new_value;
      if constexpr (with_rest) last_rest[r] += below_one(new_value);
    }
  }
  total += static_cast<double>(fold(part, add) + fold(last, add));
  total_rest += static_cast<double>(fold(part_rest, add) + fold(last_rest, add));
  return {static_cast<T>(total), static_cast<T>(total_rest)};
}

// The sum of exp(x - max) and, if it is small, its rest. With `keep`, y gets the terms, and the rest is
// computed from y.
template <bool keep, class T>
TermSums<T> exponentials_along(std::size_t n_class, const T* __restrict x, T max, T* __restrict y) {
  const auto exponential = [=](std::size_t c) {
    const T value = vector_math::exp_nonpositive(x[c] - max);
    if constexpr (keep) y[c] = value;
    return value;
  };
  TermSums<T> sums = add_up_along<!keep, T>(n_class, exponential);
  if (keep && sums.all < detail::little_more_than_one<T>)
    sums.rest = add_up_along<false, T>(n_class, [=](std::size_t c) { return below_one(y[c]); }).all;
  return sums;
}

// ---- pairs: lines of two neighbouring classes ------------------------------------------------------------

bool are_pairs(const Lines& lines) { return lines.inner == 1 && lines.length == 2; }

// Computes the maximum of each of n pairs, exp(x - max) and its sum; the rest is the smaller term. The larger
// one is 1, or NaN for an infinite maximum.
template <class T>
void exponentials_of_pairs(std::size_t n, const T* __restrict x, T* __restrict y, T* __restrict max,
                           T* __restrict sum, T* __restrict rest) {
  for (std::size_t i = 0; i < n; ++i) {
    const T a = x[2 * i], b = x[2 * i + 1];
    max[i] = b > a ? b : a;
    rest[i] = vector_math::exp_nonpositive((b > a ? a : b) - max[i]);
    sum[i] = (1 + (max[i] - max[i])) + rest[i];
  }
  if (y == nullptr) return;
  for (std::size_t i = 0; i < n; ++i) {
    const bool second = x[2 * i + 1] > x[2 * i];
    const T larger = 1 + (max[i] - max[i]);
    y[2 * i] = second ? rest[i] : larger;
    y[2 * i + 1] = second ? larger : rest[i];
  }
}

// ---- results from exp(x - max) ----------------------------------------------------------------------------

template <class T>
struct Normalise {
  const T* sum;

  template <class Count>
  void across(Count n, std::size_t i, std::size_t n_class, T* __restrict y, std::size_t stride) const {
    T scale[lanes];
    for (std::size_t r = 0; r < n; ++r) scale[r] = 1 / sum[i + r];
    for (std::size_t c = 0; c < n_class; ++c)
      for (std::size_t r = 0; r < n; ++r) y[c * stride + r] *= scale[r];
  }

  void along(std::size_t i, std::size_t n_class, T* y) const {
    const T scale = 1 / sum[i];
    for (std::size_t c = 0; c < n_class; ++c) y[c] *= scale;
  }

  void pairs(std::size_t n, T* __restrict y) const {
    for (std::size_t i = 0; i < n; ++i) {
      const T scale = 1 / sum[i];
      y[2 * i] *= scale;
      y[2 * i + 1] *= scale;
    }
  }
};

template <class T>
struct LabelGradient {
  using Label = typename SoftmaxChunk<T>::Label;

  const T* sum;
  const T* factor;
  const Label* label;

  template <class Count>
  void across(Count n, std::size_t i, std::size_t n_class, T* __restrict y, std::size_t stride) const {
    T scale[lanes], outer[lanes];
    Label right[lanes];
    for (std::size_t r = 0; r < n; ++r) {
      scale[r] = 1 / sum[i + r];
      outer[r] = factor[i + r];
      right[r] = label[i + r];
    }
    for (std::size_t c = 0; c < n_class; ++c)
      for (std::size_t r = 0; r < n; ++r) {
        T& value = y[c * stride + r];
        value = outer[r] * (value * scale[r] - (right[r] == static_cast<Label>(c) ? T{1} : T{0}));
      }
  }

  void along(std::size_t i, std::size_t n_class, T* y) const {
    const T scale = 1 / sum[i], outer = factor[i];
    T& right = y[label[i]];
    const T right_value = outer * (right * scale - 1);
    for (std::size_t c = 0; c < n_class; ++c) y[c] = outer * (y[c] * scale);
    right = right_value;
  }

  // That of the label is minus the other one, which keeps its digits where the other one is small.
  void pairs(std::size_t n, T* __restrict y) const {
    for (std::size_t i = 0; i < n; ++i) {
      const bool second = label[i] == 1;
      const T other = factor[i] * ((second ? y[2 * i] : y[2 * i + 1]) / sum[i]);
      y[2 * i] = second ? other : -other;
      y[2 * i + 1] = second ? -other : other;
    }
  }
};

}  // namespace

// ---- chunks -----------------------------------------------------------------------------------------------

template <class T>
SoftmaxChunk<T>::SoftmaxChunk(const Lines& lines, std::size_t first, std::size_t count)
    : lines_(lines), first_(first), count_(std::min(count, lines.count() - first)) {
  static_assert(size % lanes == 0, "a transposed tile fits into the chunk's arrays");
  for (std::size_t i = count_; i % lanes != 0; ++i) {  // padding, whose results are not used
    sum[i] = 1;
    factor[i] = 0;
    label[i] = 0;
  }
}

template <class T>
void SoftmaxChunk<T>::exponentials(const T* x, T* y) {
  at_level([&] { compute_exponentials(x, y); });
}

template <class T>
void SoftmaxChunk<T>::compute_exponentials(const T* x, T* y) {
  T rest[size] = {};  // stays 0 where the sum is not small
  if (are_pairs(lines_)) {
    exponentials_of_pairs(count_, x + 2 * first_, y == nullptr ? y : y + 2 * first_, max, sum, rest);
  } else if (has_long_lines(lines_)) {
    exponentials_of_long_lines(x, y, rest);
  } else {
    for_each_tile(lines_, first_, count_, [&](const auto& tile, std::size_t i) {
      T in[tile_size], out[tile_size];
      const T* const from = tile.load(x, in);
      T* const to = tile.place(y, out);
      if (to == nullptr) {
        exponentials_across<false>(tile.n, tile.n_class, from, tile.stride, to, 0, max + i, sum + i,
                                   rest + i);
      } else {
        exponentials_across<true>(tile.n, tile.n_class, from, tile.stride, to, tile.stride, max + i, sum + i,
                                  rest + i);
      }
      tile.keep(to, y);
    });
  }
  for (std::size_t i = 0; i < count_; ++i) log_sum[i] = vector_math::log_of_sum(sum[i], rest[i]);
}

// Computes a few maxima before their exponentials, which would otherwise wait for the maximum of their line.
template <class T>
void SoftmaxChunk<T>::exponentials_of_long_lines(const T* x, T* y, T* rest) {
  constexpr std::size_t few = 8;
  const std::size_t n_class = lines_.length;
  for (std::size_t begin = 0; begin < count_; begin += few) {
    const std::size_t end = std::min(begin + few, count_);
    for (std::size_t i = begin; i < end; ++i) max[i] = max_along(n_class, x + (first_ + i) * n_class);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t start = (first_ + i) * n_class;
      const TermSums<T> sums = y == nullptr ? exponentials_along<false>(n_class, x + start, max[i], y)
                                            : exponentials_along<true>(n_class, x + start, max[i], y + start);
      sum[i] = sums.all;
      rest[i] = sums.rest;
    }
  }
}

template <class T>
template <class Op>
void SoftmaxChunk<T>::run_in_place(const Op& op, T* y) const {
  if (are_pairs(lines_)) return op.pairs(count_, y + 2 * first_);
  if (has_long_lines(lines_)) {
    for (std::size_t i = 0; i < count_; ++i) op.along(i, lines_.length, y + (first_ + i) * lines_.length);
    return;
  }
  for_each_tile(lines_, first_, count_, [&](const auto& tile, std::size_t i) {
    T buffer[tile_size];
    T* const values = tile.load_kept(y, buffer);
    op.across(tile.n, i, tile.n_class, values, tile.stride);
    tile.store(values, y);
  });
}

template <class T>
void SoftmaxChunk<T>::softmax(T* y) const {
  at_level([&] { run_in_place(Normalise<T>{sum}, y); });
}

template <class T>
void SoftmaxChunk<T>::label_gradient(T* y) const {
  at_level([&] { run_in_place(LabelGradient<T>{sum, factor, label}, y); });
}

template class SoftmaxChunk<float>;
template class SoftmaxChunk<double>;

}  // namespace tenbin::cpu
