// Softmax in vector registers, in three ways. Few classes: contiguous lines of two or three classes, each
// computed by itself in a loop over the lines. Across lines: one class of `lanes` neighbouring lines at a
// time; contiguous lines are transposed for it. Along a line: neighbouring classes of one line, if it has
// enough.
#include "tenbin/cpu/softmax.h"

#include <algorithm>
#include <limits>

#include "tenbin/cpu/detail/transpose.h"
#include "tenbin/cpu/vector_math.h"

namespace tenbin::cpu {

namespace {

constexpr std::size_t lanes = 32;
constexpr std::size_t long_line = SoftmaxChunk<float>::long_line;
constexpr std::size_t width = 32;          // neighbouring classes in the third way
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

// ---- results ----------------------------------------------------------------------------------------------

// What is computed from the probabilities of line i of a chunk: nothing, the probabilities themselves, or the
// gradient of a cross entropy. `along` replaces the exponentials of a whole line by it; `few` is for a line
// of few classes. Probabilities are exponentials times `scale`.

struct NoResult {
  static constexpr bool stored = false;
};

template <class T>
struct Probabilities {
  static constexpr bool stored = true;

  T operator()(std::size_t /*i*/, std::size_t /*c*/, T probability) const { return probability; }

  void along(std::size_t /*i*/, std::size_t n_class, T scale, T* y) const {
    for (std::size_t c = 0; c < n_class; ++c) y[c] *= scale;
  }

  template <std::size_t n_class>
  void few(std::size_t /*i*/, const T (&e)[n_class], T scale, T* y) const {
#pragma GCC unroll 4
    for (std::size_t c = 0; c < n_class; ++c) y[c] = e[c] * scale;
  }
};

template <class T>
struct LabelGradient {
  using Label = typename SoftmaxChunk<T>::Label;
  static constexpr bool stored = true;

  const T* factor;
  const Label* label;

  T operator()(std::size_t i, std::size_t c, T probability) const {
    return factor[i] * (probability - (label[i] == static_cast<Label>(c) ? T{1} : T{0}));
  }

  void along(std::size_t i, std::size_t n_class, T scale, T* y) const {
    const T outer = factor[i];
    T& right = y[label[i]];
    const T right_value = outer * (right * scale - 1);
    for (std::size_t c = 0; c < n_class; ++c) y[c] = outer * (y[c] * scale);
    right = right_value;
  }

  // The gradient of the label is minus the sum of the others, which keeps its digits where they are small.
  void few(std::size_t i, const T (&e)[2], T scale, T* y) const {
    const bool second = label[i] != 0;
    const T other = factor[i] * ((second ? e[0] : e[1]) * scale);
    y[0] = second ? other : -other;
    y[1] = second ? -other : other;
  }
  void few(std::size_t i, const T (&e)[3], T scale, T* y) const {
    const Label right = label[i];
    const T outer = factor[i];
    const T a = right == 0 ? 0 : outer * (e[0] * scale);
    const T b = right == 1 ? 0 : outer * (e[1] * scale);
    const T c = right == 2 ? 0 : outer * (e[2] * scale);
    const T others = a + b + c;
    y[0] = right == 0 ? -others : a;
    y[1] = right == 1 ? -others : b;
    y[2] = right == 2 ? -others : c;
  }
};

// ---- few classes: line i is x[i * n_class], ..., x[i * n_class + n_class - 1] -----------------------------

// Of one line: its maximum, e = exp(x - max), their sum and its logarithm.
template <class T, std::size_t n_class>
struct Exponentials {
  T max;
  T e[n_class];
  T sum, log_sum;
};

template <std::size_t n_class, class T>
[[gnu::always_inline]] inline Exponentials<T, n_class> exponentials(const T* x) {
  static_assert(n_class == 2 || n_class == 3);
  using vector_math::exp_nonpositive;
  const T a = x[0], b = x[1];
  const bool second = b > a;
  const T larger = second ? b : a;
  if constexpr (n_class == 2) {
    // One exponential: that of the larger one is 1. NaN for an infinite maximum.
    const T e = exp_nonpositive((second ? a : b) - larger) + (larger - larger);
    return {larger, {second ? e : 1, second ? 1 : e}, 1 + e, vector_math::log_of_sum(1 + e, e)};
  } else {
    const T c = x[2];
    const T max = c > larger ? c : larger;
    const T e0 = exp_nonpositive(a - max), e1 = exp_nonpositive(b - max), e2 = exp_nonpositive(c - max);
    const T sum = e0 + e1 + e2, rest = below_one(e0) + below_one(e1) + below_one(e2);
    return {max, {e0, e1, e2}, sum, vector_math::log_of_sum(sum, rest)};
  }
}

template <std::size_t n_class, class T, class Result>
void few_classes(std::size_t n, const T* __restrict x, T* __restrict y, T* __restrict max,
                 T* __restrict log_sum, const Result& result) {
  for (std::size_t i = 0; i < n; ++i) {
    const Exponentials<T, n_class> line = exponentials<n_class>(x + i * n_class);
    max[i] = line.max;
    log_sum[i] = line.log_sum;
    if constexpr (Result::stored) result.few(i, line.e, 1 / line.sum, y + i * n_class);
  }
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
  add_up_across<false>(n, n_class, kept_below_one, rest, static_cast<T*>(nullptr));
}

// From exp(x - max) in y to the result, for n lines from line i of the chunk.
template <class T, class Count, class Result>
void results_across(Count n, std::size_t n_class, T* __restrict y, std::size_t stride,
                    const T* __restrict sum, std::size_t i, const Result& result) {
  T scale[lanes];
  for (std::size_t r = 0; r < n; ++r) scale[r] = 1 / sum[r];
  for (std::size_t c = 0; c < n_class; ++c)
    for (std::size_t r = 0; r < n; ++r) y[c * stride + r] = result(i + r, c, y[c * stride + r] * scale[r]);
}

// Where the results of each line of a chunk are stored.
template <class T>
struct Sums {
  T* max;
  T* sum;   // of exp(x - max)
  T* rest;  // of its terms below 1; not stored where the sum is not small

