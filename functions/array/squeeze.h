// Axes of length 1 removed.
#pragma once

#include "tenbin/functions/array/reshape.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

class Squeeze : public Reshape {
 public:
  explicit Squeeze(const Axes& axes) : axes_(axes) {}
  std::string name() const override { return "squeeze"; }

 protected:
  Shape resolve(const Array& x) const override;

 private:
  Axes axes_;
};

/// x without these axes, which have length 1; without `axis`, without all axes of length 1. Nothing is
/// copied: y shares the memory of x. (Chainer: `F.squeeze`.)
///
/// x: any shape and dtype. Errors: an axis that x does not have, that is named twice, or whose length is not
/// 1.
///
///     Variable y = squeeze(x, 1);           // float32(8, 1, 3) to float32(8, 3)
///     Variable z = squeeze(x, {0, -1});
inline Variable squeeze(const Variable& x, const Axes& axis = {}) { return apply<Squeeze>({x}, axis); }

}  // namespace tenbin
