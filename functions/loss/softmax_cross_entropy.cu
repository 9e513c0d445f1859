#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include "tenbin/core/config.h"
#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/softmax.cuh"
#include "tenbin/functions/loss/detail/loss_sums.cuh"
#include "tenbin/functions/loss/detail/targets.h"

namespace tenbin {

namespace {

using detail::LabelTarget;
using detail::Line;
using detail::LogSum;
using detail::LossSums;
using detail::LossTotals;
using detail::Problem;
using detail::SpreadTarget;
using gpu::Index;

template <class T>
__device__ T softmax(T x, LogSum<T> norm) {
  return std::exp((x - norm.max) - norm.log_sum);
}

// Of the line that begins at `start`.
template <class Group, class T>
__device__ LogSum<T> log_sum_at(Group group, const Problem<T>& problem, std::size_t start) {
  return gpu::line_log_sum(group, problem.x + start, static_cast<Index>(problem.lines.length),
                           static_cast<Index>(problem.lines.inner));
}

// ---- forward ---------------------------------------------------------------------------------------------

// A line whose label is ignored is not read.
template <class T, class Targets>
struct ForwardPosition {
  Problem<T> problem;
  Targets targets;
  T* each_loss;  // null unless Reduce::no
  T* maxima;     // null, or to be kept for backward
  T* log_sums;

  template <class Group>
  __device__ void operator()(Group group, Index position, LossSums& total) const {
    const auto p = static_cast<std::size_t>(position);
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(group, targets, p, start);
    const T sample = detail::sample_weight_at(problem.sample_weight, position, total);
    double loss = 0;
    double weight = 0;
    if (target.valid) {
      const LogSum<T> norm = log_sum_at(group, problem, start);
      if (maxima != nullptr && group.rank() == 0) {
        maxima[p] = norm.max;
        log_sums[p] = norm.log_sum;
      }
      if (sample != T{0})
        loss =
            static_cast<double>(sample) * cross_entropy(group, target, problem.line(problem.x, start), norm);
      weight = static_cast<double>(sample) * unsmoothed_total(group, target);
    }
    if (group.rank() != 0) return;
    total.loss += loss;
    total.weight += weight;
    total.valid += target.valid ? 1 : 0;
    if (targets.is_wrong(p)) total.wrong_label = gpu::Smaller()(total.wrong_label, position);
    if (each_loss != nullptr) each_loss[p] = static_cast<T>(loss);
  }

  __device__ Index label(Index p) const { return targets.label(static_cast<std::size_t>(p)); }
};

// ---- backward --------------------------------------------------------------------------------------------

template <class T, class Targets>
struct BackwardPosition {
  Problem<T> problem;
  Targets targets;
  const T* maxima;  // null: to be computed again
  const T* log_sums;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  bool divides_by_weights;  // those of the targets
  T* gx;
  T* gt;  // null unless the gradient of soft targets is needed

  template <class Group>
  __device__ void operator()(Group group, Index position) const {
    const auto p = static_cast<std::size_t>(position);
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(group, targets, p, start);
    // In double: the product may be representable where its parts are not.
    double scale = static_cast<double>(gy[gy_of_each ? p : 0]) * totals->coefficient;
    if (problem.sample_weight != nullptr) {
      const T sample = problem.sample_weight[p];
      scale = detail::is_weight(sample) ? scale * static_cast<double>(sample) : 0;
    }
    gradient(group, p, start, target, scale);
  }

 private:
  // The same bits whether kept or computed again.
  template <class Group>
  __device__ LogSum<T> log_sum(Group group, std::size_t p, std::size_t start) const {
    return maxima != nullptr ? LogSum<T>{maxima[p], log_sums[p]} : log_sum_at(group, problem, start);
  }

  template <class Group>
  __device__ void gradient(Group group, std::size_t p, std::size_t start, const LabelTarget<T>& target,
                           double scale) const {
    const double weight = target.valid ? static_cast<double>(target.weight) : 0;
    const bool fits = detail::fits<T>(scale * weight);
    const T factor = fits ? static_cast<T>(scale * weight) : T{1};
    const Line<T> g = problem.line(gx, start);
    if (weight == 0 || factor == T{0}) return fill_zero(group, g, target.n_class);  // x may be NaN there
    const LogSum<T> norm = log_sum(group, p, start);
    const Line<const T> x = problem.line(problem.x, start);
    const auto label = static_cast<Index>(target.label);
    gpu::for_each_in_line(
        group, static_cast<Index>(target.n_class), [&](Index c) { return x[c]; },
        [&](Index c, T value) {
          const T slope = factor * (softmax(value, norm) - (c == label ? T{1} : T{0}));
          g[c] = fits ? slope : detail::scaled(slope, scale, weight);
        });
  }

