// Negative log-likelihood of a Bernoulli distribution.
#pragma once

#include "tenbin/core/logistic.h"
#include "tenbin/functions/loss/elementwise_loss.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

struct BernoulliNLLFormula {
  static constexpr const char* name = "bernoulli_nll";
  static constexpr Retains retains() { return Retains::inputs; }
  // y's sign decides what is subtracted, so that digits of log(1 + exp(-|y|)) are not lost in x y.
  template <class T>
  constexpr T y(T x, T y) const {
    const T share = y > 0 ? 1 - x : -x;
    return detail::softplus_tail(y) + (share == 0 ? T{0} : share * y);  // y may be infinite
  }
  template <class T>
  constexpr T ga(T, T y, T gy) const {
    return -gy * y;
  }
  template <class T>
  constexpr T gb(T x, T y, T gy) const {
    return gy * (y > 0 ? (1 - x) - detail::precise_sigmoid(-y) : detail::precise_sigmoid(y) - x);
  }
};

/// Negative log-likelihood of x under independent Bernoulli distributions with the probabilities sigmoid(y):
///
///     loss = log(1 + exp(y)) - x y = -x log sigmoid(y) - (1 - x) log sigmoid(-y)
///
/// by default summed over all elements; the mean divides by their number and is 0 if there are none. Computed
/// without overflow. Both inputs get a gradient. (Chainer: `F.bernoulli_nll`. `sigmoid_cross_entropy` takes
/// integer labels, and ignores some.)
///
/// x: numbers in [0, 1], which is not checked; y: logits; one shape and dtype, float32 or float64. The loss:
/// a scalar, or of that shape with `Reduce::no`. Errors: the inputs differ in dtype or shape.
///
///     Variable loss = bernoulli_nll(x, decoder(z)) / batch_size;
Variable bernoulli_nll(const Variable& x, const Variable& y, Reduce reduce = Reduce::sum);

}  // namespace tenbin
