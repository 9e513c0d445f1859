#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/core/config.h"
#include "tenbin/cpu/softmax.h"
#include "tenbin/functions/loss/detail/targets.h"

namespace tenbin {

using cpu::SoftmaxChunk;
using detail::GroupOfOne;
using detail::LabelTarget;
using detail::Line;
using detail::Problem;
using detail::SpreadTarget;
using detail::Sums;

Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options) {
  return apply<SoftmaxCrossEntropy>({x, t}, std::move(options));
}

// ---- checks ----------------------------------------------------------------------------------------------

namespace {

void check_targets(const Function& function, const Array& x, const Array& t) {
  const Shape positions = detail::without_axis_1(x.shape());
  if (is_floating(t.dtype())) {
    if (t.shape() == positions)
      throw Error(function.name(),
                  ": t must be int32, int64 or uint8 labels, or soft targets of x's shape, got ", t, " for ",
                  x, "; did you mean t.astype(Dtype::int32)?");
    require_same_shape(function, "x", x, "soft targets t", t);
    require_same_dtype(function, "x", x, "soft targets t", t);
    return;
  }
  if (t.ndim() > 0 && t.shape()[0] != x.shape()[0])
    throw Error(function.name(), ": x and t differ in length: ", x, " and ", t);
  if (t.shape() == positions) return;
  const std::string text = detail::text_of(function.name(), ": t must be x's shape without axis 1, ",
                                           positions, ", got ", t, " for ", x);
  if (t.shape() != x.shape()) throw Error(text);
  throw Error(text,
              "; for one-hot rows take argmax(t.astype(Dtype::float32)), or t.astype(Dtype::", x.dtype(),
              ") as soft targets");
}

}  // namespace

void SoftmaxCrossEntropy::check(const Arrays& xs) const {
  if (xs.size() != 2) throw Error(name(), ": expected x and t, got ", xs.size(), " arrays");
  const Array& x = xs[0];
  require_floating(*this, "x", x);
  if (x.ndim() < 2) throw Error(name(), ": x must be (N, C, ...), got ", x);
  if (x.shape()[1] == 0) throw Error(name(), ": x must have at least one class, got ", x);
  check_targets(*this, x, xs[1]);
  detail::require_weights(*this, "class_weight", options_.class_weight, Shape{x.shape()[1]}, x);
  detail::require_weights(*this, "sample_weight", options_.sample_weight, detail::without_axis_1(x.shape()),
                          x);
  if (!(options_.label_smoothing >= 0 && options_.label_smoothing < 1))
    throw Error(name(), ": label_smoothing must be in [0, 1), got ", options_.label_smoothing);
}

void SoftmaxCrossEntropy::check_gradient(const Array& x, const Array& gy) const {
  const Shape loss_shape = options_.reduce == Reduce::no ? detail::without_axis_1(x.shape()) : Shape{};
  if (gy.dtype() != x.dtype() || gy.shape() != loss_shape)
    throw Error(name(), ": the gradient of the loss must be ", x.dtype(), loss_shape, ", got ", gy);
}

// ---- all positions ---------------------------------------------------------------------------------------

namespace {

// Errors: `softmax_cross_entropy: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1`.
void check_labels(const Function& function, const Array& t, std::size_t n_class,
                  const std::optional<std::int64_t>& ignore_option) {
  const std::int64_t ignore_label = detail::ignored_label(ignore_option);
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    const detail::LabelTargets<double, Label> targets{t.data<Label>(), ignore_label, nullptr, n_class};
    std::size_t wrong = 0;  // counted, since a loop that ends early is not vectorised
    for (std::size_t p = 0; p < t.size(); ++p) wrong += static_cast<std::size_t>(targets.is_wrong(p));
    for (std::size_t p = 0; wrong > 0 && p < t.size(); ++p)
      if (targets.is_wrong(p))
        detail::throw_invalid_label(function.name().c_str(), t.shape(), static_cast<std::int64_t>(p),
                                    targets.label(p), static_cast<std::int64_t>(n_class), ignore_label);
    if (n_class == 2 && !ignore_option && detail::are_signs(targets.labels, t.size()))
      detail::refuse_signs(function.name().c_str());
  });
}

// Calls `f` with the targets in their own type. Errors: a label out of range.
template <class T, class F>
void visit_targets(const Function& function, const Problem<T>& problem, const Array& t,
                   const SoftmaxCrossEntropyOptions& options, F f) {
  if (!is_floating(t.dtype())) check_labels(function, t, problem.n_class(), options.ignore_label);
  detail::visit_targets(t, problem, options.label_smoothing, options.ignore_label, f);
}

