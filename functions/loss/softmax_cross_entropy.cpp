#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/core/config.h"
#include "tenbin/cpu/softmax.h"
#include "tenbin/functions/loss/loss_support.h"
#include "tenbin/functions/loss/targets.h"

namespace tenbin {

using cpu::SoftmaxBlock;
using detail::LabelTarget;
using detail::LogSum;
using detail::Row;
using detail::SpreadTarget;
using detail::Sums;

Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options) {
  return apply<SoftmaxCrossEntropy>({x, t}, std::move(options));
}

// ---- checks ----------------------------------------------------------------------------------------------

namespace {

void check_targets(const Function& function, const Array& x, const Array& t) {
  if (is_floating(t.dtype())) {
    if (t.shape() == detail::position_shape(x))
      throw Error(function.name(),
                  ": t must be int32, int64 or uint8 labels, or soft targets of x's shape, got ", t, " for ",
                  x, "; did you mean t.astype(Dtype::int32)?");
    require_same_shape(function, "x", x, "soft targets t", t);
    require_same_dtype(function, "x", x, "soft targets t", t);
    return;
  }
  if (t.ndim() > 0 && t.shape()[0] != x.shape()[0])
    throw Error(function.name(), ": x and t differ in length: ", x, " and ", t);
  if (t.shape() == x.shape())
    throw Error(function.name(), ": t must be x's shape without axis 1, ", detail::position_shape(x),
                ", got ", t, " for ", x,
                "; for one-hot rows take argmax(t.astype(Dtype::float32)), or t.astype(Dtype::", x.dtype(),
                ") as soft targets");
  if (t.shape() != detail::position_shape(x))
    throw Error(function.name(), ": t must be x's shape without axis 1, ", detail::position_shape(x),
                ", got ", t, " for ", x);
}

void check_weights(const Function& function, const char* option, const Array& weights, const Shape& shape,
                   const Array& x) {
  if (!weights) return;
  if (!is_floating(weights.dtype()) || weights.shape() != shape)
    throw Error(function.name(), ": ", option, " must be float32 or float64 of shape ", shape, ", got ",
                weights, " for ", x);
  if (!weights.device().is_cpu() && !x.device().is_cpu()) return;  // the kernels look at them
  detail::require_finite(function, option, weights, detail::Sign::not_negative, x);
}

}  // namespace

void SoftmaxCrossEntropy::check(const Arrays& xs) const {
  if (xs.size() != 2) throw Error(name(), ": expected x and t, got ", xs.size(), " arrays");
  const Array& x = xs[0];
  require_floating(*this, "x", x);
  if (x.ndim() < 2) throw Error(name(), ": x must be (N, C, ...), got ", x);
  if (x.shape()[1] == 0) throw Error(name(), ": x must have at least one class, got ", x);
  check_targets(*this, x, xs[1]);
  check_weights(*this, "class_weight", options_.class_weight, Shape{x.shape()[1]}, x);
  check_weights(*this, "sample_weight", options_.sample_weight, detail::position_shape(x), x);
  if (!(options_.label_smoothing >= 0 && options_.label_smoothing < 1))
    throw Error(name(), ": label_smoothing must be in [0, 1), got ", options_.label_smoothing);
}

void SoftmaxCrossEntropy::check_gradient(const Array& x, const Array& gy) const {
  const Shape loss_shape = options_.reduce == Reduce::no ? detail::position_shape(x) : Shape{};
  if (gy.dtype() != x.dtype() || gy.shape() != loss_shape)
    throw Error(name(), ": the gradient of the loss must be ", x.dtype(), loss_shape, ", got ", gy);
}

// ---- one position ----------------------------------------------------------------------------------------

