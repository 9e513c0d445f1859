// Element types: the runtime enumeration, its C++ counterparts and the way from one to the other.
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
struct DtypeOf;
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

/// The same for int32, int64 and uint8 only, the types of labels and indices. Errors: any other dtype.
template <class F>
decltype(auto) visit_integer(Dtype dtype, F&& f) {
  if (dtype == Dtype::int32) return f(std::int32_t{});
  if (dtype == Dtype::int64) return f(std::int64_t{});
  if (dtype == Dtype::uint8) return f(std::uint8_t{});
  throw Error("expected int32, int64 or uint8, got ", dtype);
}

}  // namespace tenbin
