// Rows of a few classes to columns and back, for softmax across lines. Copying one element at a time would
// take as long as the exponentials, so blocks of four classes are transposed in registers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

// Vectors are passed between inlined functions only, so that it does not matter how.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

namespace tenbin::cpu {

// ---- blocks of four classes and as many rows as a register has floats ------------------------------------

#if defined(__AVX512F__)
constexpr std::size_t floats_in_register = 16;
#elif defined(__AVX__)
constexpr std::size_t floats_in_register = 8;
#else
constexpr std::size_t floats_in_register = 4;
#endif
constexpr std::size_t block_classes = 4;

template <std::size_t Size>
struct FloatsOf {
  using Type [[gnu::vector_size(Size * sizeof(float))]] = float;
};
template <std::size_t Size>
using Floats = typename FloatsOf<Size>::Type;
template <std::size_t block_rows>
using FourClasses = Floats<block_rows>[block_classes];

template <class Vector, std::size_t... I>
[[gnu::always_inline]] inline auto join(Vector a, Vector b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, I...);
}

// Vectors of four floats, `step` elements apart, in one vector.
template <std::size_t Size>
[[gnu::always_inline]] inline Floats<Size> load_fours(const float* from, std::size_t step) {
  if constexpr (Size == 4) {
    Floats<4> four;
    std::memcpy(&four, from, sizeof four);
    return four;
  } else {
    return join(load_fours<Size / 2>(from, step), load_fours<Size / 2>(from + Size / 8 * step, step),
                std::make_index_sequence<Size>());
  }
}

template <std::size_t First, class Vector, std::size_t... I>
[[gnu::always_inline]] inline auto part(Vector a, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, a, (First + I)...);
}

template <std::size_t Size>
[[gnu::always_inline]] inline void store_fours(Floats<Size> fours, float* to, std::size_t step) {
  if constexpr (Size == 4) {
    std::memcpy(to, &fours, sizeof fours);
  } else {
    constexpr auto half = std::make_index_sequence<Size / 2>();
    store_fours<Size / 2>(part<0>(fours, half), to, step);
    store_fours<Size / 2>(part<Size / 2>(fours, half), to + Size / 8 * step, step);
  }
}

// Of each four of a and of b, from element `First` on: a, b, a, b, or a, a, b, b.
template <std::size_t First, class Vector, std::size_t... I>
[[gnu::always_inline]] inline Vector interleave(Vector a, Vector b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (I / 4 * 4 + First + I % 4 / 2 + I % 2 * sizeof...(I))...);
}
template <std::size_t First, class Vector, std::size_t... I>
[[gnu::always_inline]] inline Vector concatenate(Vector a, Vector b, std::index_sequence<I...>) {
  return __builtin_shufflevector(a, b, (I / 4 * 4 + First + I % 2 + I % 4 / 2 * sizeof...(I))...);
}

// Transposes the squares of each four of the four vectors.
template <std::size_t block_rows>
[[gnu::always_inline]] inline void transpose_squares(FourClasses<block_rows>& block) {
  constexpr auto all = std::make_index_sequence<block_rows>();
  const auto low01 = interleave<0>(block[0], block[1], all), high01 = interleave<2>(block[0], block[1], all);
  const auto low23 = interleave<0>(block[2], block[3], all), high23 = interleave<2>(block[2], block[3], all);
  block[0] = concatenate<0>(low01, low23, all);
  block[1] = concatenate<2>(low01, low23, all);
  block[2] = concatenate<0>(high01, high23, all);
  block[3] = concatenate<2>(high01, high23, all);
}

// Calls `f(r, c)` with the first row and class of every block of `rows` rows; the last two of a row may
// overlap.
template <std::size_t rows, std::size_t block_rows, class F>
[[gnu::always_inline]] inline void for_each_block(std::size_t n_class, const F& f) {
  static_assert(rows % block_rows == 0);
  for (std::size_t r = 0; r < rows; r += block_rows)
    for (std::size_t end = block_classes; end < n_class + block_classes; end += block_classes)
      f(r, std::min(end, n_class) - block_classes);
}

// ---- all rows --------------------------------------------------------------------------------------------

// Always inlined: a function compiled for one processor must not take the place of another file's.

/// columns[c * rows + r] = from[r * n_class + c] for `count` rows; 0 for the others.
template <std::size_t rows, std::size_t block_rows = floats_in_register, class T>
[[gnu::always_inline]] inline void rows_to_columns(const T* __restrict from, std::size_t count,
                                                   std::size_t n_class, T* __restrict columns) {
  if constexpr (std::is_same_v<T, float>) {
    if (count == rows && n_class >= block_classes)
      return for_each_block<rows, block_rows>(n_class, [&](std::size_t r, std::size_t c) {
        FourClasses<block_rows> block;
        for (std::size_t i = 0; i < block_classes; ++i)
          block[i] = load_fours<block_rows>(from + (r + i) * n_class + c, 4 * n_class);
        transpose_squares<block_rows>(block);
        for (std::size_t i = 0; i < block_classes; ++i)
          std::memcpy(columns + (c + i) * rows + r, &block[i], sizeof block[i]);
      });
  }
  if (count < rows) std::fill_n(columns, n_class * rows, T{0});
  for (std::size_t c = 0; c < n_class; ++c)
    for (std::size_t r = 0; r < count; ++r) columns[c * rows + r] = from[r * n_class + c];
}

/// to[r * n_class + c] = columns[c * rows + r] for `count` rows.
template <std::size_t rows, std::size_t block_rows = floats_in_register, class T>
[[gnu::always_inline]] inline void columns_to_rows(const T* __restrict columns, std::size_t count,
                                                   std::size_t n_class, T* __restrict to) {
  if constexpr (std::is_same_v<T, float>) {
    if (count == rows && n_class >= block_classes)
      return for_each_block<rows, block_rows>(n_class, [&](std::size_t r, std::size_t c) {
        FourClasses<block_rows> block;
        for (std::size_t i = 0; i < block_classes; ++i)
          std::memcpy(&block[i], columns + (c + i) * rows + r, sizeof block[i]);
        transpose_squares<block_rows>(block);
        for (std::size_t i = 0; i < block_classes; ++i)
          store_fours<block_rows>(block[i], to + (r + i) * n_class + c, 4 * n_class);
      });
  }
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t c = 0; c < n_class; ++c) to[r * n_class + c] = columns[c * rows + r];
}

}  // namespace tenbin::cpu

#pragma GCC diagnostic pop
