#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <type_traits>
#include <utility>

#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/softmax.cuh"
#include "tenbin/functions/loss/detail/kept_gradient.h"
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
using detail::TargetSums;
using gpu::Index;

// ---- one line, by its group ------------------------------------------------------------------------------

// Of the line that begins at `start`.
template <class Group, class T>
__device__ LogSum<T> log_sum_at(Group group, const Problem<T>& problem, std::size_t start) {
  return gpu::line_log_sum(group, problem.x + start, static_cast<Index>(problem.lines.length),
                           static_cast<Index>(problem.lines.inner));
}

template <class T>
__device__ T softmax(T x, LogSum<T> norm) {
  return std::exp((x - norm.max) - norm.log_sum);
}

// The gradient with respect to x. The line is read a second time, from the cache, and its exponentials are
// computed a second time: memory is the limit. `scale`: gy times one over the divisor times the weight of the
// sample; where it or the weight of the class is 0, the line is not read, and `norm` may be anything.
template <class Group, class T>
__device__ void line_gradient(Group group, const Problem<T>& problem, std::size_t start,
                              const LabelTarget<T>& target, double scale, LogSum<T> norm, T* gx) {
  const double weight = target.valid ? static_cast<double>(target.weight) : 0;
  const bool fits = detail::fits<T>(scale * weight);
  const T factor = fits ? static_cast<T>(scale * weight) : T{1};
  const Line<T> g = problem.line(gx, start);
  if (weight == 0 || factor == T{0}) return fill_zero(group, g, target.n_class);  // x may be NaN there
  const Line<const T> x = problem.line(problem.x, start);
  const auto label = static_cast<Index>(target.label);
  gpu::for_each_in_line(
      group, static_cast<Index>(target.n_class), [&](Index c) { return x[c]; },
      [&](Index c, T value) {
        const T slope = factor * (softmax(value, norm) - (c == label ? T{1} : T{0}));
        g[c] = fits ? slope : detail::scaled(slope, scale, weight);
      });
}

template <class Group, class T>
__device__ void line_gradient(Group group, const Problem<T>& problem, std::size_t start,
                              const SpreadTarget<T>& target, double scale, LogSum<T> norm, T* gx) {
  const Line<T> g = problem.line(gx, start);
  if (!target.valid) return fill_zero(group, g, target.n_class);
  const Line<const T> x = problem.line(problem.x, start);
  spread_gradient(
      group, target, scale, [=](std::size_t c) { return softmax(x[c], norm); }, g);
}

// ---- forward ---------------------------------------------------------------------------------------------

// 2NC numbers are moved where the gradient leaves with the loss, else NC; as many again for soft targets, and
// once more to count them. Only lines that do not stay in the cache until they are read again cost more. A
// line whose label is ignored is not read.
template <class T, class Targets>
struct ForwardPosition {
  // One thread reads a label, the group of the line reads its soft targets.
  static constexpr bool has_labels = !std::is_same_v<Targets, detail::SoftTargets<T>>;
  template <class Group>
  using TargetGroup = std::conditional_t<has_labels, gpu::Lanes<1>, Group>;

  Problem<T> problem;
  Targets targets;
  T* each_loss;  // null unless Reduce::no
  T* gx;         // null, or the gradient for gy = 1

  template <class Group>
  __device__ void operator()(Group group, Index position, double coefficient, LossSums& total) const {
    const auto p = static_cast<std::size_t>(position);
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(group, targets, p, start);
    const auto sample = static_cast<double>(detail::sample_weight_at(problem.sample_weight, position, total));
    const bool is_read = target.valid && sample != 0;
    const LogSum<T> norm = is_read ? log_sum_at(group, problem, start) : LogSum<T>{};
    double loss = 0;
    if (is_read) loss = sample * cross_entropy(group, target, problem.line(problem.x, start), norm);
    if (gx != nullptr) line_gradient(group, problem, start, target, coefficient * sample, norm, gx);
    if (group.rank() != 0) return;
    total.loss += loss;
    if (targets.is_wrong(p)) total.wrong_label = gpu::Smaller()(total.wrong_label, position);
    if (each_loss != nullptr) each_loss[p] = static_cast<T>(loss);
  }

