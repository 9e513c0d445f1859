#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/core/config.h"
#include "tenbin/core/softmax.h"
#include "tenbin/functions/loss/loss_support.h"

namespace tenbin {

using cpu::LogSum;
using cpu::SoftmaxBlock;

Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options) {
  return apply<SoftmaxCrossEntropy>({x, t}, std::move(options));
}

// ---- checks ----------------------------------------------------------------------------------------------

namespace {

// x's shape without the class axis.
Shape position_shape(const Array& x) {
  Shape shape{x.shape()[0]};
  for (std::size_t axis = 2; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  return shape;
}

bool has_soft_targets(const Array& t) { return is_floating(t.dtype()); }

void check_targets(const Function& function, const Array& x, const Array& t) {
  if (has_soft_targets(t)) {
    require_same_shape(function, "x", x, "soft targets t", t);
    require_same_dtype(function, "x", x, "soft targets t", t);
    return;
  }
  if (t.dtype() != Dtype::int32 && t.dtype() != Dtype::int64)
    throw Error(function.name(), ": t must be int32 or int64 labels, or soft targets of x's shape, got ", t);
  if (t.ndim() > 0 && t.shape()[0] != x.shape()[0])
    throw Error(function.name(), ": x and t differ in length: ", x, " and ", t);
  if (t.shape() != position_shape(x))
    throw Error(function.name(), ": t must be x's shape without axis 1, ", position_shape(x), ", got ", t,
                " for ", x);
}

void check_weights(const Function& function, const char* option, const Array& weights, const Shape& shape,
                   const Array& x) {
  if (!weights) return;
  if (!is_floating(weights.dtype()) || weights.shape() != shape)
    throw Error(function.name(), ": ", option, " must be float32 or float64 of shape ", shape, ", got ",
                weights, " for ", x);
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
  check_weights(*this, "sample_weight", options_.sample_weight, position_shape(x), x);
  if (!(options_.label_smoothing >= 0 && options_.label_smoothing < 1))
    throw Error(name(), ": label_smoothing must be in [0, 1), got ", options_.label_smoothing);
}

// ---- targets ---------------------------------------------------------------------------------------------

namespace {

// C values that lie `stride` apart: the class axis at one position.
template <class T>
struct Row {
  T* values;
  std::size_t stride;

  T& operator[](std::size_t c) const { return values[c * stride]; }
};

template <class T>
void fill_zero(Row<T> row, std::size_t count) {
  for (std::size_t c = 0; c < count; ++c) row[c] = T{0};
}

// A target is a distribution q over the classes times their weights: with a[c] = w[c] q[c], the cross entropy
// is -sum_c a[c] z[c] and its gradient (sum_k a[k]) softmax(x)[c] - a[c]. One that is not `valid` is ignored.

// All of it on one class: a label.
template <class T>
struct LabelTarget {
  bool valid;
  std::size_t label;
  T weight;
  std::size_t n_class;

  double unsmoothed_total() const { return static_cast<double>(weight); }

  double cross_entropy(Row<const T> x, LogSum<T> norm) const {
    return weight == T{0} ? 0 : -static_cast<double>(weight) * norm.log_softmax(x[label]);
  }
};

// Spread over the classes: soft targets, or a smoothed label.
template <class T>
struct SpreadTarget {
  bool valid;
  Row<const T> soft;  // no values for a label
  std::size_t label;
  const T* class_weight;  // null: ones
  T smoothing;
  std::size_t n_class;

  T weight(std::size_t c) const { return class_weight == nullptr ? T{1} : class_weight[c]; }
  T share(std::size_t c) const {
    if (soft.values != nullptr) return soft[c];
    return c == label ? T{1} : T{0};
  }
  T amount(std::size_t c) const {
    return weight(c) * ((1 - smoothing) * share(c) + smoothing / static_cast<T>(n_class));
  }

  // w[t] of a label, sum_c w[c] q[c] of a soft target: what weight_sum adds up.
  double unsmoothed_total() const {
    double total = 0;
    for (std::size_t c = 0; c < n_class; ++c) total += static_cast<double>(weight(c) * share(c));
    return total;
  }

  double cross_entropy(Row<const T> x, LogSum<T> norm) const {
    double loss = 0;
    for (std::size_t c = 0; c < n_class; ++c)
      if (amount(c) != T{0}) loss -= static_cast<double>(amount(c)) * norm.log_softmax(x[c]);
    return loss;
  }

  // gx holds softmax(x), and becomes the gradient.
  void gradient(double scale, Row<T> gx) const {
    double sum = 0;
    bool any = false;
    for (std::size_t c = 0; c < n_class; ++c) {
      sum += static_cast<double>(amount(c));
      any = any || amount(c) != T{0};
    }
    if (scale == 0 || !any) return fill_zero(gx, n_class);
    const T total = static_cast<T>(sum);
    for (std::size_t c = 0; c < n_class; ++c)
      gx[c] = static_cast<T>(scale * static_cast<double>(total * gx[c] - amount(c)));
  }

  // The gradient of a soft target itself: -w[c] z[c] smoothed, less what a divisor made of targets takes
  // back.
  void target_gradient(Row<const T> x, LogSum<T> norm, double scale, T divided_loss, Row<T> gt) const {
    for (std::size_t c = 0; c < n_class; ++c) {
      const T factor = static_cast<T>(scale * static_cast<double>(weight(c)));
      gt[c] = factor == T{0}
                  ? T{0}
                  : factor * (-(1 - smoothing) * static_cast<T>(norm.log_softmax(x[c])) - divided_loss);
    }
  }
};

// The targets of all positions, by how t and the options give them.

template <class T, class Label>
struct LabelTargets {
  const Label* labels;
  std::int64_t ignore_label;
  const T* class_weight;
  std::size_t n_class;

  LabelTarget<T> operator[](std::size_t p) const {
    const bool valid = std::int64_t{labels[p]} != ignore_label;
    const std::size_t label = valid ? static_cast<std::size_t>(labels[p]) : 0;
    return {valid, label, class_weight == nullptr ? T{1} : class_weight[label], n_class};
  }
};

template <class T, class Label>
struct SmoothedTargets {
  LabelTargets<T, Label> targets;
  T smoothing;

  SpreadTarget<T> operator[](std::size_t p) const {
    const LabelTarget<T> target = targets[p];
    return {target.valid, {nullptr, 0}, target.label, targets.class_weight, smoothing, target.n_class};
  }
};

template <class T>
struct SoftTargets {
  const T* values;
  Lines lines;
  const T* class_weight;
  T smoothing;

  SpreadTarget<T> operator[](std::size_t p) const {
    const Row<const T> soft{values + lines.start(p), lines.inner};
    bool any = false;
    for (std::size_t c = 0; c < lines.length; ++c) any = any || soft[c] != T{0};
    return {any, soft, 0, class_weight, smoothing, lines.length};
  }
};

// ---- all positions ---------------------------------------------------------------------------------------

// Pointers and sizes of one problem. Position p = i * inner + j of t is line p of x along the class axis.
template <class T>
struct Problem {
  const T* x;
  Lines lines;
  Array class_weight, sample_weight;  // as T on x's device, or none

  Problem(const Array& scores, const SoftmaxCrossEntropyOptions& options)
      : x(scores.data<T>()),
        lines(lines_along(scores.shape(), 1)),
        class_weight(options.class_weight.to(scores.device()).astype(scores.dtype())),
        sample_weight(options.sample_weight.to(scores.device()).astype(scores.dtype())) {}

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

// The index of position p in t, for people: `t[2]` or `t[2, 0, 1]`.
std::string position_name(const Array& t, std::size_t p) {
  Shape index = t.shape();
  for (std::size_t axis = t.ndim(); axis-- > 0; p /= t.shape()[axis]) index[axis] = p % t.shape()[axis];
  std::ostringstream name;
  for (std::size_t axis = 0; axis < index.size(); ++axis) name << (axis == 0 ? "t[" : ", ") << index[axis];
  name << ']';
  return name.str();
}

template <class Label>
void check_labels(const Function& function, const Array& t, std::size_t n_class, std::int64_t ignore_label) {
  const Label* labels = t.data<Label>();
  for (std::size_t p = 0; p < t.size(); ++p) {
    const std::int64_t label = labels[p];
    if (static_cast<std::uint64_t>(label) >= n_class && label != ignore_label)
      throw Error(function.name(), ": ", position_name(t, p), " is ", label, ", expected a label in [0, ",
                  n_class, ") or ignore_label ", ignore_label);
  }
}

// Calls `f` with the targets in their own type. Errors: a label out of range.
template <class T, class F>
void visit_targets(const Function& function, const Problem<T>& problem, const Array& t,
                   const SoftmaxCrossEntropyOptions& options, F f) {
  const T smoothing = static_cast<T>(options.label_smoothing);
  const std::size_t n_class = problem.n_class();
  if (has_soft_targets(t)) {
    f(SoftTargets<T>{t.data<T>(), problem.lines, problem.weights(), smoothing});
    return;
  }
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    check_labels<Label>(function, t, n_class, options.ignore_label);
    const LabelTargets<T, Label> targets{t.data<Label>(), options.ignore_label, problem.weights(), n_class};
    if (smoothing == T{0}) {
      f(targets);
    } else {
      f(SmoothedTargets<T, Label>{targets, smoothing});
    }
  });
}

// Gradients of one block; gx holds what `exponentials` has left there.

template <class T, class Targets, class Scale>
void label_gradients(const Problem<T>& problem, const Targets& targets, const Scale& scale,
                     SoftmaxBlock<T>& block, T* gx) {
  bool all_count = true;
  for (std::size_t i = 0; i < block.count(); ++i) {
    const std::size_t p = block.first() + i;
    const LabelTarget<T> target = targets[p];
    block.label[i] = static_cast<typename SoftmaxBlock<T>::Label>(target.label);
    block.factor[i] = target.valid ? static_cast<T>(scale(p) * static_cast<double>(target.weight)) : T{0};
    all_count = all_count && block.factor[i] != T{0};
  }
  block.label_gradient(gx);
  if (all_count) return;
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
    target.gradient(scale(p), problem.row(gx, p));
    if (gt != nullptr)
      target.target_gradient(problem.row(problem.x, p), block[i], scale(p), divided_loss, problem.row(gt, p));
  }
}

// What the losses of some positions add up to.
struct Sums {
  double loss = 0;
  double weight = 0;
  std::size_t valid = 0;
};

}  // namespace

