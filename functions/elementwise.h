// Functions of one or two arrays, element by element: a formula is written once, for the CPU and the GPU.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// What the gradients of a formula are computed from, in addition to gy.
enum class Retains : unsigned char { nothing, inputs, output, inputs_and_output };

namespace detail {

// The common base of functions of one and of two arrays.
class ElementwiseFunction : public Function {
 protected:
  void retain(Retains retains) {
    if (retains == Retains::nothing || retains == Retains::output) retain_inputs({});
    if (retains == Retains::output || retains == Retains::inputs_and_output) retain_outputs({0});
  }
};

}  // namespace detail

/// A function of one array, element by element. Its formula is a struct that both compilers see:
///
///     struct SquareFormula {
///       static constexpr const char* name = "square";
///       static constexpr Retains retains() { return Retains::inputs; }
///       template <class T>
///       constexpr T y(T x) const { return x * x; }
///       template <class T>
///       constexpr T gx(T x, T gy) const { return 2 * x * gy; }
///     };
///     using Square = Elementwise<SquareFormula>;
///     inline Variable square(const Variable& x) { return apply<Square>({x}); }
///
/// `gx` takes what is retained, x before y, then gy; without a `gx`, gy is passed on. The gradient is written
/// over a gy that no other Array shares. `retains` must list
/// what `gx` takes. Options are members of the struct; `void check(const Array& x) const`, if there is one,
/// throws if they are invalid. Exponentials and the like are in functions/formula_math.h.
///
/// A .cpp file with `TENBIN_ELEMENTWISE(SquareFormula);` (functions/detail/elementwise_bodies.h), which
/// CMakeLists.txt lists in COMPILED_TWICE, is compiled for the CPU and for the GPU.
template <class Formula>
class Elementwise : public detail::ElementwiseFunction {
 public:
  explicit Elementwise(const Formula& formula = {}) : formula_(formula) {}

  std::string name() const override { return Formula::name; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Formula formula_;
};

/// A function of two arrays, element by element, with NumPy broadcasting. Its formula has `y(a, b)`, and `ga`
/// and `gb`, which take what is retained, a and b before y, then gy; without one of them, gy is passed on.
/// `TENBIN_ELEMENTWISE_BINARY(Formula);` otherwise as for one array.
template <class Formula>
class ElementwiseBinary : public detail::ElementwiseFunction {
 public:
  explicit ElementwiseBinary(const Formula& formula = {}) : formula_(formula) {}

  std::string name() const override { return Formula::name; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Formula formula_;
  Shape shapes_[2];  // of the inputs, which may not be retained
};

}  // namespace tenbin
