// What may be done to the gradients before an update.
#pragma once

#include <limits>

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

namespace detail {

// One element of each hook, on the CPU and on a GPU.
template <class T>
struct WeightDecayStep {
  T rate;
  constexpr void operator()(T& g, const T& w) const { g += rate * w; }
};
template <class T>
struct LassoStep {
  T rate;
  constexpr void operator()(T& g, const T& w) const { g += rate * static_cast<T>((w > 0) - (w < 0)); }
};
template <class T>
struct HardClippingStep {
  T lower, upper;
  constexpr void operator()(T& g) const { g = g < lower ? lower : (g > upper ? upper : g); }
};
// threshold / norm may be too small for T, or even for double, where what it scales to is not.
template <class T>
struct ClippingStep {
  double threshold, norm;
  constexpr T factor() const { return static_cast<T>(threshold / norm); }
  constexpr bool is_direct() const { return factor() >= std::numeric_limits<T>::min(); }
  constexpr void operator()(T& g) const { g = static_cast<T>(static_cast<double>(g) / norm * threshold); }
};
// Of all elements: the seed is that of the generator that they are drawn from.
struct GradientNoiseStep {
  double deviation;
  std::uint64_t seed;
};

}  // namespace detail

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
/// and nothing is updated. On a GPU nothing waits for the norm: the error is thrown by what reads from the
/// device next.
class GradientClipping : public OptimizerHook {
 public:
  explicit GradientClipping(double norm_threshold);
  std::string name() const override { return "GradientClipping"; }
  void operator()(FlatGroups& groups, std::int64_t t) override;

  double threshold;

 private:
  void clip_cpu(FlatGroups& groups) const;  // from any devices, by way of the CPU
  void clip_gpu(FlatGroups& groups) const;  // all on one GPU
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

 private:
  detail::GradientNoiseStep noise(std::int64_t t) const;
  // `position` in the generator's stream: after the groups before this one.
  void add_gpu(Array& grad, std::uint64_t position) const;
};

}  // namespace tenbin

/// Stands in for an ElementwiseHook's .cu file in a build without CUDA.
#define TENBIN_NO_GPU_HOOK(Class)                                                                      \
  TENBIN_WITHOUT_CUDA(                                                                                 \
      void Class::run_gpu(FlatParameters&) { throw Error(name(), ": this is a build without CUDA"); }) \
  static_assert(true, "")