  template <class Group>
  __device__ void count_target(Group group, Index position, TargetSums& total) const {
    const auto p = static_cast<std::size_t>(position);
    const auto target = target_at(group, targets, p, problem.lines.start(p));
    if (!target.valid) return;
    const double weight = unsmoothed_total(group, target);
    if (group.rank() != 0) return;
    total.weight += static_cast<double>(detail::sample_weight_at(problem.sample_weight, position)) * weight;
    total.valid += 1;
  }
  std::size_t target_size() const { return has_labels ? 1 : problem.n_class(); }

  __device__ Index label(Index p) const { return targets.label(static_cast<std::size_t>(p)); }
};

// ---- backward --------------------------------------------------------------------------------------------

// Where gy is not 1 the gradient is computed again, with gy in its factors: this loses no digits, whatever
// gy is, and moves no more numbers than to multiply it would, which is 2NC.
template <class T, class Targets>
struct BackwardPosition {
  Problem<T> problem;
  Targets targets;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  bool divides_by_weights;  // those of the targets
  bool is_kept;             // gx is the gradient for gy = 1; not with `gy_of_each`
  T* gx;
  T* gt;  // null unless the gradient of soft targets is needed

  __device__ bool has_gx() const { return is_kept && *gy == T{1}; }
  __device__ bool is_done() const { return has_gx() && gt == nullptr; }

  template <class Group>
  __device__ void operator()(Group group, Index position) const {
    const auto p = static_cast<std::size_t>(position);
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(group, targets, p, start);
    // In double: the product may be representable where its parts are not.
    const double scale = detail::product_or_zero(
        detail::product_or_zero(static_cast<double>(gy[gy_of_each ? p : 0]), totals->coefficient),
        static_cast<double>(detail::sample_weight_at(problem.sample_weight, position)));
    const LogSum<T> norm = target.valid ? log_sum_at(group, problem, start) : LogSum<T>{};
    if (!has_gx()) line_gradient(group, problem, start, target, scale, norm, gx);
    if constexpr (std::is_same_v<typename Targets::Target, SpreadTarget<T>>)
      if (gt != nullptr) line_target_gradient(group, start, target, scale, norm);
  }

 private:
  template <class Group>
  __device__ void line_target_gradient(Group group, std::size_t start, const SpreadTarget<T>& target,
                                       double scale, LogSum<T> norm) const {
    const Line<T> g = problem.line(gt, start);
    if (!target.valid) return fill_zero(group, g, target.n_class);
    const T divided_loss = divides_by_weights ? static_cast<T>(totals->loss) : T{0};
    target_gradient(group, target, scale, problem.line(problem.x, start), norm, divided_loss, g);
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
  // Losses that are not reduced are rarely all multiplied by 1 later: their gradient is left to backward.
  const bool keep = options_.cache_score && may_run_backward() && reduce;
  Array losses = Array::empty(reduce ? Shape{} : detail::without_axis_1(x.shape()), x.dtype(), x.device());
  gradient_ = keep ? Array::empty_like(x) : Array();
  totals_ = detail::new_totals(x);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem(x, options_.class_weight, options_.sample_weight);
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
                                                 keep ? gradient_.data<T>() : nullptr};
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
  Array gx = detail::take_kept_gradient(*this, gradient_, x);
  const bool is_kept = static_cast<bool>(gx);
  if (!is_kept) gx = new_gradient(0, x);
  Array gt = is_floating(t.dtype()) && needs_grad(1) ? new_gradient(1, t) : Array();
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem(x, options_.class_weight, options_.sample_weight);
    detail::visit_targets(t, problem, options_.label_smoothing, options_.ignore_label,
                          [&](const auto& targets) {
                            using Targets = std::decay_t<decltype(targets)>;
                            const BackwardPosition<T, Targets> body{
                                problem,
                                targets,
                                detail::totals_of(std::as_const(totals_)),
                                gys[0].data<T>(),
                                options_.reduce == Reduce::no,
                                detail::divides_by_weights(options_.reduce, options_.normalize),
                                is_kept,
                                gx.data<T>(),
                                gt ? gt.data<T>() : nullptr,
                            };
                            gpu::with_group(gpu::line_length(problem.lines), [&](auto group) {
                              detail::launch_gradient(gpu::Context::of(x), group, problem.positions(), body);
                            });
                          });
  });
  return {gx, gt};
}

}  // namespace tenbin
