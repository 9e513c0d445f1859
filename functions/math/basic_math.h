// Arithmetic: + - * / and powers, with scalars and NumPy broadcasting.
#pragma once

#include <cmath>
#include <type_traits>

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/math/power.h"
#include "tenbin/functions/math/square.h"

namespace tenbin {

// Formulas of two arrays.

struct AddFormula {
  static constexpr const char* name = "add";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T a, T b) const {
    return a + b;
  }
};

struct SubFormula {
  static constexpr const char* name = "sub";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T a, T b) const {
    return a - b;
  }
  template <class T>
  constexpr T gb(T gy) const {
    return -gy;
  }
};

struct MulFormula {
  static constexpr const char* name = "mul";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T a, T b) const {
    return a * b;
  }
  template <class T>
  constexpr T ga(T, T b, T gy) const {
    return gy * b;
  }
  template <class T>
  constexpr T gb(T a, T, T gy) const {
    return gy * a;
  }
};

struct DivFormula {
  static constexpr const char* name = "div";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T a, T b) const {
    return a / b;
  }
  template <class T>
  constexpr T ga(T, T b, T gy) const {
    return gy / b;
  }
  template <class T>
  constexpr T gb(T a, T b, T gy) const {
    return -(gy / b) * (a / b);  // divided twice: b * b could underflow
  }
};

struct PowFormula {
  static constexpr const char* name = "pow";
  static constexpr Retains retains() { return Retains::inputs_and_output; }
  template <class T>
  constexpr T y(T a, T b) const {
    return std::pow(a, b);
  }
  template <class T>
  constexpr T ga(T a, T b, T, T gy) const {
    return gy * detail::power_by_base(a, b);
  }
  template <class T>
  constexpr T gb(T a, T b, T y, T gy) const {
    return gy * detail::power_by_exponent(a, b, y);
  }
};

// Formulas of an array and a scalar c.

struct AddScalarFormula {
  double c;

  static constexpr const char* name = "add";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return x + static_cast<T>(c);
  }
};

struct SubScalarFormula {
  double c;

  static constexpr const char* name = "sub";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return x - static_cast<T>(c);
  }
};

struct SubFromScalarFormula {
  double c;

  static constexpr const char* name = "sub";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return static_cast<T>(c) - x;
  }
  template <class T>
  constexpr T gx(T gy) const {
    return -gy;
  }
};

struct MulScalarFormula {
  double c;

  static constexpr const char* name = "mul";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return x * static_cast<T>(c);
  }
  template <class T>
  constexpr T gx(T gy) const {
    return gy * static_cast<T>(c);
  }
};

struct DivByScalarFormula {
  double c;

  static constexpr const char* name = "div";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return x / static_cast<T>(c);
  }
  template <class T>
  constexpr T gx(T gy) const {
    return gy / static_cast<T>(c);
  }
};

struct DivScalarFormula {
  double c;

  static constexpr const char* name = "div";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return static_cast<T>(c) / x;
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * (-(static_cast<T>(c) / x) / x);
  }
};

struct PowScalarFormula {
  double c;

  static constexpr const char* name = "pow";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::pow(x, static_cast<T>(c));
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * detail::power_by_base(x, static_cast<T>(c));
  }
};

struct ScalarPowFormula {
  double c;

  static constexpr const char* name = "pow";
  static constexpr Retains retains() { return Retains::inputs_and_output; }
  template <class T>
  constexpr T y(T x) const {
    return std::pow(static_cast<T>(c), x);
  }
  template <class T>
  constexpr T gx(T x, T y, T gy) const {
    return gy * detail::power_by_exponent(static_cast<T>(c), x, y);
  }
};

// Formulas of an array.

/// x to the power 2.
struct PowTwoFormula : SquareFormula {
  static constexpr const char* name = "pow";
};

struct NegFormula {
  static constexpr const char* name = "neg";
  static constexpr Retains retains() { return Retains::nothing; }
  template <class T>
  constexpr T y(T x) const {
    return -x;
  }
  template <class T>
  constexpr T gx(T gy) const {
    return -gy;
  }
};

struct AbsoluteFormula {
  static constexpr const char* name = "absolute";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::abs(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return x > 0 ? gy : x < 0 ? -gy : T{0};
  }
};

/// A number of any C++ type as an operand: it is converted to the dtype of the other one.
struct Scalar {
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Scalar(T number) : value(static_cast<double>(number)) {}  // NOLINT(google-explicit-constructor)

  double value;
};

/// a + b, a - b, a * b and a / b, element by element, with NumPy broadcasting; division follows IEEE 754.
///
/// a, b: float32 or float64, the same dtype, shapes that broadcast. Errors: dtypes that differ, as in
/// Chainer; shapes that do not broadcast.
///
///     Variable y = (x - mean) / std;       // add, sub, mul, div also as operators
///     Variable z = 2 * x * x + 1;          // and with scalars on either side
inline Variable add(const Variable& a, const Variable& b) {
  return apply<ElementwiseBinary<AddFormula>>({a, b});
}
inline Variable sub(const Variable& a, const Variable& b) {
  return apply<ElementwiseBinary<SubFormula>>({a, b});
}
inline Variable mul(const Variable& a, const Variable& b) {
  return apply<ElementwiseBinary<MulFormula>>({a, b});
}
inline Variable div(const Variable& a, const Variable& b) {
  return apply<ElementwiseBinary<DivFormula>>({a, b});
}

