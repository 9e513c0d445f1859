// Sums and products of weights of any finite size: a power of two brings them where nothing overflows or
// vanishes, and leaves the bits of all others.
#pragma once

#include <algorithm>
#include <cmath>

namespace tenbin::detail {

// The power of two that brings the exponent of x > 0 into [-most, most]; 1 if it lies there.
inline double power_of_two_scale(double x, int most) {
  if (!(x > 0 && std::isfinite(x))) return 1;
  const int exponent = std::ilogb(x);
  return std::ldexp(1.0, std::clamp(exponent, -most, most) - exponent);
}

// Weights are brought here: their sums stay finite, and few of those that are much smaller vanish.
constexpr int most_weight_exponent = 900;
// Sums are brought here before four of them are multiplied.
constexpr int most_factor_exponent = 200;

// (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP), and `undefined` for 0/0. beta: finite, >= 0.
inline double f_beta(double true_positive, double false_negative, double false_positive, double beta,
                     double undefined) {
  constexpr double most_beta = 1e75;  // beyond which false positives are below the rounding of any count
  const double squared = std::min(beta, most_beta) * std::min(beta, most_beta);
  const double scale =
      power_of_two_scale(std::max({true_positive, false_negative, false_positive}), most_factor_exponent);
  const double found = (1 + squared) * (scale * true_positive);
  const double all = found + squared * (scale * false_negative) + scale * false_positive;
  return all == 0 ? undefined : found / all;
}

}  // namespace tenbin::detail
