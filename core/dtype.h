// Dtype, the element type of an Array, and its conversion from and to C++ types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <type_traits>

#include "tenbin/core/error.h"

namespace tenbin {

enum class Dtype : unsigned char { float32, float64, int32, int64, uint8 };

namespace detail {
template <class T>
struct DtypeOf : std::integral_constant<Dtype, Dtype::float32> {
  static_assert(sizeof(T) == 0, "an Array holds float, double, std::int32_t, std::int64_t or std::uint8_t");
};
template <>
struct DtypeOf<float> : std::integral_constant<Dtype, Dtype::float32> {};
template <>
struct DtypeOf<double> : std::integral_constant<Dtype, Dtype::float64> {};
template <>
struct DtypeOf<std::int32_t> : std::integral_constant<Dtype, Dtype::int32> {};
template <>
struct DtypeOf<std::int64_t> : std::integral_constant<Dtype, Dtype::int64> {};
template <>
struct DtypeOf<std::uint8_t> : std::integral_constant<Dtype, Dtype::uint8> {};
}  // namespace detail

/// The Dtype of a C++ type: `dtype_of<float>` is `Dtype::float32`.
template <class T>
inline constexpr Dtype dtype_of = detail::DtypeOf<std::remove_cv_t<T>>::value;

namespace detail {

template <class T, class... Types>
inline constexpr bool is_any_of = (std::is_same_v<T, Types> || ...);

template <class T>
constexpr auto stored_zero() {
  if constexpr (is_any_of<T, float, double, std::int32_t, std::int64_t, std::uint8_t>) {
    return T{};
  } else if constexpr (std::is_same_v<T, bool>) {
    return std::uint8_t{};
  } else if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    return std::int32_t{};
  } else if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
    return std::int64_t{};
  } else {
    static_assert(sizeof(T) == 0, "the elements of an Array must be bool, integers, float or double");
    return float{};
  }
}

// The type in which an array stores elements of type T: T itself if it has a Dtype; uint8 for bool; int32 for
// other integers of 8 and 16 bits; int64 for the rest, whose values above 2^63 - 1 do not fit.
template <class T>
using Stored = decltype(stored_zero<std::remove_cv_t<T>>());

}  // namespace detail

constexpr bool is_floating(Dtype dtype) { return dtype == Dtype::float32 || dtype == Dtype::float64; }
constexpr bool is_integer(Dtype dtype) { return !is_floating(dtype); }

/// Bytes per element.
constexpr std::size_t item_size(Dtype dtype) {
  switch (dtype) {
    case Dtype::float64:
    case Dtype::int64:
      return 8;
    case Dtype::float32:
    case Dtype::int32:
      return 4;
    case Dtype::uint8:
      return 1;
  }
  return 0;
}

/// NumPy's name: `float32`.
constexpr const char* to_string(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32:
      return "float32";
    case Dtype::float64:
      return "float64";
    case Dtype::int32:
      return "int32";
    case Dtype::int64:
      return "int64";
    case Dtype::uint8:
      return "uint8";
  }
  return "unknown";
}

inline std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << to_string(dtype); }

/// Calls `f` with a zero of the C++ type of `dtype` and returns what `f` returns.
///
///     visit(x.dtype(), [&](auto zero) { using T = decltype(zero); ... });
template <class F>
decltype(auto) visit(Dtype dtype, F&& f) {
  switch (dtype) {
    case Dtype::float32:
      return f(float{});
    case Dtype::float64:
      return f(double{});
    case Dtype::int32:
      return f(std::int32_t{});
    case Dtype::int64:
      return f(std::int64_t{});
    case Dtype::uint8:
      return f(std::uint8_t{});
  }
  throw Error("visit: unknown dtype ", static_cast<int>(dtype));
}

/// The same for float32 and float64 only. Errors: any other dtype.
template <class F>
decltype(auto) visit_floating(Dtype dtype, F&& f) {
  if (dtype == Dtype::float32) return f(float{});
  if (dtype == Dtype::float64) return f(double{});
  throw Error("expected float32 or float64, got ", dtype);
}

/// The same for int32, int64 and uint8 only, the types of labels. Errors: any other dtype.
template <class F>
decltype(auto) visit_integer(Dtype dtype, F&& f) {
  if (dtype == Dtype::int32) return f(std::int32_t{});
  if (dtype == Dtype::int64) return f(std::int64_t{});
  if (dtype == Dtype::uint8) return f(std::uint8_t{});
  throw Error("expected int32, int64 or uint8, got ", dtype);
}

/// The same for int32 and int64 only, the types of indices. Errors: any other dtype.
template <class F>
decltype(auto) visit_index(Dtype dtype, F&& f) {
  if (dtype == Dtype::int32) return f(std::int32_t{});
  if (dtype == Dtype::int64) return f(std::int64_t{});
  throw Error("expected int32 or int64, got ", dtype);
}

}  // namespace tenbin