namespace {

template <class T>
void fill_zero(Row<T> row, std::size_t count) {
  for (std::size_t c = 0; c < count; ++c) row[c] = T{0};
}

template <class T>
double unsmoothed_total(const LabelTarget<T>& target) {
  return target.unsmoothed_total();
}

template <class T>
double unsmoothed_total(const SpreadTarget<T>& target) {
  double total = 0;
  for (std::size_t c = 0; c < target.n_class; ++c) total += target.unsmoothed(c);
  return total;
}

template <class T>
double cross_entropy(const LabelTarget<T>& target, Row<const T> x, LogSum<T> norm) {
  return target.cross_entropy(x, norm);
}

template <class T>
double cross_entropy(const SpreadTarget<T>& target, Row<const T> x, LogSum<T> norm) {
  double loss = 0;
  for (std::size_t c = 0; c < target.n_class; ++c) loss -= target.log_likelihood(c, x[c], norm);
  return loss;
}

// gx holds softmax(x), and becomes the gradient.
template <class T>
void spread_gradient(const SpreadTarget<T>& target, double scale, Row<T> gx) {
  double sum = 0;
  bool any = false;
  for (std::size_t c = 0; c < target.n_class; ++c) {
    sum += static_cast<double>(target.amount(c));
    any = any || target.amount(c) != T{0};
  }
  if (scale == 0 || !any) return fill_zero(gx, target.n_class);
  const T total = static_cast<T>(sum);
  for (std::size_t c = 0; c < target.n_class; ++c) gx[c] = target.gradient(c, scale, total, gx[c]);
}

// ---- all positions ---------------------------------------------------------------------------------------

// Pointers and sizes of one problem. Position p = i * inner + j of t is line p of x along the class axis.
template <class T>
struct Problem {
  const T* x;
  Lines lines;
  Array class_weight, sample_weight;  // as T on x's device, or none

  Problem(const Array& scores, Array of_class, Array of_sample)
      : x(scores.data<T>()),
        lines(lines_along(scores.shape(), 1)),
        class_weight(std::move(of_class)),
        sample_weight(std::move(of_sample)) {}

  std::size_t batch() const { return lines.outer; }
  std::size_t n_class() const { return lines.length; }
  std::size_t positions() const { return lines.count(); }
  template <class U>
  Row<U> row(U* values, std::size_t p) const {
    return {values + lines.start(p), lines.inner};
  }
  const T* weights() const { return class_weight ? class_weight.template data<T>() : nullptr; }
  const T* sample_weights() const { return sample_weight ? sample_weight.template data<T>() : nullptr; }
};

// Errors: `softmax_cross_entropy: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1`.
void check_labels(const Function& function, const Array& t, std::size_t n_class,
                  const std::optional<std::int64_t>& ignore_option) {
  const std::int64_t ignore_label = detail::ignored(ignore_option);
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    const detail::LabelTargets<double, Label> targets{t.data<Label>(), ignore_label, nullptr, n_class};
    std::size_t wrong = 0;  // counted, since a loop that ends early is not vectorised
    for (std::size_t p = 0; p < t.size(); ++p) wrong += static_cast<std::size_t>(targets.is_wrong(p));
    for (std::size_t p = 0; wrong > 0 && p < t.size(); ++p) {
      if (!targets.is_wrong(p)) continue;
      gpu::Fault fault = detail::label_fault(function, t, n_class, ignore_label);
      fault.position = static_cast<std::int64_t>(p);
      fault.label = targets.labels[p];
      fault.raise(fault);
    }
    if (n_class == 2) detail::require_no_signs(function, targets.labels, t.size(), ignore_option);
  });
}

// Calls `f` with the targets in their own type. Errors: a label out of range.
template <class T, class F>
void visit_targets(const Function& function, const Problem<T>& problem, const Array& t,
                   const SoftmaxCrossEntropyOptions& options, F f) {
  if (!is_floating(t.dtype())) check_labels(function, t, problem.n_class(), options.ignore_label);
  detail::visit_targets(t, problem.lines, problem.weights(), options, f);
}

// Gradients of one block; gx holds what `exponentials` has left there.

// Where a factor is not finite in T, though its product with a small slope may be; and the scale may be
// infinite where the weight is 0. Multiplies in double, after the others.
template <class T, class Targets, class Scale>
void label_gradients_by_double(const Targets& targets, const Scale& scale, const Problem<T>& problem,
                               SoftmaxBlock<T>& block, T* gx) {
  SmallVector<std::size_t, 4> beyond;
  for (std::size_t i = 0; i < block.count(); ++i) {
    T& factor = block.factor[i];
    if (targets[block.first() + i].weight == T{0}) factor = T{0};
    if (!std::isinf(factor)) continue;
    factor = T{1};
    beyond.push_back(block.first() + i);
  }
  block.label_gradient(gx);
  for (const std::size_t p : beyond) {
    const Row<T> row = problem.row(gx, p);
    for (std::size_t c = 0; c < problem.n_class(); ++c)
      row[c] = detail::scaled(row[c], scale(p), static_cast<double>(targets[p].weight));
  }
}

