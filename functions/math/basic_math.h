// Arithmetic: + - * / and powers, with scalars and NumPy broadcasting.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// Arithmetic of two arrays.
class BinaryOperation : public Function {
 public:
  enum class Kind { add, sub, mul, div, pow };

  explicit BinaryOperation(Kind kind) : kind_(kind) {}
  std::string name() const override;
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // What forward does on either device first: the shape of the result.
  Shape prepare(const Arrays& xs);

  Kind kind_;
  Shape a_shape_;
  Shape b_shape_;
};

/// Arithmetic of an array and a scalar; `rsub`, `rdiv` and `rpow` have the scalar on the left.
class ScalarOperation : public Function {
 public:
  enum class Kind { add, sub, rsub, mul, div, rdiv, pow, rpow };

  ScalarOperation(Kind kind, double scalar) : kind_(kind), scalar_(scalar) {}
  std::string name() const override;
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // What backward reads; the same on either device.
  void retain_operands();

  Kind kind_;
  double scalar_;
};

class Neg : public Function {
 public:
  std::string name() const override { return "neg"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

class Absolute : public Function {
 public:
  std::string name() const override { return "absolute"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// A number of any C++ type as an operand: it takes the dtype of the array that it meets.
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
///     Variable y = (x - mean) / std;       // add, sub, mul, div are also spelt as operators
///     Variable z = 2 * x * x + 1;          // and take scalars on either side
inline Variable add(const Variable& a, const Variable& b) {
  return apply<BinaryOperation>({a, b}, BinaryOperation::Kind::add);
}
inline Variable sub(const Variable& a, const Variable& b) {
  return apply<BinaryOperation>({a, b}, BinaryOperation::Kind::sub);
}
inline Variable mul(const Variable& a, const Variable& b) {
  return apply<BinaryOperation>({a, b}, BinaryOperation::Kind::mul);
}
inline Variable div(const Variable& a, const Variable& b) {
  return apply<BinaryOperation>({a, b}, BinaryOperation::Kind::div);
}

inline Variable add(const Variable& x, Scalar c) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::add, c.value);
}
inline Variable add(Scalar c, const Variable& x) { return add(x, c); }
inline Variable sub(const Variable& x, Scalar c) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::sub, c.value);
}
inline Variable sub(Scalar c, const Variable& x) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::rsub, c.value);
}
inline Variable mul(const Variable& x, Scalar c) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::mul, c.value);
}
inline Variable mul(Scalar c, const Variable& x) { return mul(x, c); }
inline Variable div(const Variable& x, Scalar c) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::div, c.value);
}
inline Variable div(Scalar c, const Variable& x) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::rdiv, c.value);
}

/// x to the power y, element by element, with NumPy broadcasting; either may be a scalar.
///
/// dx = y x^(y-1), dy = x^y log x. Where the power does not depend on an operand its derivative is 0, not the
/// NaN of the formula: dx at y = 0, dy at x = 0 with y >= 0. A negative x has no dy: NaN.
///
///     Variable cubes = pow(x, 3);
///     Variable powers_of_two = pow(2, x);
inline Variable pow(const Variable& x, const Variable& y) {
  return apply<BinaryOperation>({x, y}, BinaryOperation::Kind::pow);
}
inline Variable pow(const Variable& x, Scalar y) {
  return apply<ScalarOperation>({x}, ScalarOperation::Kind::pow, y.value);
}
inline Variable pow(Scalar x, const Variable& y) {
  return apply<ScalarOperation>({y}, ScalarOperation::Kind::rpow, x.value);
}

/// -x.
inline Variable neg(const Variable& x) { return apply<Neg>({x}); }

/// The absolute value; its derivative at 0 is 0. Chainer's name is `absolute`.
inline Variable absolute(const Variable& x) { return apply<Absolute>({x}); }
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

/// `a += b` is `a = a + b`, as in Chainer: the handle a goes on to the result, and the array that it had
/// stays as it is. It does not compile for a Parameter, which would be the link's no more: an optimizer or
/// `set_data` changes those.
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
