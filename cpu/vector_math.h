// exp, log, tanh and erfc without branches, so that the loops that call them are vectorised.
//
// The C library's functions are called for one element at a time. These are a dozen arithmetic operations
// without a table, which the compiler vectorises for any machine: with AVX2 they are four to eight times
// faster. Their error is about one unit in the last place (tests/cpu/vector_math_test.cpp).
#pragma once

#include <cmath>
#include <cstdint>
#include <iterator>

#include "tenbin/core/log_sum.h"

// A loop with a function call is not vectorised.
#define TENBIN_INLINE [[gnu::always_inline]] inline

namespace tenbin::vector_math {

namespace detail {

// The binary format of T, and constants of range reduction. `rounder` is 1.5 times the T whose last digit is
// one: adding it rounds to an integer, which is then in the low bits.
template <class T>
struct Format;

template <>
struct Format<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Bits bias = 127;
  static constexpr float rounder = 0x1.8p23f;
  static constexpr float ln2_high = 0x1.62e4p-1f;  // few digits, so that products with exponents are exact
  static constexpr float ln2_low = 0x1.7f7d1cp-20f;
  static constexpr float least = -104;  // exp of this is 0, of `most` infinite
  static constexpr float most = 89;
  static constexpr float least_normal = -0x1.5d589ep6f;  // exp of this is normal, of anything below is not
  static constexpr int exp_terms = 7;
  static constexpr int log_terms = 4;
};

template <>
struct Format<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Bits bias = 1023;
  static constexpr double rounder = 0x1.8p52;
  static constexpr double ln2_high = 0x1.62e42feep-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double least = -746;
  static constexpr double most = 710;
  static constexpr double least_normal = -0x1.6232bdd7abcd2p9;
  static constexpr int exp_terms = 13;
  static constexpr int log_terms = 10;
};

template <class T>
TENBIN_INLINE T round(T x) {
  return (x + Format<T>::rounder) - Format<T>::rounder;
}

// 2^n from n + rounder, for an integer n whose power is a normal number.
template <class T>
TENBIN_INLINE T power_of_two_from(T shifted) {
  using Bits = typename Format<T>::Bits;
  const Bits exponent = __builtin_bit_cast(Bits, shifted) + Format<T>::bias;
  return __builtin_bit_cast(T, static_cast<Bits>(exponent << Format<T>::mantissa_bits));
}

template <class T>
TENBIN_INLINE T power_of_two(T n) {
  return power_of_two_from(n + Format<T>::rounder);
}

template <class T>
constexpr T log2_e = static_cast<T>(1.44269504088896340736L);

// exp(x) = 2^n exp(rest) with |rest| <= log(2) / 2.
template <class T>
struct Reduced {
  T n;
  T rest;
};

template <class T>
TENBIN_INLINE Reduced<T> reduce(T x) {
  // Comparisons with NaN are false, so NaN stays NaN.
  const T above = x < Format<T>::least ? Format<T>::least : x;
  const T bounded = above > Format<T>::most ? Format<T>::most : above;
  const T n = round(bounded * log2_e<T>);
  return {n, (bounded - n * Format<T>::ln2_high) - n * Format<T>::ln2_low};
}

// (exp(r) - 1 - r) / r^2 by Taylor's series: 1/2! + r/3! + r^2/4! + ... The even and the odd powers are two
// sums, which do not wait for each other.
template <class T>
TENBIN_INLINE T exp_tail(T r) {
  constexpr double inverse_factorial[] = {
      1.,        1.,         1. / 2,      1. / 6,       1. / 24,       1. / 120,       1. / 720,
      1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};
  T sum = 0;
#pragma GCC unroll 16
  for (int i = Format<T>::exp_terms; i >= 2; --i) sum = sum * r + static_cast<T>(inverse_factorial[i]);
  return sum;
}