Arrays SoftmaxCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, options_);
    const bool reduce = options_.reduce != Reduce::no;
    Array losses = Array::empty(reduce ? Shape{} : position_shape(x), x.dtype());
    const bool keep = options_.cache_score && config().enable_backprop;
    Array exponentials = keep ? Array::empty_like(x) : Array();
    Array line_sums = keep ? Array::empty({2, problem.positions()}, x.dtype()) : Array();
    const T* const samples = problem.sample_weights();
    T* const each_loss = reduce ? nullptr : losses.data<T>();
    SmallVector<Sums, 4> parts;
    parts.resize(cpu::softmax_task_count<T>(problem.lines));

    visit_targets(*this, problem, xs[1], options_, [&](const auto& targets) {
      cpu::for_each_softmax_block<T>(problem.lines, [&](SoftmaxBlock<T>& block, std::size_t task) {
        block.exponentials(problem.x, keep ? exponentials.data<T>() : nullptr);
        if (keep) block.save(line_sums.data<T>(), line_sums.data<T>() + problem.positions());
        Sums sums = parts[task];
        for (std::size_t i = 0; i < block.count(); ++i) {
          const std::size_t p = block.first() + i;
          const auto target = targets[p];
          const T sample = samples == nullptr ? T{1} : samples[p];
          double loss = 0;
          if (target.valid) {
            if (sample != T{0})
              loss = static_cast<double>(sample) * target.cross_entropy(problem.row(problem.x, p), block[i]);
            sums.loss += loss;
            sums.weight += static_cast<double>(sample) * target.unsmoothed_total();
            ++sums.valid;
          }
          if (each_loss != nullptr) each_loss[p] = static_cast<T>(loss);
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
    coefficient_ = detail::loss_coefficient(options_.reduce, options_.normalize, problem.batch(), total.valid,
                                            total.weight);
    loss_ = *coefficient_ == 0 ? 0 : total.loss * *coefficient_;
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
  const Shape loss_shape = options_.reduce == Reduce::no ? position_shape(x) : Shape{};
  if (gys[0].dtype() != x.dtype() || gys[0].shape() != loss_shape)
    throw Error(name(), ": the gradient of the loss must be ", x.dtype(), loss_shape, ", got ", gys[0]);
  if (exponentials_ && exponentials_.shape() != x.shape())
    throw Error(name(), ": backward got another x than forward, ", x);
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, options_);
    const T* gy = gys[0].data<T>();
    const T divided_loss = options_.reduce == Reduce::mean && options_.normalize == Normalize::weight_sum
                               ? static_cast<T>(loss_)
                               : T{0};
    // What forward has kept becomes the gradient, in its own place; a second backward computes it anew.
    const bool kept = static_cast<bool>(exponentials_);
    Array gx = kept ? std::exchange(exponentials_, Array()) : new_gradient(0, x);
    Array gt = has_soft_targets(t) && needs_grad(1) ? new_gradient(1, t) : Array();

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
          block.load(line_sums_.data<T>(), line_sums_.data<T>() + problem.positions());
        } else {
          block.exponentials(problem.x, gx.data<T>());
        }
        if constexpr (std::is_same_v<std::decay_t<decltype(targets[0])>, LabelTarget<T>>) {
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
