// The Huber loss: squared error near the target, absolute error far from it.
#pragma once

#include "tenbin/functions/loss/elementwise_loss.h"

namespace tenbin {

struct HuberLossFormula {
  double delta = 1;

  static constexpr const char* name = "huber_loss";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x, T t) const {
    const T d = static_cast<T>(delta), a = x < t ? t - x : x - t;
    return a <= d ? a * a / 2 : d * (a - d / 2);
  }
  template <class T>
  constexpr T ga(T x, T t, T gy) const {
    const T d = static_cast<T>(delta), a = x - t;
    return gy * (a > d ? d : a < -d ? -d : a);
  }
  template <class T>
  constexpr T gb(T x, T t, T gy) const {
    return -ga(x, t, gy);
  }
};

/// How `huber_loss` reduces its elements: as Chainer, it has no mean.
enum class HuberReduce : unsigned char {
  sum_along_second_axis,  ///< the sum of a row's elements along axis 1
  no,                     ///< a loss per element
};

/// The Huber loss, with a = x - t
///
///     loss = a^2 / 2 where |a| <= delta, delta (|a| - delta / 2) elsewhere
///
/// summed along axis 1 by default. Both inputs get a gradient: a, limited to [-delta, delta]. (Huber, "Robust
/// estimation of a location parameter", 1964. Chainer: `F.huber_loss`.)
///
/// x, t: one shape and dtype, float32 or float64; the loss: that shape without axis 1, or with
/// `HuberReduce::no` that shape.
///
/// Errors: the inputs differ in dtype or shape; delta is not positive and finite; x has no axis 1 to sum
/// along.
///
///     Variable loss = batch_mean(huber_loss(model(x), t, 1.0));
Variable huber_loss(const Variable& x, const Variable& t, double delta,
                    HuberReduce reduce = HuberReduce::sum_along_second_axis);

}  // namespace tenbin
