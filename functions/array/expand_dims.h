// A new axis of length 1.
#pragma once

#include "tenbin/functions/array/reshape.h"

namespace tenbin {

class ExpandDims : public Reshape {
 public:
  explicit ExpandDims(int axis) : axis_(axis) {}
  std::string name() const override { return "expand_dims"; }

 protected:
  Shape resolve(const Array& x) const override;

 private:
  int axis_;
};

/// x with a new axis of length 1, which is axis `axis` of y; a negative one counts from the last axis of y.
/// Nothing is copied: y shares the memory of x. (Chainer: `F.expand_dims`.)
///
/// x: any shape and dtype. Errors: an axis outside [-(ndim + 1), ndim].
///
///     Variable y = expand_dims(x, 1);     // float32(8, 3) to float32(8, 1, 3)
inline Variable expand_dims(const Variable& x, int axis) { return apply<ExpandDims>({x}, axis); }

}  // namespace tenbin
