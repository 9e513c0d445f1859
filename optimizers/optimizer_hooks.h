// Hooks, which change the gradients before an update: weight decay, clipping, noise.
#pragma once

#include <limits>

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

namespace detail {

// The formulas of the hooks for one element.
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
// threshold / norm may be too small for T, or even for double, where the scaled gradient is not.
template <class T>
struct ClippingStep {
  double threshold, norm;
  constexpr T factor() const { return static_cast<T>(threshold / norm); }
  constexpr bool is_direct() const { return factor() >= std::numeric_limits<T>::min(); }
  constexpr void operator()(T& g) const { g = static_cast<T>(static_cast<double>(g) / norm * threshold); }
};
// The same for all elements, which are drawn from a generator with this seed.
struct GradientNoiseStep {
  double deviation;
  std::uint64_t seed;
};

}  // namespace detail

/// The base of hooks that treat each element by itself: as ElementwiseRule (optimizers/elementwise_rule.h),
/// with a `step<T>()` that is called with an element of the gradients and, if it takes two, with that of the
/// parameters.
template <class Hook>
class ElementwiseHook : public OptimizerHook {
 public:
  void operator()(FlatGroups& groups, std::int64_t) override {
    for (FlatParameters& group : groups) group.grad.device().is_cpu() ? run_cpu(group) : run_gpu(group);
  }

 private:
  void run_cpu(FlatParameters& parameters);
  void run_gpu(FlatParameters& parameters);
};

/// Weight decay (L2), g += rate w, of all parameters, biases too. (Chainer: `WeightDecay`.)
///
///     optimizer.add_hook(WeightDecay(5e-4));
class WeightDecay : public ElementwiseHook<WeightDecay> {
 public:
  explicit WeightDecay(double decay_rate) : rate(decay_rate) {}
  std::string name() const override { return "WeightDecay"; }

  double rate;

 private:
  friend class ElementwiseHook<WeightDecay>;
  template <class T>
  detail::WeightDecayStep<T> step() const {
    return {static_cast<T>(rate)};
  }
};

/// Lasso (L1), g += rate sign(w), where sign(0) = 0. (Chainer: `Lasso`.)
class Lasso : public ElementwiseHook<Lasso> {
 public:
  explicit Lasso(double lasso_rate) : rate(lasso_rate) {}
  std::string name() const override { return "Lasso"; }

  double rate;

 private:
  friend class ElementwiseHook<Lasso>;
  template <class T>
  detail::LassoStep<T> step() const {
    return {static_cast<T>(rate)};
  }
};

/// Clips every element of the gradients to [lower_bound, upper_bound]; NaN stays. (Chainer:
/// `GradientHardClipping`.) Errors: lower_bound > upper_bound.
class GradientHardClipping : public ElementwiseHook<GradientHardClipping> {
 public:
  GradientHardClipping(double lower, double upper);
  std::string name() const override { return "GradientHardClipping"; }

  double lower_bound;
  double upper_bound;

 private:
  friend class ElementwiseHook<GradientHardClipping>;
  template <class T>
  detail::HardClippingStep<T> step() const {
    return {static_cast<T>(lower_bound), static_cast<T>(upper_bound)};
  }
};

/// Scales all gradients by threshold / norm if the L2 norm of all of them together is above the threshold
/// (Pascanu et al., ICML 2013; Chainer: `GradientClipping`). The norm is summed in double in a fixed order.
///
/// Errors: a threshold below 0 or NaN; a norm that is not finite: then the gradients are left as they are,
/// and nothing is updated. On a GPU nothing waits for the norm: the error is thrown by the next read from
/// the device.
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

/// Adds Gaussian noise of variance eta / (1 + t)^0.55 to the gradients, t being the number of updates
/// (Neelakantan et al., arXiv:1511.06807; Chainer: `GradientNoise`). The noise depends on seed and t alone:
/// a training that is resumed continues with the same noise. Errors: an eta below 0 or NaN.
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
