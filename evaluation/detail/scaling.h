// Sums and products of weights of any finite size: scaling by a power of two avoids overflow and underflow;
// ordinary weights are not changed.
#pragma once

#include <algorithm>
#include <cmath>

namespace tenbin::detail {

// The power of two that brings the exponent of x > 0 into [-most, most]; 1 if it is there already.
inline double power_of_two_scale(double x, int most) {
  if (!(x > 0 && std::isfinite(x))) return 1;
  const int exponent = std::ilogb(x);
  return std::ldexp(1.0, std::clamp(exponent, -most, most) - exponent);
}

// The range for weights: their sums stay finite, and few much smaller weights underflow.
constexpr int most_weight_exponent = 900;
// The range for sums, before four of them are multiplied.
constexpr int most_factor_exponent = 200;

// (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), and `undefined` for 0/0. beta: finite, >= 0.
inline double f_beta(double true_positive, double false_negative, double false_positive, double beta,
                     double undefined) {
  constexpr double most_beta = 1e75;  // above it, false positives are below the rounding error of any count
  const double squared = std::min(beta, most_beta) * std::min(beta, most_beta);
  const double scale =
      power_of_two_scale(std::max({true_positive, false_negative, false_positive}), most_factor_exponent);
  const double found = (1 + squared) * (scale * true_positive);
  const double all = found + squared * (scale * false_negative) + scale * false_positive;
  return all == 0 ? undefined : found / all;
}

}  // namespace tenbin::detail
