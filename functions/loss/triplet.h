// The triplet loss.
#pragma once

#include "tenbin/core/variable.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// The triplet loss of the squared distances from an anchor to a sample of its class and to one of another
/// class,
///
///     loss = max(|anchor - positive|^2 - |anchor - negative|^2 + margin, 0)
///
/// by default the mean over the rows, which is 0 if there are none (Schroff, Kalenichenko and Philbin,
/// "FaceNet", CVPR 2015). All inputs get a gradient; at a loss of 0, it is 0. (Chainer: `F.triplet`.
/// PyTorch's takes the distances, not their squares.)
///
/// anchor, positive, negative: one shape (N, D) and dtype, float32 or float64; the loss: a scalar, or (N)
/// with `Reduce::no`. Errors: the inputs differ in dtype or shape, or are not (N, D); the margin is not
/// positive and finite.
///
///     Variable loss = triplet(model(x), model(x_same_class), model(x_other_class));
Variable triplet(const Variable& anchor, const Variable& positive, const Variable& negative,
                 double margin = 0.2, Reduce reduce = Reduce::mean);

}  // namespace tenbin
