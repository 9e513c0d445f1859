// The hinge loss of several classes, one against all others.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// Which power of the hinge `hinge` takes.
enum class HingeNorm : unsigned char {
  L1,  ///< the first: a linear loss
  L2,  ///< the second: a quadratic one
};

/// The losses (N, C) of scores (N, C) and labels (N).
class Hinge : public Function {
 public:
  explicit Hinge(HingeNorm norm) : norm_(norm) {}
  std::string name() const override { return "hinge"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  HingeNorm norm_;
};

/// The hinge loss, as in support vector machines of one class against all others. With s[i, c] = -1 where c
/// is t[i], 1 elsewhere,
///
///     loss[i, c] = max(0, 1 + s[i, c] x[i, c])^p,     p = 1 for HingeNorm::L1, 2 for HingeNorm::L2
///
/// summed over the classes. The mean divides by the number of rows N, not of elements, and is 0 if there are
/// none. The derivative at the kink is 0. (Chainer: `F.hinge`, whose backward changes the gradient of its
/// caller and is wrong when it is called again; this one is not.)
///
/// x: (N, C), float32 or float64; t: (N), int32, int64 or uint8, in [0, C): no label is ignored. The loss: a
/// scalar, or (N, C) with `Reduce::no`.
///
/// Errors: other shapes or dtypes; an invalid label, naming its position and value.
///
///     Variable loss = hinge(model(x), t, HingeNorm::L2);
Variable hinge(const Variable& x, const Variable& t, HingeNorm norm = HingeNorm::L1,
               Reduce reduce = Reduce::mean);

}  // namespace tenbin
