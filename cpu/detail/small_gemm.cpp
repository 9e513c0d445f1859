// Two ways. Few columns: products along the rows of both matrices, added up across the lanes at the end.
// Small ones: a tile of C stays in registers, and elements of A times parts of rows of B are added to it.
#include "tenbin/cpu/detail/small_gemm.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tenbin/cpu/level.h"

// In a portable library CMake compiles this file three times: as it is, and with the instructions of two
// levels of cpu/level.h, where TENBIN_LEVEL is v3 or v4. Attributes of functions would not do: vectors are
// split into those of the file's instructions early. No inline function of another header is called, since
// the linker could keep the copy of a level for everybody.
#ifndef TENBIN_LEVEL
#define TENBIN_LEVEL compiled
#define TENBIN_CHOOSES
#endif

// With flags for a processor with AVX2, cpu/level.h chooses nothing.
#ifndef TENBIN_LEVELS
#undef TENBIN_WITH_LEVELS
#endif

namespace tenbin::cpu {

namespace TENBIN_LEVEL {

namespace {

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

constexpr std::size_t terms_per_sum = 256;  // longer sums are added in parts, for accuracy

// The limits below which this code was faster than oneDNN, which uses the widest registers of the processor.
constexpr std::size_t most_terms_of_columns = 64;  // of A' B, where A is read across its rows
#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64, registers_per_row = 4;
constexpr std::size_t most_columns = 4, most_multiplications = 1 << 15;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32, registers_per_row = 2;
constexpr std::size_t most_columns = 4, most_multiplications = 1 << 14;
#else
constexpr std::size_t register_bytes = 16, registers_per_row = 2;
constexpr std::size_t most_columns = 2, most_multiplications = 1 << 12;
#endif

template <class T, std::size_t Lanes>
struct VectorOf {
  using Type [[gnu::vector_size(Lanes * sizeof(T))]] = T;
};

template <class Vector, class T>
Vector load(const T* from) {
  Vector value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Vector, class T>
void store(const Vector& value, T* to) {
  std::memcpy(to, &value, sizeof value);
}

// ---- few columns: C(i, j) is the sum over l of A(i, l) B(j, l) -------------------------------------------

constexpr std::size_t lanes = 8;

template <class T>
using Lanes = typename VectorOf<T, lanes>::Type;

// The last elements of a row, the `counted` ones before them in the same vector replaced by zeros.
template <class T>
Lanes<T> load_rest(const T* last_lanes, std::size_t counted) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  using Mask = typename VectorOf<Bits, lanes>::Type;
  constexpr Bits all = ~Bits{0};
  static constexpr Bits masks[] = {0, 0, 0, 0, 0, 0, 0, 0, all, all, all, all, all, all, all, all};
  const Mask kept = load<Mask>(last_lanes) & load<Mask>(masks + lanes - counted);
  return __builtin_bit_cast(Lanes<T>, kept);
}

// Lane i is the sum of the lanes of x[i].
template <class T>
Lanes<T> add_lanes(const Lanes<T> (&x)[lanes]) {
  Lanes<T> half[4], quarter[2];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i)
    half[i] = __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 8, 9, 10, 11) +
              __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i)
    quarter[i] = __builtin_shufflevector(half[i], half[i + 2], 0, 1, 8, 9, 4, 5, 12, 13) +
                 __builtin_shufflevector(half[i], half[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  return __builtin_shufflevector(quarter[0], quarter[1], 0, 8, 2, 10, 4, 12, 6, 14) +
         __builtin_shufflevector(quarter[0], quarter[1], 1, 9, 3, 11, 5, 13, 7, 15);
}

// The sums of `Rows` rows of A, from `a` on, with the `Columns` rows of B: that of row r and column j is lane
// r * Columns + j.
template <std::size_t Rows, std::size_t Columns, class T>
Lanes<T> sums_along_rows(const Block<T>& block, const T* a) {
  Lanes<double> sums = {};
  for (std::size_t begin = 0; begin < block.k; begin += terms_per_sum) {
    const std::size_t end = smaller(begin + terms_per_sum, block.k);
    Lanes<T> part[lanes] = {};
    const auto add_products = [&](auto load_lanes) {
#pragma GCC unroll 8
      for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (std::size_t j = 0; j < Columns; ++j)
          part[r * Columns + j] += load_lanes(a + r * block.lda) * load_lanes(block.b + j * block.ldb);
    };
    std::size_t l = begin;
    for (; l + lanes <= end; l += lanes)
      add_products([l](const T* row) -> Lanes<T> { return load<Lanes<T>>(row + l); });
    if (l < end) add_products([&](const T* row) { return load_rest(row + end - lanes, l + lanes - end); });
    sums += __builtin_convertvector(add_lanes<T>(part), Lanes<double>);
  }
  return __builtin_convertvector(sums, Lanes<T>);
}

// C := `sums` + beta C for `Rows` rows. C is not read if beta is 0.
template <std::size_t Rows, std::size_t Columns, class T>
void write_sums(const Lanes<T>& sums, const Block<T>& block, T* c) {
  if (Rows * Columns == lanes && block.ldc == Columns) {
    store(block.beta == 0 ? sums : sums + block.beta * load<Lanes<T>>(c), c);
    return;
  }
  for (std::size_t r = 0; r < Rows; ++r)
    for (std::size_t j = 0; j < Columns; ++j) {
      T& to = c[r * block.ldc + j];
      to = block.beta == 0 ? sums[r * Columns + j] : sums[r * Columns + j] + block.beta * to;
    }
}

template <std::size_t Columns, class T>
void multiply_few_columns(const Block<T>& block) {
  constexpr std::size_t together = lanes / Columns;
  std::size_t i = 0;
  for (; i + together <= block.m; i += together)
    write_sums<together, Columns>(sums_along_rows<together, Columns>(block, block.a + i * block.lda), block,
                                  block.c + i * block.ldc);
  for (; i < block.m; ++i)
    write_sums<1, Columns>(sums_along_rows<1, Columns>(block, block.a + i * block.lda), block,
                           block.c + i * block.ldc);
}

// ---- small: tiles of C in registers -----------------------------------------------------------------------

template <class T>
constexpr std::size_t in_register = register_bytes / sizeof(T);

// A strip of the columns of B, and of C. A(i, l) is a[i * a_row + l * a_step].
template <class T>
struct Strip {
  const T* a;
  std::size_t a_row, a_step;
  const T* b;
  std::size_t ldb;
  T* c;
  std::size_t ldc;
  std::size_t m, k;
};

// `Rows` rows of a strip of `Registers` registers, from row i on.
template <std::size_t Rows, std::size_t Registers, class T>
void multiply_tile(const Strip<T>& strip, std::size_t i) {
  using Vector = typename VectorOf<T, in_register<T>>::Type;
  for (std::size_t begin = 0; begin < strip.k; begin += terms_per_sum) {
    Vector sum[Rows][Registers] = {};
    for (std::size_t l = begin; l < smaller(begin + terms_per_sum, strip.k); ++l)
#pragma GCC unroll 8
      for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Registers; ++v)
          sum[r][v] += strip.a[(i + r) * strip.a_row + l * strip.a_step] *
                       load<Vector>(strip.b + l * strip.ldb + v * in_register<T>);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Registers; ++v) {
        T* const c = strip.c + (i + r) * strip.ldc + v * in_register<T>;
        store(begin == 0 ? sum[r][v] : load<Vector>(c) + sum[r][v], c);
      }
  }
}