// The gradients of one chunk. gx holds the exponentials that `SoftmaxChunk::exponentials` has computed.

// For chunks with a factor that is not finite in T: those products are computed in double. The product with a
// small slope may be finite, and where the weight is 0 the gradient is 0.
template <class T, class Targets, class Scale>
void label_gradients_by_double(const Targets& targets, const Scale& scale, const Problem<T>& problem,
                               SoftmaxChunk<T>& chunk, T* gx) {
  SmallVector<std::size_t, 4> beyond;
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    T& factor = chunk.factor[i];
    if (targets[chunk.first() + i].weight == T{0}) factor = T{0};
    if (!std::isinf(factor)) continue;
    factor = T{1};
    beyond.push_back(chunk.first() + i);
  }
  chunk.label_gradient(gx);
  for (const std::size_t p : beyond) {
    const Line<T> line = problem.line(gx, problem.lines.start(p));
    for (std::size_t c = 0; c < problem.n_class(); ++c)
      line[c] = detail::scaled(line[c], scale(p), static_cast<double>(targets[p].weight));
  }
}

template <class T, class Targets, class Scale>
void label_gradients(const Problem<T>& problem, const Targets& targets, const Scale& scale,
                     SoftmaxChunk<T>& chunk, T* gx) {
  bool all_weighted = true, all_fit = true;
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    const std::size_t p = chunk.first() + i;
    const LabelTarget<T> target = targets[p];
    chunk.label[i] = static_cast<typename SoftmaxChunk<T>::Label>(target.label);
    chunk.factor[i] = target.valid ? static_cast<T>(scale(p) * static_cast<double>(target.weight)) : T{0};
    all_weighted = all_weighted && chunk.factor[i] != T{0};
    all_fit = all_fit && std::isfinite(chunk.factor[i]);
  }
  if (all_fit) {
    chunk.label_gradient(gx);
  } else {
    label_gradients_by_double(targets, scale, problem, chunk, gx);
  }
  if (all_fit && all_weighted) return;
  for (std::size_t i = 0; i < chunk.count(); ++i)  // set to 0 rather than multiplied by 0: x may be NaN there
    if (chunk.factor[i] == T{0})
      fill_zero(GroupOfOne(), problem.line(gx, problem.lines.start(chunk.first() + i)), problem.n_class());
}

// gt: null if the soft targets need no gradient.
template <class T, class Targets, class Scale>
void spread_gradients(const Problem<T>& problem, const Targets& targets, const Scale& scale, T divided_loss,
                      const SoftmaxChunk<T>& chunk, T* gx, T* gt) {
  const GroupOfOne group;
  chunk.softmax(gx);
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    const std::size_t p = chunk.first() + i;
    const std::size_t start = problem.lines.start(p);
    const Line<T> gradient = problem.line(gx, start);
    const SpreadTarget<T> target = target_at(group, targets, p, start);
    if (!target.valid) {
      fill_zero(group, gradient, problem.n_class());
      if (gt != nullptr) fill_zero(group, problem.line(gt, start), problem.n_class());
      continue;
    }
    spread_gradient(
        group, target, scale(p), [=](std::size_t c) { return gradient[c]; }, gradient);
    if (gt != nullptr)
      target_gradient(group, target, scale(p), problem.line(problem.x, start), chunk[i], divided_loss,
                      problem.line(gt, start));
  }
}

// Where a pass stores its results; null: not at all.
template <class T>
struct Outputs {
  T* losses = nullptr;  // of the positions
  T* exponentials = nullptr;
  T* line_sums = nullptr;
  bool with_norms = false;  // in line_sums
};

