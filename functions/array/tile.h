// An array repeated as tiles.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Tile : public Function {
 public:
  explicit Tile(const Shape& reps) : reps_(reps) {}
  std::string name() const override { return "tile"; }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Shape reps_;
  Shape x_shape_;
};

/// x repeated as a whole, `reps[i]` times along axis i. Whichever of x and `reps` has fewer axes gets axes of
/// length 1, or the number 1, in front. The gradient is the sum over the copies. (Chainer: `F.tile`.)
///
/// x: any shape and dtype. With only ones, y shares the memory of x.
///
///     Variable y = tile(x, {2, 1});     // float32(3, 4) to float32(6, 4)
inline Variable tile(const Variable& x, const Shape& reps) { return apply<Tile>({x}, reps); }
inline Variable tile(const Variable& x, std::size_t reps) { return tile(x, Shape{reps}); }

}  // namespace tenbin