  Sums from(std::size_t i) const { return {max + i, sum + i, rest + i}; }
};

// n lines from line i of the chunk.
template <class T, class Count, class Result>
void lines_across(Count n, std::size_t n_class, const T* x, std::size_t x_stride, T* y, std::size_t y_stride,
                  std::size_t i, const Sums<T>& sums, const Result& result) {
  const auto [max, sum, rest] = sums.from(i);
  exponentials_across<Result::stored>(n, n_class, x, x_stride, y, y_stride, max, sum, rest);
  if constexpr (Result::stored) results_across(n, n_class, y, y_stride, sum, i, result);
}

// Contiguous lines are transposed in a buffer, `lanes` at a time.
template <class T, class Result>
void transposed_lines(std::size_t count, std::size_t n_class, const T* x, T* y, const Sums<T>& sums,
                      const Result& result) {
  T in[long_line * lanes], out[long_line * lanes];
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t n = std::min(lanes, count - i);
    rows_to_columns<lanes>(x + i * n_class, n, n_class, in);
    lines_across(AllLanes(), n_class, in, lanes, out, lanes, i, sums, result);
    if constexpr (Result::stored) columns_to_rows<lanes>(out, n, n_class, y + i * n_class);
  }
}

// Interleaved lines are stored by class already.
template <class T, class Result>
void interleaved_lines(const Lines& lines, std::size_t first, std::size_t count, const T* x, T* y,
                       const Sums<T>& sums, const Result& result) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < count; i += n) {
    n = std::min({lanes, count - i, lines.inner - (first + i) % lines.inner});
    const std::size_t start = lines.start(first + i);
    T* const to = Result::stored ? y + start : nullptr;
    const auto run = [&](auto number) {
      lines_across(number, lines.length, x + start, lines.inner, to, lines.inner, i, sums, result);
    };
    if (n == lanes) {
      run(AllLanes());
    } else {
      run(n);
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
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
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

// Asks for the first elements of a line that is used soon: during the exponentials of one line, the processor
// does not look as far as the next ones. With `for_writing`, they will be written.
template <bool for_writing, class T>
void prefetch(const T* line, std::size_t size) {
  constexpr std::size_t cache_line = 64 / sizeof(T);
  constexpr std::size_t most = 1 << 14;  // more would take the place of the line that is computed
  for (std::size_t i = 0; i < std::min(size, most); i += cache_line)
    __builtin_prefetch(line + i, for_writing ? 1 : 0, 2);
}

// Computes a few maxima before their exponentials, which would otherwise wait for the maximum of their line.
template <class T, class Result>
void long_lines(std::size_t count, std::size_t n_class, const T* x, T* y, const Sums<T>& sums,
                const Result& result) {
  const std::size_t few = std::clamp<std::size_t>(2048 / n_class, 1, 8);
  for (std::size_t begin = 0; begin < count; begin += few) {
    const std::size_t end = std::min(begin + few, count);
    for (std::size_t i = begin; i < end; ++i) sums.max[i] = max_along(n_class, x + i * n_class);
    for (std::size_t i = begin; i < end; ++i) {
      T* const line = Result::stored ? y + i * n_class : nullptr;
      if (i + few < count) {
        prefetch<false>(x + (i + few) * n_class, n_class);
        if constexpr (Result::stored) prefetch<true>(line + few * n_class, n_class);
      }
      const TermSums<T> terms =
          exponentials_along<Result::stored>(n_class, x + i * n_class, sums.max[i], line);
      sums.sum[i] = terms.all;
      sums.rest[i] = terms.rest;
    }
    if constexpr (Result::stored)
      for (std::size_t i = begin; i < end; ++i) result.along(i, n_class, 1 / sums.sum[i], y + i * n_class);
  }
}

// ---- the logarithm ----------------------------------------------------------------------------------------

// y := (x - max) - log_sum, for lines of which both are known.
template <class T>
void subtract_log_sums(const SoftmaxChunk<T>& chunk, const Lines& lines, const T* __restrict x,
                       T* __restrict y) {
  if (lines.inner == 1) {
    const std::size_t n_class = lines.length, start = chunk.first() * n_class;
    for (std::size_t i = 0; i < chunk.count(); ++i) {
      const T max = chunk.max[i], log_sum = chunk.log_sum[i];
      const std::size_t begin = start + i * n_class;
      for (std::size_t c = begin; c < begin + n_class; ++c) y[c] = (x[c] - max) - log_sum;
    }
    return;
  }
  std::size_t n = 0;
  for (std::size_t i = 0; i < chunk.count(); i += n) {
    n = std::min(chunk.count() - i, lines.inner - (chunk.first() + i) % lines.inner);
    const std::size_t start = lines.start(chunk.first() + i);
    for (std::size_t c = 0; c < lines.length; ++c)
      for (std::size_t r = 0; r < n; ++r) {
        const std::size_t at = start + c * lines.inner + r;
        y[at] = (x[at] - chunk.max[i + r]) - chunk.log_sum[i + r];
      }
  }
}

// ---- chunks -----------------------------------------------------------------------------------------------

template <class T, class Result>
void run(SoftmaxChunk<T>& chunk, const Lines& lines, const T* x, T* y, const Result& result) {
  const std::size_t count = chunk.count(), n_class = lines.length;
  const std::size_t start = chunk.first() * n_class;  // of contiguous lines
  T* const to = Result::stored ? y + start : nullptr;
  if (lines.inner == 1 && n_class == 2)
    return few_classes<2>(count, x + start, to, chunk.max, chunk.log_sum, result);
  if (lines.inner == 1 && n_class == 3)
    return few_classes<3>(count, x + start, to, chunk.max, chunk.log_sum, result);
  T sum[SoftmaxChunk<T>::size], rest[SoftmaxChunk<T>::size] = {};  // it stays 0 where the sum is not small
  const Sums<T> sums{chunk.max, sum, rest};
  if (lines.inner > 1) {
    interleaved_lines(lines, chunk.first(), count, x, y, sums, result);
  } else if (n_class >= long_line) {
    long_lines(count, n_class, x + start, to, sums, result);
  } else {
    transposed_lines(count, n_class, x + start, to, sums, result);
  }
  for (std::size_t i = 0; i < count; ++i) chunk.log_sum[i] = vector_math::log_of_sum(sum[i], rest[i]);
}

}  // namespace

template <class T>
SoftmaxChunk<T>::SoftmaxChunk(const Lines& lines, std::size_t first, std::size_t count)
    : lines_(lines), first_(first), count_(std::min(count, lines.count() - first)) {
  static_assert(size % lanes == 0, "a transposed tile fits into the chunk's arrays");
  for (std::size_t i = count_; i % lanes != 0; ++i) {  // padding, whose results are not used
    factor[i] = 0;
    label[i] = 0;
  }
}

template <class T>
void SoftmaxChunk<T>::log_sums(const T* x) {
  at_level([&] { run<T>(*this, lines_, x, nullptr, NoResult()); });
}

template <class T>
void SoftmaxChunk<T>::log_softmax(const T* x, T* y) {
  at_level([&] {
    run<T>(*this, lines_, x, nullptr, NoResult());
    subtract_log_sums(*this, lines_, x, y);
  });
}

template <class T>
void SoftmaxChunk<T>::softmax(const T* x, T* y) {
  at_level([&] { run(*this, lines_, x, y, Probabilities<T>()); });
}

template <class T>
void SoftmaxChunk<T>::label_gradient(const T* x, T* y) {
  at_level([&] { run(*this, lines_, x, y, LabelGradient<T>{factor, label}); });
}

template class SoftmaxChunk<float>;
template class SoftmaxChunk<double>;

}  // namespace tenbin::cpu