// The rows from i on, `Rows` at a time, and the last ones fewer at a time.
template <std::size_t Rows, std::size_t Registers, class T>
void multiply_strip(const Strip<T>& strip, std::size_t i = 0) {
  for (; i + Rows <= strip.m; i += Rows) multiply_tile<Rows, Registers>(strip, i);
  if constexpr (Rows > 1) multiply_strip<Rows / 2, Registers>(strip, i);
}

// A last strip that is too narrow begins earlier: some elements are computed twice, with the same bits.
template <class T>
void multiply_in_tiles(const Block<T>& block) {
  const auto strip_at = [&](std::size_t column) {
    const std::size_t a_row = block.transpose_a ? 1 : block.lda, a_step = block.transpose_a ? block.lda : 1;
    return Strip<T>{block.a,          a_row,     a_step,  block.b + column, block.ldb,
                    block.c + column, block.ldc, block.m, block.k};
  };
  constexpr std::size_t one = in_register<T>, two = 2 * one, wide = registers_per_row * one;
  std::size_t j = 0;
  for (; j + wide <= block.n; j += wide) multiply_strip<4, registers_per_row>(strip_at(j));
  if (block.n >= two)
    for (; j + one < block.n; j += two) multiply_strip<8, 2>(strip_at(smaller(j, block.n - two)));
  for (; j < block.n; j += one) multiply_strip<8, 1>(strip_at(smaller(j, block.n - one)));
}

}  // namespace

template <class T>
bool multiply_small(const Block<T>& block) {
  if (block.transpose_b) {
    if (block.transpose_a || block.n > most_columns || block.k < lanes) return false;
    if (block.n == 1) multiply_few_columns<1>(block);
    if (block.n == 2) multiply_few_columns<2>(block);
    if (block.n == 3) multiply_few_columns<3>(block);
    if (block.n == 4) multiply_few_columns<4>(block);
    return true;
  }
  if (block.beta != 0 || block.n < in_register<T>) return false;
  if (block.transpose_a && block.k > most_terms_of_columns) return false;
  if (block.m * block.n * block.k > most_multiplications) return false;
  multiply_in_tiles(block);
  return true;
}

template bool multiply_small(const Block<float>&);
template bool multiply_small(const Block<double>&);

}  // namespace TENBIN_LEVEL

#ifdef TENBIN_CHOOSES

#ifdef TENBIN_WITH_LEVELS
namespace v3 {
template <class T>
bool multiply_small(const Block<T>& block);
}
namespace v4 {
template <class T>
bool multiply_small(const Block<T>& block);
}
#endif

template <class T>
bool multiply_small(const Block<T>& block) {
#ifdef TENBIN_WITH_LEVELS
  if (level() == Level::v4) return v4::multiply_small(block);
  if (level() == Level::v3) return v3::multiply_small(block);
#endif
  return compiled::multiply_small(block);
}

template bool multiply_small(const Block<float>&);
template bool multiply_small(const Block<double>&);

#endif

}  // namespace tenbin::cpu
