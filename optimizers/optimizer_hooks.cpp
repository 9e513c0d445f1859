#include "tenbin/optimizers/optimizer_hooks.h"

#include <cmath>

#include "tenbin/core/random.h"
#include "tenbin/optimizers/update_loop.h"

namespace tenbin {

namespace {

double require_not_negative(const char* hook, const char* name, double value) {
  if (!(value >= 0)) throw Error(hook, ": ", name, " must be >= 0, got ", value);
  return value;
}

// Eight sums side by side, so that the loop vectorises, added up in a fixed order.
template <class T>
double sum_of_squares(const T* values, std::size_t count) {
  constexpr std::size_t lanes = 8;
  double sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double value = values[i + lane];
      sums[lane] += value * value;
    }
  double sum = 0;
  for (; i < count; ++i) sum += double{values[i]} * double{values[i]};
  for (const double lane : sums) sum += lane;
  return sum;
}

}  // namespace

void ElementwiseHook::operator()(FlatGroups& groups, std::int64_t) {
  for (FlatParameters& group : groups) group.grad.device().is_cpu() ? run_cpu(group) : run_gpu(group);
}

void WeightDecay::run_cpu(FlatParameters& p) {
  visit_floating(p.grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>([r = static_cast<T>(rate)](T& g, const T& w) { g += r * w; }, p.grad, p.data);
  });
}

void Lasso::run_cpu(FlatParameters& p) {
  visit_floating(p.grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(
        [r = static_cast<T>(rate)](T& g, const T& w) { g += r * static_cast<T>((w > 0) - (w < 0)); }, p.grad,
        p.data);
  });
}

GradientHardClipping::GradientHardClipping(double lower, double upper)
    : lower_bound(lower), upper_bound(upper) {
  if (!(lower <= upper))
    throw Error("GradientHardClipping: lower_bound must not be above upper_bound, got ", lower, " and ",
                upper);
}

void GradientHardClipping::run_cpu(FlatParameters& p) {
  visit_floating(p.grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T lower = static_cast<T>(lower_bound);
    const T upper = static_cast<T>(upper_bound);
    cpu::for_each_element<T>([lower, upper](T& g) { g = g < lower ? lower : (g > upper ? upper : g); },
                             p.grad);
  });
}

GradientClipping::GradientClipping(double norm_threshold)
    : threshold(require_not_negative("GradientClipping", "threshold", norm_threshold)) {}

void GradientClipping::operator()(FlatGroups& groups, std::int64_t) {
  double sum = 0;
  for (const FlatParameters& group : groups)
    sum += group.grad.device().is_cpu() ? sum_of_squares_cpu(group.grad) : sum_of_squares_gpu(group.grad);
  const double norm = std::sqrt(sum);
  if (!std::isfinite(norm)) throw Error("GradientClipping: the norm of the gradients is ", norm);
  if (norm <= threshold) return;
  for (FlatParameters& group : groups)
    group.grad.device().is_cpu() ? scale_cpu(group.grad, threshold / norm)
                                 : scale_gpu(group.grad, threshold / norm);
}

double GradientClipping::sum_of_squares_cpu(const Array& grad) const {
  return visit_floating(grad.dtype(),
                        [&](auto zero) { return sum_of_squares(grad.data<decltype(zero)>(), grad.size()); });
}

void GradientClipping::scale_cpu(Array& grad, double factor) const {
  visit_floating(grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>([f = static_cast<T>(factor)](T& g) { g *= f; }, grad);
  });
}

GradientNoise::GradientNoise(double noise_eta, std::uint64_t noise_seed)
    : eta(require_not_negative("GradientNoise", "eta", noise_eta)), seed(noise_seed) {}

void GradientNoise::operator()(FlatGroups& groups, std::int64_t t) {
  const double deviation = std::sqrt(eta / std::pow(1 + static_cast<double>(t), 0.55));
  const auto words = random::philox(seed, static_cast<std::uint64_t>(t));
  random::Generator generator(std::uint64_t{words[0]} << 32 | words[1]);
  for (FlatParameters& group : groups) {
    const Array noise = generator.normal(group.grad.shape(), 0, deviation, group.grad.dtype());
    group.grad.add(noise.to(group.grad.device()));
  }
}

TENBIN_NO_GPU_HOOK(WeightDecay);
TENBIN_NO_GPU_HOOK(Lasso);
TENBIN_NO_GPU_HOOK(GradientHardClipping);
TENBIN_WITHOUT_CUDA(
    double GradientClipping::sum_of_squares_gpu(const Array&)
        const { throw Error("GradientClipping: this is a build without CUDA"); }

    void GradientClipping::scale_gpu(Array&, double)
        const { throw Error("GradientClipping: this is a build without CUDA"); })

}  // namespace tenbin