// (1 + 2a) exp(a^2) erfc(a) for a >= 0 as a polynomial in (a - 3) / (a + 3), from the constant term on:
// interpolated at Chebyshev nodes, to 7e-9 (float, whose last term makes erfc(0) 1) and 1e-16 (double).
template <class T>
constexpr T erfc_terms[] = {T{0}};
template <>
inline constexpr float erfc_terms<float>[] = {
    1.253008056f,   -0.1356211001f,  -0.04756215615f, 0.1296447209f,     -0.1192752814f,   0.06831319672f,
    -0.0237635597f, 0.002506778672f, 0.001875060246f, -0.0007340820504f, -9.253769126e-5f, 8.003e-5f};
template <>
inline constexpr double erfc_terms<double>[] = {
    1.25300805826972954,    -0.135621106124581193,     -0.0475622943534189722,   0.129645158702762625,
    -0.119273663416815948,  0.0683080273439214412,     -0.0237705148906622709,   0.00252939181679966302,
    0.00188869009083329066, -0.00077983227727425463,   -0.000105158280854672943, 0.000125099374359157801,
    4.94403121488425751e-6, -0.0000201006276644047505, -7.18614939633138533e-7,  3.47252028006268803e-6,
    3.3649033965668119e-7,  -6.16770949351325247e-7,   -1.20387139239206343e-7,  1.01957173754808271e-7,
    2.77790616011137715e-8, -1.33619533029713512e-8,   -3.16959203983242663e-9,  9.94882094469350844e-10};

}  // namespace detail

/// exp(x), also where it is rounded to 0, to a denormal number or to infinity; NaN for NaN.
template <class T>
TENBIN_INLINE T exp(T x) {
  const auto [n, r] = detail::reduce(x);
  const T mantissa = r * r * detail::exp_tail(r) + r + 1;
  // In two steps: 2^n itself may not be a normal number.
  const T half = detail::round(n / 2);
  return mantissa * detail::power_of_two(half) * detail::power_of_two(n - half);
}

/// exp(x) for x <= 0 in half the time, for softmax; 0 where the result would be denormal.
template <class T>
TENBIN_INLINE T exp_nonpositive(T x) {
  using Format = detail::Format<T>;
  const T shifted = x * detail::log2_e<T> + Format::rounder;
  const T n = shifted - Format::rounder;
  const T r = (x - n * Format::ln2_high) - n * Format::ln2_low;
  const T value = (r * r * detail::exp_tail(r) + r + 1) * detail::power_of_two_from(shifted);
  return x < Format::least_normal ? T{0} : value;  // there, `value` is wrong
}

/// exp(x) - 1, accurate near 0, too.
template <class T>
TENBIN_INLINE T expm1(T x) {
  const auto [n, r] = detail::reduce(x);
  const T mantissa = r * r * detail::exp_tail(r) + r;
  const T half = detail::round(n / 2);
  const T scale = detail::power_of_two(half), rest = detail::power_of_two(n - half);
  return mantissa * scale * rest + (scale * rest - 1);
}

/// tanh(x), accurate near 0 and near 1, too: 1 - tanh(x)^2, its derivative, has few digits less than tanh.
template <class T>
TENBIN_INLINE T tanh(T x) {
  // With t = exp(-2 |x|) and e = t - 1: -e / (1 + t), or 1 - 2t / (1 + t), whichever is rounded less.
  const auto [n, r] = detail::reduce(-2 * (x < 0 ? -x : x));
  const T mantissa = r * r * detail::exp_tail(r) + r;
  const T half = detail::round(n / 2);
  const T scale = detail::power_of_two(half) * detail::power_of_two(n - half);
  const T t = mantissa * scale + scale, e = mantissa * scale + (scale - 1);
  const bool is_small = t > T{0.25};
  const T quotient = (is_small ? -e : 2 * t) / (1 + t);
  return std::copysign(is_small ? quotient : 1 - quotient, x);
}

/// 1 / (1 + exp(-x)), accurate near 0, too; 0 where the result would be denormal.
template <class T>
TENBIN_INLINE T sigmoid(T x) {
  const T small = exp_nonpositive(x < 0 ? x : -x);  // at most 1: nothing overflows
  return (x < 0 ? small : 1) / (1 + small);
}