template <class T, class Targets, class Scale>
void label_gradients(const Problem<T>& problem, const Targets& targets, const Scale& scale,
                     SoftmaxBlock<T>& block, T* gx) {
  bool all_count = true, all_fit = true;
  for (std::size_t i = 0; i < block.count(); ++i) {
    const std::size_t p = block.first() + i;
    const LabelTarget<T> target = targets[p];
    block.label[i] = static_cast<typename SoftmaxBlock<T>::Label>(target.label);
    block.factor[i] = target.valid ? static_cast<T>(scale(p) * static_cast<double>(target.weight)) : T{0};
    all_count = all_count && block.factor[i] != T{0};
    all_fit = all_fit && std::isfinite(block.factor[i]);
  }
  if (all_fit) {
    block.label_gradient(gx);
  } else {
    label_gradients_by_double(targets, scale, problem, block, gx);
  }
  if (all_fit && all_count) return;
  for (std::size_t i = 0; i < block.count(); ++i)  // left out rather than multiplied by 0: x may be NaN there
    if (block.factor[i] == T{0}) fill_zero(problem.row(gx, block.first() + i), problem.n_class());
}

template <class T, class Targets, class Scale>
void spread_gradients(const Problem<T>& problem, const Targets& targets, const Scale& scale, T divided_loss,
                      const SoftmaxBlock<T>& block, T* gx, T* gt) {
  block.softmax(gx);
  for (std::size_t i = 0; i < block.count(); ++i) {
    const std::size_t p = block.first() + i;
    const SpreadTarget<T> target = targets[p];
    if (!target.valid) {
      fill_zero(problem.row(gx, p), problem.n_class());
      if (gt != nullptr) fill_zero(problem.row(gt, p), problem.n_class());
      continue;
    }
    spread_gradient(target, scale(p), problem.row(gx, p));
    if (gt == nullptr) continue;
    const Row<const T> row = problem.row(problem.x, p);
    for (std::size_t c = 0; c < problem.n_class(); ++c)
      problem.row(gt, p)[c] = target.target_gradient(c, scale(p), row[c], block[i], divided_loss);
  }
}

// Where a pass leaves what it finds; null for nobody.
template <class T>
struct Kept {
  T* losses;  // of the positions
  T* exponentials;
  T* line_sums;
  bool norms;  // among them
};

// One pass over all positions.
template <class T>
Sums add_up(const Function& function, const Problem<T>& problem, const Array& t,
            const SoftmaxCrossEntropyOptions& options, const Kept<T>& kept) {
  const T* const samples = problem.sample_weights();
  SmallVector<Sums, 4> parts;
  parts.resize(cpu::softmax_task_count<T>(problem.lines));
  visit_targets(function, problem, t, options, [&](const auto& targets) {
    cpu::for_each_softmax_block<T>(problem.lines, [&](SoftmaxBlock<T>& block, std::size_t task) {
      block.exponentials(problem.x, kept.exponentials);
      if (kept.line_sums != nullptr) block.save(kept.line_sums, kept.norms);
      Sums sums = parts[task];
      for (std::size_t i = 0; i < block.count(); ++i) {
        const std::size_t p = block.first() + i;
        const auto target = targets[p];
        const T sample = samples == nullptr ? T{1} : samples[p];
        double loss = 0;
        if (target.valid) {
          if (sample != T{0})
            loss = static_cast<double>(sample) * cross_entropy(target, problem.row(problem.x, p), block[i]);
          sums.loss += loss;
          sums.weight += static_cast<double>(sample) * unsmoothed_total(target);
          ++sums.valid;
        }
        if (kept.losses != nullptr) kept.losses[p] = static_cast<T>(loss);
      }
      parts[task] = sums;
    });
  });
  Sums total;
  for (const Sums& part : parts) {
    total.loss += part.loss;
    total.weight += part.weight;
    total.valid += part.valid;
  }
  return total;
}

}  // namespace

