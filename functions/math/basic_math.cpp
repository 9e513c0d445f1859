#include "tenbin/functions/math/basic_math.h"

#include <cmath>

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"
#include "tenbin/functions/math/power.h"

namespace tenbin {

using detail::power_by_base;
using detail::power_by_exponent;

std::string BinaryOperation::name() const {
  switch (kind_) {
    case Kind::add:
      return "add";
    case Kind::sub:
      return "sub";
    case Kind::mul:
      return "mul";
    case Kind::div:
      return "div";
    case Kind::pow:
      break;
  }
  return "pow";
}

void BinaryOperation::check(const Arrays& xs) const {
  require_floating(*this, "a", xs[0]);
  require_floating(*this, "b", xs[1]);
  require_same_dtype(*this, "a", xs[0], "b", xs[1]);
  require_broadcast(*this, "a", xs[0], "b", xs[1]);
}

Shape BinaryOperation::prepare(const Arrays& xs) {
  a_shape_ = xs[0].shape();
  b_shape_ = xs[1].shape();
  if (kind_ == Kind::add || kind_ == Kind::sub) retain_inputs({});
  if (kind_ == Kind::pow) retain_outputs({0});
  return require_broadcast(*this, "a", xs[0], "b", xs[1]);
}

Arrays BinaryOperation::forward_cpu(const Arrays& xs) {
  const Shape shape = prepare(xs);
  const Array a = cpu::broadcast_to(xs[0], shape);
  const Array b = cpu::broadcast_to(xs[1], shape);
  switch (kind_) {
    case Kind::add:
      return {cpu::map([](auto x, auto y) { return x + y; }, a, b)};
    case Kind::sub:
      return {cpu::map([](auto x, auto y) { return x - y; }, a, b)};
    case Kind::mul:
      return {cpu::map([](auto x, auto y) { return x * y; }, a, b)};
    case Kind::div:
      return {cpu::map([](auto x, auto y) { return x / y; }, a, b)};
    case Kind::pow:
      break;
  }
  return {cpu::map([](auto x, auto y) { return std::pow(x, y); }, a, b)};
}

Arrays BinaryOperation::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  Array a, b;
  if (xs[0]) a = cpu::broadcast_to(xs[0], gy.shape());
  if (xs[1]) b = cpu::broadcast_to(xs[1], gy.shape());

  const auto by_a = [&]() -> Array {
    switch (kind_) {
      case Kind::add:
      case Kind::sub:
        return gy;
      case Kind::mul:
        return cpu::map([](auto g, auto y) { return g * y; }, gy, b);
      case Kind::div:
        return cpu::map([](auto g, auto y) { return g / y; }, gy, b);
      case Kind::pow:
        break;
    }
    return cpu::map([](auto g, auto x, auto y) { return g * power_by_base(x, y); }, gy, a, b);
  };
  const auto by_b = [&]() -> Array {
    switch (kind_) {
      case Kind::add:
        return gy;
      case Kind::sub:
        return cpu::map([](auto g) { return -g; }, gy);
      case Kind::mul:
        return cpu::map([](auto g, auto x) { return g * x; }, gy, a);
      case Kind::div:  // divided twice: y * y could underflow
        return cpu::map([](auto g, auto x, auto y) { return -(g / y) * (x / y); }, gy, a, b);
      case Kind::pow:
        break;
    }
    return cpu::map([](auto g, auto x, auto y, auto power) { return g * power_by_exponent(x, y, power); }, gy,
                    a, b, retained_output(0));
  };
  return {needs_grad(0) ? cpu::sum_to(by_a(), a_shape_) : Array(),
          needs_grad(1) ? cpu::sum_to(by_b(), b_shape_) : Array()};
}

TENBIN_NO_GPU(BinaryOperation);

std::string ScalarOperation::name() const {
  switch (kind_) {
    case Kind::add:
      return "add";
    case Kind::sub:
    case Kind::rsub:
      return "sub";
    case Kind::mul:
      return "mul";
    case Kind::div:
    case Kind::rdiv:
      return "div";
    case Kind::pow:
    case Kind::rpow:
      break;
  }
  return "pow";
}

void ScalarOperation::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

void ScalarOperation::retain_operands() {
  if (kind_ != Kind::rdiv && kind_ != Kind::pow && kind_ != Kind::rpow) retain_inputs({});
  if (kind_ == Kind::rpow) retain_outputs({0});
}

Arrays ScalarOperation::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  retain_operands();
  const auto map = [&](auto f) {
    const auto with_scalar = [f, c = scalar_](auto v) { return f(v, static_cast<decltype(v)>(c)); };
    return Arrays{cpu::map(with_scalar, x)};
  };
  switch (kind_) {
    case Kind::add:
      return map([](auto v, auto c) { return v + c; });
    case Kind::sub:
      return map([](auto v, auto c) { return v - c; });
    case Kind::rsub:
      return map([](auto v, auto c) { return c - v; });
    case Kind::mul:
      return map([](auto v, auto c) { return v * c; });
    case Kind::div:
      return map([](auto v, auto c) { return v / c; });
    case Kind::rdiv:
      return map([](auto v, auto c) { return c / v; });
    case Kind::pow:
      if (scalar_ == 2) return map([](auto v, auto) { return v * v; });
      return map([](auto v, auto c) { return std::pow(v, c); });
    case Kind::rpow:
      break;
  }
  return map([](auto v, auto c) { return std::pow(c, v); });
}

Arrays ScalarOperation::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const auto map = [&](auto f, const auto&... arrays) {
    const auto with_scalar = [f, c = scalar_](auto g, auto... v) {
      return g * f(static_cast<decltype(g)>(c), v...);
    };
    return Arrays{cpu::map(with_scalar, gy, arrays...)};
  };
  switch (kind_) {
    case Kind::add:
    case Kind::sub:
      return {gy};
    case Kind::rsub:
      return {cpu::map([](auto g) { return -g; }, gy)};
    case Kind::mul:
      return map([](auto c) { return c; });
    case Kind::div:
      return {cpu::map([c = scalar_](auto g) { return g / static_cast<decltype(g)>(c); }, gy)};
    case Kind::rdiv:
      return map([](auto c, auto x) { return -(c / x) / x; }, xs[0]);
    case Kind::pow:
      if (scalar_ == 2) return map([](auto c, auto x) { return c * x; }, xs[0]);
      return map([](auto c, auto x) { return power_by_base(x, c); }, xs[0]);
    case Kind::rpow:
      break;
  }
  return map([](auto c, auto x, auto power) { return power_by_exponent(c, x, power); }, xs[0],
             retained_output(0));
}

TENBIN_NO_GPU(ScalarOperation);

void Neg::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Neg::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  return {cpu::map([](auto x) { return -x; }, xs[0])};
}

Arrays Neg::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::map([](auto gy) { return -gy; }, gys[0])};
}

TENBIN_NO_GPU(Neg);

void Absolute::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Absolute::forward_cpu(const Arrays& xs) {
  return {cpu::map([](auto x) { return std::abs(x); }, xs[0])};
}

Arrays Absolute::backward_cpu(const Arrays& xs, const Arrays& gys) {
  return {
      cpu::map([](auto x, auto gy) { return x > 0   ? gy
                                            : x < 0 ? -gy
                                                    : decltype(gy){0}; }, xs[0], gys[0])};
}

TENBIN_NO_GPU(Absolute);

}  // namespace tenbin