inline Variable add(const Variable& x, Scalar c) {
  return apply<Elementwise<AddScalarFormula>>({x}, AddScalarFormula{c.value});
}
inline Variable add(Scalar c, const Variable& x) { return add(x, c); }
inline Variable sub(const Variable& x, Scalar c) {
  return apply<Elementwise<SubScalarFormula>>({x}, SubScalarFormula{c.value});
}
inline Variable sub(Scalar c, const Variable& x) {
  return apply<Elementwise<SubFromScalarFormula>>({x}, SubFromScalarFormula{c.value});
}
inline Variable mul(const Variable& x, Scalar c) {
  return apply<Elementwise<MulScalarFormula>>({x}, MulScalarFormula{c.value});
}
inline Variable mul(Scalar c, const Variable& x) { return mul(x, c); }
inline Variable div(const Variable& x, Scalar c) {
  return apply<Elementwise<DivByScalarFormula>>({x}, DivByScalarFormula{c.value});
}
inline Variable div(Scalar c, const Variable& x) {
  return apply<Elementwise<DivScalarFormula>>({x}, DivScalarFormula{c.value});
}

/// x to the power y, element by element, with NumPy broadcasting; either may be a scalar.
///
/// dx = y x^(y-1), dy = x^y log x. Where the power does not depend on an operand its derivative is 0, not the
/// NaN of the formula: dx at y = 0, dy at x = 0 with y >= 0. A negative x has no dy: NaN.
///
///     Variable cubes = pow(x, 3);
///     Variable powers_of_two = pow(2, x);
inline Variable pow(const Variable& x, const Variable& y) {
  return apply<ElementwiseBinary<PowFormula>>({x, y});
}
inline Variable pow(const Variable& x, Scalar y) {
  if (y.value == 2) return apply<Elementwise<PowTwoFormula>>({x});
  return apply<Elementwise<PowScalarFormula>>({x}, PowScalarFormula{y.value});
}
inline Variable pow(Scalar x, const Variable& y) {
  return apply<Elementwise<ScalarPowFormula>>({y}, ScalarPowFormula{x.value});
}

/// -x.
inline Variable neg(const Variable& x) { return apply<Elementwise<NegFormula>>({x}); }

/// The absolute value; its derivative at 0 is 0. Chainer's name is `absolute`.
inline Variable absolute(const Variable& x) { return apply<Elementwise<AbsoluteFormula>>({x}); }
inline Variable abs(const Variable& x) { return absolute(x); }

inline Variable operator+(const Variable& a, const Variable& b) { return add(a, b); }
inline Variable operator+(const Variable& a, Scalar b) { return add(a, b); }
inline Variable operator+(Scalar a, const Variable& b) { return add(a, b); }
inline Variable operator-(const Variable& a, const Variable& b) { return sub(a, b); }
inline Variable operator-(const Variable& a, Scalar b) { return sub(a, b); }
inline Variable operator-(Scalar a, const Variable& b) { return sub(a, b); }
inline Variable operator*(const Variable& a, const Variable& b) { return mul(a, b); }
inline Variable operator*(const Variable& a, Scalar b) { return mul(a, b); }
inline Variable operator*(Scalar a, const Variable& b) { return mul(a, b); }
inline Variable operator/(const Variable& a, const Variable& b) { return div(a, b); }
inline Variable operator/(const Variable& a, Scalar b) { return div(a, b); }
inline Variable operator/(Scalar a, const Variable& b) { return div(a, b); }
inline Variable operator-(const Variable& x) { return neg(x); }

/// `a += b` is `a = a + b`, as in Chainer: the handle a then refers to the result, and its former array is
/// unchanged. It does not compile for a Parameter, which would no longer be the link's: an optimizer or
/// `set_data` changes parameters.
///
///     Variable loss = softmax_cross_entropy(y, t);
///     loss += 1e-4 * sum(w * w);
template <class V, class Operand>
std::enable_if_t<std::is_same_v<V, Variable>, Variable&> operator+=(V& a, const Operand& b) {
  return a = a + b;
}
template <class V, class Operand>
std::enable_if_t<std::is_same_v<V, Variable>, Variable&> operator-=(V& a, const Operand& b) {
  return a = a - b;
}
template <class V, class Operand>
std::enable_if_t<std::is_same_v<V, Variable>, Variable&> operator*=(V& a, const Operand& b) {
  return a = a * b;
}
template <class V, class Operand>
std::enable_if_t<std::is_same_v<V, Variable>, Variable&> operator/=(V& a, const Operand& b) {
  return a = a / b;
}

}  // namespace tenbin
