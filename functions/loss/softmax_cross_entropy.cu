#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include "tenbin/core/config.h"
#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/rows.cuh"
#include "tenbin/cuda/softmax.cuh"
#include "tenbin/functions/loss/loss_sums.cuh"
#include "tenbin/functions/loss/targets.h"

namespace tenbin {

namespace {

using detail::LabelTarget;
using detail::LogSum;
using detail::LossSums;
using detail::LossTotals;
using detail::Row;
using detail::SoftTargets;
using detail::SpreadTarget;
using gpu::Index;
using gpu::Plus;

// ---- one position, by the threads of its group -----------------------------------------------------------

template <class T>
__device__ T softmax(T x, LogSum<T> norm) {
  return std::exp((x - norm.max) - norm.log_sum);
}

// At position p, whose line begins at `start`.
template <class Group, class Targets>
__device__ auto target_at(Group, const Targets& targets, std::size_t p, std::size_t) {
  return targets[p];
}

template <class Group, class T>
__device__ SpreadTarget<T> target_at(Group group, const SoftTargets<T>& targets, std::size_t,
                                     std::size_t start) {
  SpreadTarget<T> target = targets.unjudged(start);
  int any = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width)
    if (target.soft[c] != T{0}) any = 1;
  target.valid = group.reduce(any, gpu::Larger()) != 0;
  return target;
}

template <class Group, class T>
__device__ double unsmoothed_total(Group, const LabelTarget<T>& target) {
  return target.unsmoothed_total();
}

template <class Group, class T>
__device__ double unsmoothed_total(Group group, const SpreadTarget<T>& target) {
  double total = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width) total += target.unsmoothed(c);
  return group.reduce(total, Plus());
}

template <class Group, class T>
__device__ double cross_entropy(Group, const LabelTarget<T>& target, Row<const T> x, LogSum<T> norm) {
  return target.cross_entropy(x, norm);
}

template <class Group, class T>
__device__ double cross_entropy(Group group, const SpreadTarget<T>& target, Row<const T> x, LogSum<T> norm) {
  double loss = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width)
    loss -= target.log_likelihood(c, x[c], norm);
  return group.reduce(loss, Plus());
}

// ---- forward ---------------------------------------------------------------------------------------------

// Pointers and sizes of one problem. Position p = i * inner + j of t is line p of x along the class axis.
template <class T>
struct Problem {
  const T* x;
  Lines lines;
  const T* class_weight;
  const T* sample_weight;

  std::size_t positions() const { return lines.count(); }
  template <class U>
  __device__ Row<U> row(U* values, std::size_t start) const {
    return {values + start, lines.inner};
  }
  template <class Group>
  __device__ LogSum<T> log_sum(Group group, std::size_t start) const {
    return gpu::row_log_sum(group, x + start, static_cast<Index>(lines.length),
                            static_cast<Index>(lines.inner));
  }
};

// A row whose label is ignored is not read.
template <class T, class Targets>
struct ForwardRow {
  Problem<T> problem;
  Targets targets;
  T* each_loss;  // null unless Reduce::no
  T* maxima;     // null, or to be kept for backward
  T* log_sums;

  template <class Group>
  __device__ void operator()(Group group, Index row, LossSums& total) const {
    const auto p = static_cast<std::size_t>(row);
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(group, targets, p, start);
    const T sample = detail::sample_weight_at(problem.sample_weight, row, total);
    double loss = 0;
    double weight = 0;
    if (target.valid) {
      const LogSum<T> norm = problem.log_sum(group, start);
      if (maxima != nullptr && group.rank() == 0) {
        maxima[p] = norm.max;
        log_sums[p] = norm.log_sum;
      }
      if (sample != T{0})
        loss =
            static_cast<double>(sample) * cross_entropy(group, target, problem.row(problem.x, start), norm);
      weight = static_cast<double>(sample) * unsmoothed_total(group, target);
    }
    if (group.rank() != 0) return;
    total.loss += loss;
    total.weight += weight;
    total.valid += target.valid ? 1 : 0;
    if (targets.is_wrong(p)) total.wrong_label = gpu::Smaller()(total.wrong_label, row);
    if (each_loss != nullptr) each_loss[p] = static_cast<T>(loss);
  }

