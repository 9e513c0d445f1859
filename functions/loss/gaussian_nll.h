// Negative log-likelihood of a normal distribution, and its divergence from the standard one.
#pragma once

#include "tenbin/functions/formula_math.h"
#include "tenbin/functions/loss/elementwise_loss.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// Of the deviation x - mean.
struct GaussianNLLFormula {
  static constexpr const char* name = "gaussian_nll";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T deviation, T ln_var) const {
    constexpr T half_log_2_pi = static_cast<T>(0.91893853320467274178L);
    const T z = standardized(deviation, ln_var);
    return half_log_2_pi + ln_var / 2 + z * z / 2;
  }
  template <class T>
  constexpr T ga(T deviation, T ln_var, T gy) const {
    return gy * standardized(standardized(deviation, ln_var), ln_var);
  }
  template <class T>
  constexpr T gb(T deviation, T ln_var, T gy) const {
    const T z = standardized(deviation, ln_var);
    return gy * ((1 - z) * (1 + z) / 2);
  }

 private:
  // Divided by the standard deviation, which has twice the range of the variance and may still be 0.
  template <class T>
  static constexpr T standardized(T deviation, T ln_var) {
    return deviation == 0 ? T{0} : deviation * formula_math::exp(-ln_var / 2);
  }
};

struct GaussianKLDivergenceFormula {
  static constexpr const char* name = "gaussian_kl_divergence";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T mean, T ln_var) const {
    return (mean * mean + (formula_math::expm1(ln_var) - ln_var)) / 2;
  }
  template <class T>
  constexpr T ga(T mean, T, T gy) const {
    return gy * mean;
  }
  template <class T>
  constexpr T gb(T, T ln_var, T gy) const {
    return gy * (formula_math::expm1(ln_var) / 2);
  }
};

/// Negative log-likelihood of x under independent normal distributions,
///
///     loss = (log(2 pi) + ln_var + (x - mean)^2 exp(-ln_var)) / 2
///
/// by default summed over all elements; the mean divides by their number and is 0 if there are none. All
/// inputs get a gradient. Where x is the mean, the square is 0, however small the variance. (Chainer:
/// `F.gaussian_nll`. PyTorch's takes the variance and leaves out log(2 pi).)
///
/// x, mean, ln_var (the logarithm of the variance): one shape and dtype, float32 or float64. The loss: a
/// scalar, or of that shape with `Reduce::no`. Errors: the inputs differ in dtype or shape.
///
///     Variable loss = gaussian_nll(t, mean_layer(h), ln_var_layer(h), Reduce::mean);
Variable gaussian_nll(const Variable& x, const Variable& mean, const Variable& ln_var,
                      Reduce reduce = Reduce::sum);

/// The Kullback-Leibler divergence of a normal distribution from the standard one,
///
///     loss = (mean^2 + exp(ln_var) - ln_var - 1) / 2
///
/// reduced as `gaussian_nll`. (Chainer: `F.gaussian_kl_divergence`.)
///
///     Variable loss = gaussian_kl_divergence(mean, ln_var) + bernoulli_nll(x, decoder(z));
Variable gaussian_kl_divergence(const Variable& mean, const Variable& ln_var, Reduce reduce = Reduce::sum);

}  // namespace tenbin
