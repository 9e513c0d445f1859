#include "tenbin/optimizers/optimizer_hooks.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/random.h"
#include "tenbin/core/without_cuda.h"
#include "tenbin/cpu/update.h"

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

GradientHardClipping::GradientHardClipping(double lower, double upper)
    : lower_bound(lower), upper_bound(upper) {
  if (!(lower <= upper))
    throw Error("GradientHardClipping: lower_bound must not be above upper_bound, got ", lower, " and ",
                upper);
}

GradientClipping::GradientClipping(double norm_threshold)
    : threshold(require_not_negative("GradientClipping", "threshold", norm_threshold)) {}

void GradientClipping::operator()(FlatGroups& groups, std::int64_t) {
  const auto is_elsewhere = [&](const FlatParameters& group) {
    return group.grad.device().is_cpu() || group.grad.device() != groups[0].grad.device();
  };
  if (std::any_of(groups.begin(), groups.end(), is_elsewhere)) return clip_cpu(groups);
  if (!groups.empty()) clip_gpu(groups);
}

void GradientClipping::clip_cpu(FlatGroups& groups) const {
  double sum = 0;
  for (const FlatParameters& group : groups) {
    const Array grad = group.grad.to(Device::cpu());
    sum += visit_floating(
        grad.dtype(), [&](auto zero) { return sum_of_squares(grad.data<decltype(zero)>(), grad.size()); });
  }
  const double norm = std::sqrt(sum);
  if (!std::isfinite(norm)) throw Error("GradientClipping: the norm of the gradients is ", norm);
  if (norm <= threshold) return;
  for (FlatParameters& group : groups) {
    Array grad = group.grad.to(Device::cpu());
    visit_floating(grad.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const detail::ClippingStep<T> step{threshold, norm};
      if (step.is_direct()) {
        cpu::update_each<T>([f = step.factor()](T& g) { g *= f; }, grad);
      } else {
        cpu::update_each<T>(step, grad);
      }
    });
    if (!group.grad.device().is_cpu()) group.grad.assign(grad.to(group.grad.device()));
  }
}

GradientNoise::GradientNoise(double noise_eta, std::uint64_t noise_seed)
    : eta(require_not_negative("GradientNoise", "eta", noise_eta)), seed(noise_seed) {}

detail::GradientNoiseStep GradientNoise::noise(std::int64_t t) const {
  const auto words = random::philox(seed, static_cast<std::uint64_t>(t));
  return {std::sqrt(eta / std::pow(1 + static_cast<double>(t), 0.55)),
          std::uint64_t{words[0]} << 32 | words[1]};
}

void GradientNoise::operator()(FlatGroups& groups, std::int64_t t) {
  const detail::GradientNoiseStep now = noise(t);
  random::Generator generator(now.seed);
  for (FlatParameters& group : groups) {
    if (group.grad.device().is_cpu()) {
      group.grad.add(generator.normal(group.grad.shape(), 0, now.deviation, group.grad.dtype()));
    } else {
      add_gpu(group.grad, generator.position());
      generator.draw((group.grad.size() + 1) / 2 * 4);  // the words that `normal` takes
    }
  }
}

TENBIN_WITHOUT_CUDA(
    void GradientClipping::clip_gpu(FlatGroups&) const { detail::no_cuda(name()); }

    void GradientNoise::add_gpu(Array&, std::uint64_t) const { detail::no_cuda(name()); })

}  // namespace tenbin