Arrays SoftmaxCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    Array class_weight = options_.class_weight.to(x.device()).astype(x.dtype());
    Array sample_weight = options_.sample_weight.to(x.device()).astype(x.dtype());
    const Problem<T> problem(x, class_weight, sample_weight);
    const bool reduce = options_.reduce != Reduce::no;
    Array losses = Array::empty(reduce ? Shape{} : detail::position_shape(x), x.dtype());
    const bool keep = options_.cache_score && config().enable_backprop;
    Array exponentials = keep ? Array::empty_like(x) : Array();
    const bool keep_norms = is_floating(xs[1].dtype());  // for the gradient of soft targets
    Array line_sums = keep ? Array::empty({keep_norms ? 3u : 1u, problem.positions()}, x.dtype()) : Array();
    const Kept<T> kept{reduce ? nullptr : losses.data<T>(), keep ? exponentials.data<T>() : nullptr,
                       keep ? line_sums.data<T>() : nullptr, keep_norms};
    Sums sums = add_up(*this, problem, xs[1], options_, kept);
    int exponent = 0;
    if (std::is_same_v<T, double> && detail::beyond_range(sums, options_.reduce, options_.normalize)) {
      int down = 0;
      const Array ones = class_weight ? class_weight : Array::ones({problem.n_class()}, x.dtype());
      const Problem<T> small(x, detail::scaled_down(ones, detail::sum_exponent, down),
                             detail::scaled_down(sample_weight, 0, down));
      const Sums again = add_up(*this, small, xs[1], options_, Kept<T>{});
      if (options_.reduce != Reduce::mean || options_.normalize != Normalize::weight_sum) {
        sums.loss = again.loss;
        exponent = down;
      } else if (std::isnormal(again.weight)) {  // the average does not depend on the scale
        sums = again;
        class_weight = small.class_weight;
        sample_weight = small.sample_weight;
      }
    }
    coefficient_ = detail::loss_coefficient(options_.reduce, options_.normalize, problem.batch(), sums.valid,
                                            sums.weight);
    loss_ = *coefficient_ == 0 ? 0 : sums.loss * *coefficient_;
    if (exponent != 0) loss_ = std::ldexp(loss_, exponent);
    class_weight_ = std::move(class_weight);
    sample_weight_ = std::move(sample_weight);
    exponentials_ = std::move(exponentials);
    line_sums_ = std::move(line_sums);
    if (reduce) losses.fill(loss_);
    return {losses};
  });
}

Arrays SoftmaxCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  if (!coefficient_) forward_cpu(xs);
  check_gradient(x, gys[0]);
  if (exponentials_ && exponentials_.shape() != x.shape())
    throw Error(name(), ": backward got another x than forward, ", x);
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, class_weight_, sample_weight_);
    const T* gy = gys[0].data<T>();
    const T divided_loss = options_.reduce == Reduce::mean && options_.normalize == Normalize::weight_sum
                               ? static_cast<T>(loss_)
                               : T{0};
    // What forward has kept becomes the gradient, in its own place; a second backward computes it anew.
    const bool kept = static_cast<bool>(exponentials_);
    Array gx = kept ? std::exchange(exponentials_, Array()) : new_gradient(0, x);
    Array gt = is_floating(t.dtype()) && needs_grad(1) ? new_gradient(1, t) : Array();

    // In double: the product may be representable where its parts are not.
    const T* const samples = problem.sample_weights();
    const auto scale = [samples, gy, each = options_.reduce == Reduce::no,
                        coefficient = *coefficient_](std::size_t p) {
      const double outer = static_cast<double>(gy[each ? p : 0]) * coefficient;
      return samples == nullptr ? outer : outer * static_cast<double>(samples[p]);
    };
    visit_targets(*this, problem, t, options_, [&](const auto& targets) {
      cpu::for_each_softmax_block<T>(problem.lines, [&](SoftmaxBlock<T>& block, std::size_t) {
        if (kept) {
          block.load(line_sums_.data<T>(), is_floating(t.dtype()));
        } else {
          block.exponentials(problem.x, gx.data<T>());
        }
        if constexpr (std::is_same_v<typename std::decay_t<decltype(targets)>::Target, LabelTarget<T>>) {
          label_gradients(problem, targets, scale, block, gx.data<T>());
        } else {
          spread_gradients(problem, targets, scale, divided_loss, block, gx.data<T>(),
                           gt ? gt.data<T>() : nullptr);
        }
      });
    });
    return {gx, gt};
  });
}

TENBIN_NO_GPU(SoftmaxCrossEntropy);

}  // namespace tenbin
