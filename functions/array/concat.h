// Arrays joined along an axis.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Concat : public Function {
 public:
  explicit Concat(int axis) : axis_(axis) {}

  std::string name() const override { return "concat"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The output, uninitialised, on the device of the inputs; stores the lengths along the axis.
  Array empty_output(const Arrays& xs);
  Array empty_gradient(std::size_t input, const Array& gy) const;

  int axis_;
  SmallVector<std::size_t, 4> lengths_;  // of each input along the axis
};

/// The arrays one after the other along `axis`, any number of them. (Chainer: `F.concat`.)
///
/// xs: one dtype; shapes that differ along `axis` at most. y: that dtype; along `axis` the sum of the
/// lengths.
///
/// Errors: no input; an axis out of range; an input whose dtype or other lengths are not those of the first.
///
///     Variable y = concat({features, embedded});     // float32(8, 30) and float32(8, 4) to float32(8, 34)
inline Variable concat(const Variables& xs, int axis = 1) { return apply<Concat>(xs, axis); }

}  // namespace tenbin