/// The complementary error function, erfc(x) = 1 - erf(x), with its digits where it is small: to 6 units in
/// the last place for x < 1, to x^2 of them beyond, as x^2 is rounded.
template <class T>
TENBIN_INLINE T erfc(T x) {
  const T size = x < 0 ? -x : x;
  const T a = size > 28 ? T{28} : size;  // there, the tail is 0
  const T t = (a - 3) / (a + 3);
  T sum = 0;
#pragma GCC unroll 24
  for (int i = static_cast<int>(std::size(detail::erfc_terms<T>)) - 1; i >= 0; --i)
    sum = sum * t + detail::erfc_terms<T>[i];
  const T tail = exp(-a * a) * sum / (1 + 2 * a);
  return x < 0 ? 2 - tail : tail;
}

namespace detail {

// x = 2^n (1 + f), for normal x >= 1/2, with 1 + f between the square roots of 1/2 and 2.
template <class T>
struct Factored {
  T n;
  T f;
};

template <class T>
TENBIN_INLINE Factored<T> factored(T x) {
  using Bits = typename Format<T>::Bits;
  constexpr Bits one = Bits{1} << Format<T>::mantissa_bits;  // of the exponent
  constexpr auto sqrt_half = static_cast<T>(0.70710678118654752440L);
  const Bits lowest = __builtin_bit_cast(Bits, sqrt_half) - one;
  const Bits above = __builtin_bit_cast(Bits, x) - lowest;
  const T m = __builtin_bit_cast(T, static_cast<Bits>((above & (one - 1)) + lowest + one));
  const Bits next = (above >> Format<T>::mantissa_bits) + __builtin_bit_cast(Bits, Format<T>::rounder);
  const T n = __builtin_bit_cast(T, next) - Format<T>::rounder - 1;  // may be -1; n + 1 is a bit pattern
  return {n, m - 1};
}

// n log(2) + log(1 + f), with log(1 + f) = f - f^2/2 + s (f^2/2 + 2 s^2 (1/3 + s^2/5 + s^4/7 + ...)) and
// s = f / (2 + f).
template <class T>
TENBIN_INLINE T log(Factored<T> x) {
  const T f = x.f;
  const T s = f / (2 + f);
  const T square = s * s;
  T sum = 0;
#pragma GCC unroll 16
  for (int i = Format<T>::log_terms; i >= 1; --i) sum = (sum + 2 / static_cast<T>(2 * i + 1)) * square;
  const T half = f * f / 2;
  return x.n * Format<T>::ln2_high + (f - (half - (s * (half + sum) + x.n * Format<T>::ln2_low)));
}

}  // namespace detail

/// log(x) for normal x >= 1/2, such as the sum of a softmax; NaN for NaN and infinity.
template <class T>
TENBIN_INLINE T log(T x) {
  return detail::log(detail::factored(x)) + (x - x);
}

/// `detail::log_of_sum` (core/log_sum.h), if at least one term is 1; NaN for a sum that is NaN or infinite.
template <class T>
TENBIN_INLINE T log_of_sum(T sum, T rest) {
  const auto [n, f] = detail::factored(sum);
  const bool little = sum < tenbin::detail::little_more_than_one<T>;  // then n is 0, and f is rest, rounded
  return detail::log(detail::Factored<T>{n, little ? rest : f}) + (sum - sum);
}

/// log(1 + x) for 0 <= x <= 1, accurate near 0, too; NaN for NaN.
template <class T>
TENBIN_INLINE T log1p(T x) {
  const T whole = 1 + x;
  return log(whole) + (x - (whole - 1)) / whole;  // corrects the rounding of 1 + x
}

/// log(1 + exp(-|z|)), as `detail::softplus_tail` (core/logistic.h).
template <class T>
TENBIN_INLINE T softplus_tail(T z) {
  return log1p(exp(z < 0 ? z : -z));
}

}  // namespace tenbin::vector_math

#undef TENBIN_INLINE
