// What batch and layer normalization have in common. Internal.
#pragma once

#include <string>
#include <utility>

#include "tenbin/core/function.h"
#include "tenbin/functions/normalization/batch_normalization.h"

namespace tenbin::detail {

/// y = gamma (x - mean) / sqrt(var + eps) + beta of (x, gamma, beta), with the mean and the biased variance
/// of x over some axes, taken in float64.
class Standardize : public Function {
 public:
  struct Shapes {
    Shape statistics;  // x's, with length 1 where the mean is taken
    Shape parameters;  // of gamma and beta, with axes of length 1 so that they broadcast to x
  };
  /// `spans_batch`: the statistics are of rows of the batch, and where it is cut into shards, of all of them.
  Standardize(const char* name, const Shapes& shapes, double eps, bool spans_batch = false,
              RunningStatistics running = {})
      : name_(name), shapes_(shapes), eps_(eps), spans_batch_(spans_batch), running_(std::move(running)) {}

  std::string name() const override { return name_; }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The number of elements of x of which a mean is taken.
  double count(const Array& x) const;
  // A mean of terms like x, from the elements of this array.
  Array mean_of_all(const Array& mean, const Array& x);

  const char* name_;  // not a std::string, which would allocate
  Shapes shapes_;
  double eps_;
  bool spans_batch_;
  RunningStatistics running_;
  double count_ = 0;  // of the elements of a mean
  Array x_hat_;       // (x - mean) / sqrt(var + eps)
  Array inv_std_;     // 1 / sqrt(var + eps)
};

/// Errors: eps is not positive and finite; x is not floating; `layer_normalization: beta must be float32(3)
/// like gamma, got float32(4)`.
void require_eps(const char* function, double eps);
void require_floating_x(const char* function, const Array& x);
void require_like_gamma(const char* function, const char* argument, const Array& array, const Array& gamma);

}  // namespace tenbin::detail
