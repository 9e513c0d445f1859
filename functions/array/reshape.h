// The same elements under another shape.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "tenbin/core/function.h"

namespace tenbin {

/// The length of one axis of a new shape, from any integer type; -1 stands for the length that the others
/// determine.
struct Length {
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  constexpr Length(T length)  // NOLINT(google-explicit-constructor)
      : value(static_cast<std::int64_t>(length)) {}

  std::int64_t value;
};

class Reshape : public Function {
 public:
  using Lengths = SmallVector<Length, Shape::max_ndim>;

  explicit Reshape(Lengths shape = {}) : shape_(std::move(shape)) {}

  std::string name() const override { return "reshape"; }
  void check(const Arrays& xs) const override { resolve(xs[0]); }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override { return forward_cpu(xs); }
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override { return backward_cpu(xs, gys); }

 protected:
  /// The shape of y.
  virtual Shape resolve(const Array& x) const;

 private:
  Lengths shape_;
  Shape input_shape_;
};

/// The elements of x in row-major order under another shape. One length may be -1: the others and
/// the number of elements determine it. Nothing is copied: y shares the memory of x. (Chainer: `F.reshape`.)
///
/// x: any shape and dtype; y: as many elements, the same dtype.
///
/// Errors: the number of elements differs; -1 twice, or if the other lengths do not determine it (their
/// product is 0); any other negative length.
///
///     Variable h = reshape(x, {x.shape()[0], -1});     // float32(8, 3, 4) to float32(8, 12)
inline Variable reshape(const Variable& x, std::initializer_list<Length> shape) {
  return apply<Reshape>({x}, Reshape::Lengths(shape));
}
/// The same, without -1: `reshape(y, x.shape())`.
inline Variable reshape(const Variable& x, const Shape& shape) {
  return apply<Reshape>({x}, Reshape::Lengths(shape.begin(), shape.end()));
}

}  // namespace tenbin
