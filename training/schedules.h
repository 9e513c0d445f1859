// Schedules: how a hyperparameter, such as the learning rate, changes during training.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenbin {

/// A factor as a function of the time t >= 0, in epochs or iterations. A hyperparameter is its initial value
/// times the factor. Any function of a double can be one.
///
///     const Schedule rate = schedules::warm_up(5, schedules::cosine(35));
///     for (int epoch = 0; epoch < 40; ++epoch) {
///       optimizer.set_learning_rate(0.1 * rate(epoch));
///       ...
///     }
///
/// In a Trainer: the extension HyperparameterSchedule. Past its end, a schedule keeps its last value.
class Schedule {
 public:
  template <class F, class = std::enable_if_t<std::is_invocable_r_v<double, const F&, double> &&
                                              !std::is_same_v<F, Schedule>>>
  Schedule(F factor) : factor_(std::move(factor)) {}

  double operator()(double t) const { return factor_(t); }

 private:
  std::function<double(double)> factor_;
};

/// Errors of all: a duration, period or rate that is not valid, `schedules::cosine: duration must be ...`.
namespace schedules {

/// 1.
Schedule constant();
/// rate^t. (Chainer: `ExponentialShift`.)
Schedule exponential(double rate);
/// gamma^floor(t / period). (Chainer: `StepShift`; PyTorch: `StepLR`.)
Schedule step(double gamma, double period);
/// gamma^n, n being the number of `times` that have passed, t >= time. (Chainer: `MultistepShift`; PyTorch:
/// `MultiStepLR`.)
///
///     schedules::multistep(0.1, {80, 90})    // a tenth from epoch 80 on, a hundredth from 90 on
Schedule multistep(double gamma, std::vector<double> times);
/// From `start` to `end` in a straight line from t = `begin` to `begin + duration`, constant before and
/// after. (Chainer: `LinearShift`.)
Schedule linear(double start, double end, double duration, double begin = 0);
/// (1 - t / duration)^power, then 0. (Chainer: `PolynomialShift`.)
Schedule polynomial(double power, double duration);
/// end + (1 - end) (1 + cos(pi t / duration)) / 2, then `end` (Loshchilov and Hutter, "SGDR", ICLR 2017).
Schedule cosine(double duration, double end = 0);
/// The same, again and again: every period is `multiple` times as long as the one before.
Schedule cosine_restarts(double duration, double multiple = 1, double end = 0);
/// (1 + gamma t)^-power. (Chainer: `InverseShift`.)
Schedule inverse(double gamma, double power = 1);
/// From `start` to 1 in a straight line during `duration`, then `after`, whose time starts then. (Goyal et
/// al., arXiv:1706.02677; Chainer: `WarmupShift`.)
Schedule warm_up(double duration, Schedule after = constant(), double start = 0);
/// One cycle (Smith and Topin, arXiv:1708.07120; PyTorch: `OneCycleLR`): by cosines from `start` to 1 during
/// `rise` of the duration, then to `end`. The initial value of the hyperparameter is thus its maximum.
Schedule one_cycle(double duration, double rise = 0.3, double start = 1.0 / 25, double end = 1.0 / 250000);
/// `schedule`, limited to [lower, upper]. (Chainer: `target`, which is a value; this is a factor.)
Schedule clipped(Schedule schedule, double lower, double upper = std::numeric_limits<double>::infinity());

}  // namespace schedules

}  // namespace tenbin
