// What may be done to the gradients before an update.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

/// The base of hooks that treat each element by itself.
class ElementwiseHook : public OptimizerHook {
 public:
  void operator()(FlatGroups& groups, std::int64_t t) override;

 protected:
  virtual void run_cpu(FlatParameters& parameters) = 0;
  virtual void run_gpu(FlatParameters& parameters) = 0;
};

/// Weight decay (L2), g += rate w, of all parameters, biases too. (Chainer: `WeightDecay`.)
///
///     optimizer.add_hook(WeightDecay(5e-4));
class WeightDecay : public ElementwiseHook {
 public:
  explicit WeightDecay(double decay_rate) : rate(decay_rate) {}
  std::string name() const override { return "WeightDecay"; }

  double rate;

 protected:
  void run_cpu(FlatParameters& parameters) override;
  void run_gpu(FlatParameters& parameters) override;
};

/// Lasso (L1), g += rate sign(w), where sign(0) = 0. (Chainer: `Lasso`.)
class Lasso : public ElementwiseHook {
 public:
  explicit Lasso(double lasso_rate) : rate(lasso_rate) {}
  std::string name() const override { return "Lasso"; }

  double rate;

 protected:
  void run_cpu(FlatParameters& parameters) override;
  void run_gpu(FlatParameters& parameters) override;
};

/// Clips every element of the gradients to [lower_bound, upper_bound]; NaN stays. (Chainer:
/// `GradientHardClipping`.) Errors: lower_bound > upper_bound.
class GradientHardClipping : public ElementwiseHook {
 public:
  GradientHardClipping(double lower, double upper);
  std::string name() const override { return "GradientHardClipping"; }

  double lower_bound;
  double upper_bound;

 protected:
  void run_cpu(FlatParameters& parameters) override;
  void run_gpu(FlatParameters& parameters) override;
};

/// Scales all gradients by threshold / norm if the L2 norm of all of them together is above the threshold
/// (Pascanu et al., ICML 2013; Chainer: `GradientClipping`). The norm is summed in double in a fixed order.
///
/// Errors: a threshold below 0 or NaN; a norm that is not finite: then the gradients are left as they are,
/// and nothing is updated.
class GradientClipping : public OptimizerHook {
 public:
  explicit GradientClipping(double norm_threshold);
  std::string name() const override { return "GradientClipping"; }
  void operator()(FlatGroups& groups, std::int64_t t) override;

  double threshold;

 private:
  double sum_of_squares_cpu(const Array& grad) const;
  double sum_of_squares_gpu(const Array& grad) const;
  void scale_cpu(Array& grad, double factor) const;
  void scale_gpu(Array& grad, double factor) const;
};

/// Adds Gaussian noise of variance eta / (1 + t)^0.55 to the gradients, t being the updates done
/// (Neelakantan et al., arXiv:1511.06807; Chainer: `GradientNoise`). The noise depends on seed and t alone,
/// so that training that is resumed goes on with the same. Errors: an eta below 0 or NaN.
class GradientNoise : public OptimizerHook {
 public:
  explicit GradientNoise(double noise_eta, std::uint64_t noise_seed = 0);
  std::string name() const override { return "GradientNoise"; }
  void operator()(FlatGroups& groups, std::int64_t t) override;

  double eta;
  std::uint64_t seed;
};

}  // namespace tenbin

/// Stands in for an ElementwiseHook's .cu file in a build without CUDA.
#define TENBIN_NO_GPU_HOOK(Class)                                                                      \
  TENBIN_WITHOUT_CUDA(                                                                                 \
      void Class::run_gpu(FlatParameters&) { throw Error(name(), ": this is a build without CUDA"); }) \
  static_assert(true, "")