  template <class Group>
  __device__ void gradient(Group group, std::size_t p, std::size_t start, const SpreadTarget<T>& target,
                           double scale) const {
    const Line<T> g = problem.line(gx, start);
    if (!target.valid) {
      fill_zero(group, g, target.n_class);
      if (gt != nullptr) fill_zero(group, problem.line(gt, start), target.n_class);
      return;
    }
    const LogSum<T> norm = log_sum(group, p, start);
    const Line<const T> x = problem.line(problem.x, start);
    spread_gradient(
        group, target, scale, [=](std::size_t c) { return softmax(x[c], norm); }, g);
    const T divided_loss = divides_by_weights ? static_cast<T>(totals->loss) : T{0};
    if (gt != nullptr) target_gradient(group, target, scale, x, norm, divided_loss, problem.line(gt, start));
  }
};

// ---- launches --------------------------------------------------------------------------------------------

// Copies the weights to the device. Those of the samples belong to a batch, so they are not constants.
void move_weights(SoftmaxCrossEntropyOptions& options, const Array& x) {
  options.class_weight = accelerator::constant(options.class_weight, x.device(), x.dtype());
  options.sample_weight = options.sample_weight.astype(x.dtype()).to(x.device());
}

}  // namespace

Arrays SoftmaxCrossEntropy::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  move_weights(options_, x);
  const bool reduce = options_.reduce != Reduce::no;
  Array losses = Array::empty(reduce ? Shape{} : detail::without_axis_1(x.shape()), x.dtype(), x.device());
  totals_ = detail::new_totals(x);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem(x, options_.class_weight, options_.sample_weight);
    const bool keep = options_.cache_score && config().enable_backprop;
    line_sums_ = keep ? Array::empty({2, problem.positions()}, x.dtype(), x.device()) : Array();
    T* const maxima = keep ? line_sums_.data<T>() : nullptr;
    T* const log_sums = keep ? maxima + problem.positions() : nullptr;
    const auto epilogue = detail::make_loss_epilogue<T>(
        *this,
        {options_.reduce, options_.normalize, "class_weight", options_.class_weight, options_.sample_weight},
        x, losses, totals_,
        detail::invalid_label_error(name(), t.shape(), problem.n_class(),
                                    detail::ignored_label(options_.ignore_label)));
    detail::visit_targets(
        t, problem, options_.label_smoothing, options_.ignore_label, [&](const auto& targets) {
          using Targets = std::decay_t<decltype(targets)>;
          const ForwardPosition<T, Targets> body{problem, targets, reduce ? nullptr : losses.data<T>(),
                                                 maxima, log_sums};
          gpu::with_group(gpu::line_length(problem.lines), [&](auto group) {
            detail::launch_loss(gpu::Context::of(x), group, problem.positions(), body, epilogue);
          });
        });
  });
  return {losses};
}

Arrays SoftmaxCrossEntropy::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  if (!totals_) forward_gpu(xs);
  check_gradient(x, gys[0]);
  if (line_sums_ && line_sums_.shape()[1] != lines_along(x.shape(), 1).count())
    throw Error(name(), ": backward got another x than forward, ", x);
  Array gx = new_gradient(0, x);
  Array gt = is_floating(t.dtype()) && needs_grad(1) ? new_gradient(1, t) : Array();
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem(x, options_.class_weight, options_.sample_weight);
    const T* const maxima = detail::data_or_null<T>(line_sums_);
    detail::visit_targets(
        t, problem, options_.label_smoothing, options_.ignore_label, [&](const auto& targets) {
          using Targets = std::decay_t<decltype(targets)>;
          const BackwardPosition<T, Targets> body{
              problem,
              targets,
              maxima,
              maxima == nullptr ? nullptr : maxima + problem.positions(),
              detail::totals_of(std::as_const(totals_)),
              gys[0].data<T>(),
              options_.reduce == Reduce::no,
              detail::divides_by_weights(options_.reduce, options_.normalize),
              gx.data<T>(),
              gt ? gt.data<T>() : nullptr,
          };
          gpu::for_each_line(gpu::Context::of(x), problem.positions(), gpu::line_length(problem.lines), body);
        });
  });
  return {gx, gt};
}

}  // namespace tenbin