// One pass over all positions.
template <class T>
Sums add_up(const Function& function, const Problem<T>& problem, const Array& t,
            const SoftmaxCrossEntropyOptions& options, const Outputs<T>& outputs) {
  const GroupOfOne group;
  const T* const samples = problem.sample_weight;
  SmallVector<Sums, 4> parts;
  parts.resize(cpu::softmax_task_count<T>(problem.lines));
  visit_targets(function, problem, t, options, [&](const auto& targets) {
    cpu::for_each_softmax_chunk<T>(problem.lines, [&](SoftmaxChunk<T>& chunk, std::size_t task) {
      chunk.exponentials(problem.x, outputs.exponentials);
      if (outputs.line_sums != nullptr) chunk.save(outputs.line_sums, outputs.with_norms);
      Sums sums = parts[task];
      for (std::size_t i = 0; i < chunk.count(); ++i) {
        const std::size_t p = chunk.first() + i;
        const std::size_t start = problem.lines.start(p);
        const auto target = target_at(group, targets, p, start);
        const T sample = samples == nullptr ? T{1} : samples[p];
        double loss = 0;
        if (target.valid) {
          if (sample != T{0})
            loss = static_cast<double>(sample) *
                   cross_entropy(group, target, problem.line(problem.x, start), chunk[i]);
          sums.loss += loss;
          sums.weight += static_cast<double>(sample) * unsmoothed_total(group, target);
          ++sums.valid;
        }
        if (outputs.losses != nullptr) outputs.losses[p] = static_cast<T>(loss);
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

// Computes sums that are beyond the range of double again, with smaller weights. Returns the exponent of the
// power of two by which the loss is then too small: 0 where the weights are the divisor too, as the average
// does not depend on their scale.
int add_up_again(const Function& function, const Array& x, const Array& t,
                 const SoftmaxCrossEntropyOptions& options, Array& class_weight, Array& sample_weight,
                 Sums& sums) {
  int exponent = 0;
  const Array ones = class_weight ? class_weight : Array::ones({x.shape()[1]}, x.dtype());
  const Array small_class_weight = detail::scaled_down(ones, detail::sum_exponent, exponent);
  const Array small_sample_weight = detail::scaled_down(sample_weight, 0, exponent);
  const Problem<double> problem(x, small_class_weight, small_sample_weight);
  const Sums again = add_up(function, problem, t, options, Outputs<double>{});
  if (!detail::divides_by_weights(options.reduce, options.normalize)) {
    sums.loss = again.loss;
    return exponent;
  }
  if (!std::isnormal(again.weight)) return 0;
  sums = again;
  class_weight = small_class_weight;
  sample_weight = small_sample_weight;
  return 0;
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
    Array losses = Array::empty(reduce ? Shape{} : detail::without_axis_1(x.shape()), x.dtype());
    const bool keep = options_.cache_score && config().enable_backprop;
    Array exponentials = keep ? Array::empty_like(x) : Array();
    const bool keep_norms = is_floating(xs[1].dtype());  // for the gradient of soft targets
    Array line_sums = keep ? Array::empty({keep_norms ? 3u : 1u, problem.positions()}, x.dtype()) : Array();
    Sums sums =
        add_up(*this, problem, xs[1], options_,
               Outputs<T>{reduce ? nullptr : losses.data<T>(), keep ? exponentials.data<T>() : nullptr,
                          keep ? line_sums.data<T>() : nullptr, keep_norms});
    int exponent = 0;
    if constexpr (std::is_same_v<T, double>)
      if (detail::beyond_range(sums, options_.reduce, options_.normalize))
        exponent = add_up_again(*this, x, xs[1], options_, class_weight, sample_weight, sums);
    coefficient_ = detail::loss_coefficient(options_.reduce, options_.normalize, problem.batch_size(),
                                            sums.valid, sums.weight);
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
    const bool divides = detail::divides_by_weights(options_.reduce, options_.normalize);
    const T divided_loss = divides ? static_cast<T>(loss_) : T{0};
    // The exponentials that forward has kept become the gradient in place; a second backward computes them
    // again.
    const bool kept = static_cast<bool>(exponentials_);
    Array gx = kept ? std::exchange(exponentials_, Array()) : new_gradient(0, x);
    Array gt = is_floating(t.dtype()) && needs_grad(1) ? new_gradient(1, t) : Array();

    // In double: the product may be representable where its parts are not.
    const T* const samples = problem.sample_weight;
    const auto scale = [samples, gy, each = options_.reduce == Reduce::no,
                        coefficient = *coefficient_](std::size_t p) {
      const double outer = static_cast<double>(gy[each ? p : 0]) * coefficient;
      return samples == nullptr ? outer : outer * static_cast<double>(samples[p]);
    };
    visit_targets(*this, problem, t, options_, [&](const auto& targets) {
      cpu::for_each_softmax_chunk<T>(problem.lines, [&](SoftmaxChunk<T>& chunk, std::size_t) {
        if (kept) {
          chunk.load(line_sums_.data<T>(), is_floating(t.dtype()));
        } else {
          chunk.exponentials(problem.x, gx.data<T>());
        }
        if constexpr (std::is_same_v<typename std::decay_t<decltype(targets)>::Target, LabelTarget<T>>) {
          label_gradients(problem, targets, scale, chunk, gx.data<T>());
        } else {
          spread_gradients(problem, targets, scale, divided_loss, chunk, gx.data<T>(),
                           gt ? gt.data<T>() : nullptr);
        }
      });
    });
    return {gx, gt};
  });
}

TENBIN_NO_GPU(SoftmaxCrossEntropy);

}  // namespace tenbin