  __device__ Index label(Index p) const { return targets.label(static_cast<std::size_t>(p)); }
};

// ---- backward --------------------------------------------------------------------------------------------

template <class T, class Targets>
struct BackwardRow {
  Problem<T> problem;
  Targets targets;
  const T* maxima;  // null: to be found again
  const T* log_sums;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  bool divided_by_targets;  // the divisor is made of the targets' weights
  T* gx;
  T* gt;  // null unless soft targets want a gradient

  template <class Group>
  __device__ void operator()(Group group, Index row) const {
    const auto p = static_cast<std::size_t>(row);
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
  // The same bits whether kept or found again.
  template <class Group>
  __device__ LogSum<T> log_sum(Group group, std::size_t p, std::size_t start) const {
    return maxima != nullptr ? LogSum<T>{maxima[p], log_sums[p]} : problem.log_sum(group, start);
  }

  template <class Group>
  __device__ void fill_zero(Group group, T* values, std::size_t start) const {
    const Row<T> row = problem.row(values, start);
    for (std::size_t c = group.rank(); c < problem.lines.length; c += Group::width) row[c] = T{0};
  }

  template <class Group>
  __device__ void gradient(Group group, std::size_t p, std::size_t start, const LabelTarget<T>& target,
                           double scale) const {
    const double weight = target.valid ? static_cast<double>(target.weight) : 0;
    const bool fits = detail::fits<T>(scale * weight);
    const T factor = fits ? static_cast<T>(scale * weight) : T{1};
    if (weight == 0 || factor == T{0}) return fill_zero(group, gx, start);  // x may be NaN there
    const LogSum<T> norm = log_sum(group, p, start);
    const Row<const T> x = problem.row(problem.x, start);
    const Row<T> g = problem.row(gx, start);
    const auto label = static_cast<Index>(target.label);
    gpu::for_each_in_row(
        group, static_cast<Index>(target.n_class), [&](Index c) { return x[c]; },
        [&](Index c, T value) {
          const T slope = factor * (softmax(value, norm) - (c == label ? T{1} : T{0}));
          g[c] = fits ? slope : detail::scaled(slope, scale, weight);
        });
  }

  template <class Group>
  __device__ void gradient(Group group, std::size_t p, std::size_t start, const SpreadTarget<T>& target,
                           double scale) const {
    if (!target.valid) {
      fill_zero(group, gx, start);
      if (gt != nullptr) fill_zero(group, gt, start);
      return;
    }
    double sum = 0;
    int any = 0;
    for (std::size_t c = group.rank(); c < target.n_class; c += Group::width) {
      sum += static_cast<double>(target.amount(c));
      if (target.amount(c) != T{0}) any = 1;
    }
    const T total = static_cast<T>(group.reduce(sum, Plus()));
    const bool counts = group.reduce(any, gpu::Larger()) != 0 && scale != 0;
    const LogSum<T> norm = log_sum(group, p, start);
    const T divided_loss = divided_by_targets ? static_cast<T>(totals->loss) : T{0};
    const Row<const T> x = problem.row(problem.x, start);
    for (std::size_t c = group.rank(); c < target.n_class; c += Group::width) {
      const T value = x[c];
      problem.row(gx, start)[c] = counts ? target.gradient(c, scale, total, softmax(value, norm)) : T{0};
      if (gt != nullptr)
        problem.row(gt, start)[c] = target.target_gradient(c, scale, value, norm, divided_loss);
    }
  }
};

// ---- launches --------------------------------------------------------------------------------------------

template <class T>
Problem<T> problem_of(const Array& x, const SoftmaxCrossEntropyOptions& options) {
  return {x.data<T>(), lines_along(x.shape(), 1), detail::data_or_null<T>(options.class_weight),
          detail::data_or_null<T>(options.sample_weight)};
}

// Weights to where the kernels read them. Those of the samples belong to a batch, so they are no constants.
void move_weights(SoftmaxCrossEntropyOptions& options, const Array& x) {
  options.class_weight = gpu::constant(options.class_weight, x.device(), x.dtype());
  options.sample_weight = options.sample_weight.astype(x.dtype()).to(x.device());
}

}  // namespace

