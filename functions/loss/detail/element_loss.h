// A loss of each element on the CPU: its terms and their gradient in one pass. loss_sums.cuh has the same for
// kernels. Internal.
//
// `Elements` have, for element i, is_valid(i), weight(i), and common(i), of which loss(i, common, unit) and
// gradient(i, common, outer) are made: see binary_elements.h and focal_elements.h.
#pragma once

#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

template <class Elements>
using Scalar = typename Elements::Scalar;

// The number of valid elements, and their weights; the loss is 0.
template <class Elements>
Sums count_elements(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight) {
  Sums sums;
  for (std::size_t i = 0; i < count; ++i) {
    if (!elements.is_valid(i)) continue;
    sums.weight += weight_or_one(sample_weight, i) * static_cast<double>(elements.weight(i));
    ++sums.valid;
  }
  return sums;
}

// The sum of the losses, of which each is multiplied by `unit`. `losses`, `gx`: null, or where every loss,
// and every gradient for gy = 1, is stored.
template <class Elements>
double add_up_elements(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight,
                       double unit, double coefficient, Scalar<Elements>* losses, Scalar<Elements>* gx) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto common = elements.common(i);
    const double sample = weight_or_one(sample_weight, i);
    const double loss = elements.loss(i, common, sample * unit);
    sum += loss;
    if (losses != nullptr) losses[i] = static_cast<Scalar<Elements>>(loss);
    if (gx != nullptr) gx[i] = elements.gradient(i, common, coefficient * sample);
  }
  return sum;
}

// The gradient for any gy: a number, or one for each element.
template <class Elements>
void element_gradients(const Elements& elements, std::size_t count, const Scalar<Elements>* sample_weight,
                       double coefficient, const Scalar<Elements>* gy, bool gy_of_each,
                       Scalar<Elements>* gx) {
  for (std::size_t i = 0; i < count; ++i) {
    const double outer = product_or_zero(static_cast<double>(gy[gy_of_each ? i : 0]), coefficient);
    gx[i] = elements.gradient(i, elements.common(i), product_or_zero(outer, weight_or_one(sample_weight, i)));
  }
}

}  // namespace tenbin::detail