Arrays SoftmaxCrossEntropy::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  gpu::Context& context = gpu::Context::of(x);
  move_weights(options_, x);
  const bool reduce = options_.reduce != Reduce::no;
  Array losses = Array::empty(reduce ? Shape{} : detail::position_shape(x), x.dtype(), x.device());
  totals_ = detail::new_totals(x);
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem = problem_of<T>(x, options_);
    const bool keep = options_.cache_score && config().enable_backprop;
    line_sums_ = keep ? Array::empty({2, problem.positions()}, x.dtype(), x.device()) : Array();
    T* const maxima = keep ? line_sums_.data<T>() : nullptr;
    T* const log_sums = keep ? maxima + problem.positions() : nullptr;
    detail::LossEnd<T> end{};
    end.reduce = options_.reduce;
    end.normalize = options_.normalize;
    end.batch_size = static_cast<Index>(problem.lines.outer);
    end.loss = reduce ? losses.data<T>() : nullptr;
    end.totals = detail::totals_of(totals_);
    end.class_weight = problem.class_weight;
    end.n_class = static_cast<Index>(problem.lines.length);
    end.sample_weight = problem.sample_weight;
    end.slot = context.fault();
    end.wrong_class_weight = gpu::finite_fault(name(), "class_weight", options_.class_weight.shape(), true);
    end.wrong_sample_weight =
        gpu::finite_fault(name(), "sample_weight", options_.sample_weight.shape(), true);
    end.wrong_label =
        detail::label_fault(*this, t, problem.lines.length, detail::ignored(options_.ignore_label));
    detail::visit_targets(t, problem.lines, problem.class_weight, options_, [&](const auto& targets) {
      using Targets = std::decay_t<decltype(targets)>;
      const ForwardRow<T, Targets> row{problem, targets, reduce ? nullptr : losses.data<T>(), maxima,
                                       log_sums};
      gpu::with_group(gpu::row_length(problem.lines), [&](auto group) {
        detail::launch_loss(context, group, problem.positions(), row, end);
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
  gpu::Context& context = gpu::Context::of(x);
  Array gx = new_gradient(0, x);
  Array gt = is_floating(t.dtype()) && needs_grad(1) ? new_gradient(1, t) : Array();
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Problem<T> problem = problem_of<T>(x, options_);
    detail::visit_targets(t, problem.lines, problem.class_weight, options_, [&](const auto& targets) {
      using Targets = std::decay_t<decltype(targets)>;
      BackwardRow<T, Targets> row{};
      row.problem = problem;
      row.targets = targets;
      row.maxima = detail::data_or_null<T>(line_sums_);
      row.log_sums = line_sums_ ? row.maxima + problem.positions() : nullptr;
      row.totals = detail::totals_of(std::as_const(totals_));
      row.gy = gys[0].data<T>();
      row.gy_of_each = options_.reduce == Reduce::no;
      row.divided_by_targets = options_.reduce == Reduce::mean && options_.normalize == Normalize::weight_sum;
      row.gx = gx.data<T>();
      row.gt = gt ? gt.data<T>() : nullptr;
      gpu::for_each_row(context, problem.positions(), gpu::row_length(problem.lines), row);
    });
  });
  return {gx, gt};
}

}  // namespace tenbin
