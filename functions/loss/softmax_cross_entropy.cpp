#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/softmax.h"
#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/loss/detail/chunk_losses.h"
#include "tenbin/functions/loss/detail/kept_gradient.h"
#include "tenbin/functions/loss/detail/targets.h"

namespace tenbin {

using cpu::SoftmaxChunk;
using detail::GroupOfOne;
using detail::Line;
using detail::Problem;
using detail::Scale;
using detail::SpreadTarget;
using detail::Sums;

Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options) {
  return detail::apply_loss<SoftmaxCrossEntropy>({x, t}, std::move(options));
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

double SoftmaxCrossEntropy::divisor() const {
  return detail::divisor_of(coefficient_ ? *coefficient_ : totals_.slice(0, 1).item());
}

void SoftmaxCrossEntropy::check_gradient(const Array& x, const Array& gy) const {
  const Shape loss_shape = options_.reduce == Reduce::no ? detail::without_axis_1(x.shape()) : Shape{};
  if (gy.dtype() != x.dtype() || gy.shape() != loss_shape)
    throw Error(name(), ": the gradient of the loss must be ", x.dtype(), loss_shape, ", got ", gy);
}

namespace {

// Errors: `softmax_cross_entropy: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1`.
void check_labels(const Function& function, const Array& t, std::size_t n_class,
                  const std::optional<std::int64_t>& ignore_option) {
  const std::int64_t ignore_label = detail::ignored_label(ignore_option);
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    const detail::LabelTargets<double, Label> targets{t.data<Label>(), ignore_label, nullptr, n_class};
    std::size_t wrong = 0;  // counted, since a loop that ends early is not vectorised
    const auto count = [&wrong](auto all, std::size_t size) {
      std::size_t sum = 0;
      for (std::size_t p = 0; p < size; ++p) sum += static_cast<std::size_t>(all.is_wrong(p));
      wrong = sum;
    };
    cpu::at_level(count, targets, t.size());
    for (std::size_t p = 0; wrong > 0 && p < t.size(); ++p)
      if (targets.is_wrong(p))
        detail::throw_invalid_label(function.name().c_str(), t.shape(), static_cast<std::int64_t>(p),
                                    targets.label(p), static_cast<std::int64_t>(n_class), ignore_label);
    if (n_class == 2 && !ignore_option && detail::are_signs(targets.labels, t.size()))
      detail::refuse_signs(function.name().c_str());
  });
}

// ---- the divisor -----------------------------------------------------------------------------------------

template <class T, class Targets>
std::size_t count_valid(const Problem<T>& problem, const Targets& targets, std::size_t begin,
                        std::size_t end) {
  std::size_t count = 0;
  for (std::size_t p = begin; p < end; ++p)
    if (target_at(GroupOfOne(), targets, p, problem.lines.start(p)).valid) ++count;
  return count;
}

template <class T, class Label>
std::size_t count_valid(const Problem<T>&, const detail::LabelTargets<T, Label>& targets, std::size_t begin,
                        std::size_t end) {
  std::size_t count = 0;
  for (std::size_t p = begin; p < end; ++p) count += static_cast<std::size_t>(targets.is_valid(p));
  return count;
}

// The number of valid targets or the sum of their weights, whichever the divisor needs; the loss is 0.
template <class T>
Sums count_targets(const Problem<T>& problem, const Array& t, const SoftmaxCrossEntropyOptions& options) {
  Sums total;
  if (options.reduce != Reduce::mean || options.normalize == Normalize::batch_size) return total;
  SmallVector<Sums, 4> parts;
  parts.resize(cpu::softmax_task_count<T>(problem.lines));
  const std::size_t step = cpu::softmax_lines_per_task<T>(problem.lines);
  detail::visit_targets(t, problem, options.label_smoothing, options.ignore_label, [&](const auto& targets) {
    const auto count = [&](std::size_t task) {
      const std::size_t end = std::min((task + 1) * step, problem.positions());
      if (options.normalize == Normalize::valid_count) {
        parts[task].valid = count_valid(problem, targets, task * step, end);
        return;
      }
      for (std::size_t p = task * step; p < end; ++p) {
        const auto target = target_at(GroupOfOne(), targets, p, problem.lines.start(p));
        if (target.valid)
          parts[task].weight +=
              detail::weight_or_one(problem.sample_weight, p) * unsmoothed_total(GroupOfOne(), target);
      }
    };
    parallel_for(parts.size(), [&](std::size_t task) { cpu::at_level(count, task); });
  });
  for (const Sums& part : parts) {
    total.weight += part.weight;
    total.valid += part.valid;
  }
  return total;
}

// ---- all positions ---------------------------------------------------------------------------------------

// What a pass over x computes.
struct Pass {
  double loss = 0;           // the sum of the losses
  bool keeps_digits = true;  // of the gradient, if it is multiplied with gy later
};

// The targets of a chunk: ChunkLabels for labels.
template <class T, class Targets>
decltype(auto) targets_of(const Targets& targets, SoftmaxChunk<T>& chunk) {
  if constexpr (std::is_same_v<typename Targets::Target, detail::LabelTarget<T>>) {
    return detail::ChunkLabels<T>(targets, chunk);
  } else {
    return (targets);
  }
}

// One pass over x: the losses, if `with_loss`, and their gradient times `scale`, unless `gx` is null.
// `losses`: null, or where the loss of every position is stored.
template <class T>
Pass run_pass(const Problem<T>& problem, const Array& t, const SoftmaxCrossEntropyOptions& options,
              const Scale<T>& scale, T* losses, T* gx, bool with_loss = true) {
  SmallVector<Pass, 4> parts;
  parts.resize(cpu::softmax_task_count<T>(problem.lines));
  detail::visit_targets(
      t, problem, options.label_smoothing, options.ignore_label, [&](const auto& all_targets) {
        cpu::for_each_softmax_chunk<T>(problem.lines, [&](SoftmaxChunk<T>& chunk, std::size_t task) {
          const auto& targets = targets_of(all_targets, chunk);
          if (gx == nullptr) {
            chunk.log_sums(problem.x);
          } else {
            parts[task].keeps_digits &= chunk_gradients(problem, targets, scale, chunk, gx);
          }
          if (!with_loss) return;
          double chunk_loss[SoftmaxChunk<T>::size];
          chunk_losses(problem, targets, chunk, chunk_loss);
          parts[task].loss += detail::add_up(chunk_loss, chunk.count());
          if (losses != nullptr)
            std::transform(chunk_loss, chunk_loss + chunk.count(), losses + chunk.first(),
                           [](double loss) { return static_cast<T>(loss); });
        });
      });
  Pass total;
  for (const Pass& part : parts) {
    total.loss += part.loss;
    total.keeps_digits &= part.keeps_digits;
  }
  return total;
}

// The gradient of soft targets.
template <class T>
void target_gradients(const Problem<T>& problem, const Array& t, const SoftmaxCrossEntropyOptions& options,
                      const Scale<T>& scale, T divided_loss, T* gt) {
  const GroupOfOne group;
  const T smoothing = static_cast<T>(options.label_smoothing);
  const detail::SoftTargets<T> targets{t.data<T>(), problem.lines, problem.class_weight, smoothing,
                                       smoothing / static_cast<T>(problem.n_class())};
  cpu::for_each_softmax_chunk<T>(problem.lines, [&](SoftmaxChunk<T>& chunk, std::size_t) {
    chunk.log_sums(problem.x);
    for (std::size_t i = 0; i < chunk.count(); ++i) {
      const std::size_t p = chunk.first() + i;
      const std::size_t start = problem.lines.start(p);
      const SpreadTarget<T> target = target_at(group, targets, p, start);
      const Line<T> gradient = problem.line(gt, start);
      if (!target.valid) {
        fill_zero(group, gradient, problem.n_class());
      } else {
        target_gradient(group, target, scale(p), problem.line(problem.x, start), chunk[i], divided_loss,
                        gradient);
      }
    }
  });
}

constexpr std::size_t multiplications_worth_a_thread = std::size_t{1} << 17;

// gx := gy gx for a scalar gy.
template <class T>
void multiply_by_scalar(T gy, T* gx, std::size_t size) {
  parallel_ranges(size, multiplications_worth_a_thread, [&](std::size_t begin, std::size_t end) {
    cpu::at_level([=] {
      for (std::size_t i = begin; i < end; ++i) gx[i] = detail::product_or_zero(gx[i], gy);
    });
  });
}

// gx := gy gx with a gy for each position.
template <class T>
void multiply_by_positions(const Lines& lines, const T* gy, T* gx) {
  const std::size_t size = lines.length * lines.inner;  // of one outer index
  const std::size_t worthwhile = multiplications_worth_a_thread / std::max<std::size_t>(size, 1) + 1;
  parallel_ranges(lines.outer, worthwhile, [&](std::size_t begin, std::size_t end) {
    cpu::at_level([=] {
      for (std::size_t i = begin; i < end; ++i)
        for (std::size_t c = 0; c < lines.length; ++c) {
          T* const row = gx + i * size + c * lines.inner;
          for (std::size_t j = 0; j < lines.inner; ++j)
            row[j] = detail::product_or_zero(row[j], gy[i * lines.inner + j]);
        }
    });
  });
}

// Computes sums that are beyond the range of double again, with smaller weights. Returns the exponent of the
// power of two by which the loss is then too small: 0 where the weights are the divisor too, as the average
// does not depend on their scale.
int add_up_again(const Array& x, const Array& t, const SoftmaxCrossEntropyOptions& options,
                 Array& class_weight, Array& sample_weight, Sums& sums) {
  int exponent = 0;
  const Array ones = class_weight ? class_weight : Array::ones({x.shape()[1]}, x.dtype());
  const Array small_class_weight = detail::scaled_down(ones, detail::sum_exponent, exponent);
  const Array small_sample_weight = detail::scaled_down(sample_weight, 0, exponent);
  const Problem<double> problem(x, small_class_weight, small_sample_weight);
  Sums again = count_targets(problem, t, options);
  again.loss = run_pass<double>(problem, t, options, {}, nullptr, nullptr).loss;
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
  const Array& t = xs[1];
  if (!is_floating(t.dtype())) check_labels(*this, t, x.shape()[1], options_.ignore_label);
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    Array class_weight = options_.class_weight.to(x.device()).astype(x.dtype());
    Array sample_weight = options_.sample_weight.to(x.device()).astype(x.dtype());
    const Problem<T> problem(x, class_weight, sample_weight);
    const bool reduce = options_.reduce != Reduce::no;
    Array losses = Array::empty(reduce ? Shape{} : detail::without_axis_1(x.shape()), x.dtype());
    const bool keep = options_.cache_score && may_run_backward();
    Array gradient = keep ? Array::empty_like(x) : Array();

    Sums sums = count_targets(problem, t, options_);
    const auto coefficient_of = [&](const Sums& counted) {
      return detail::loss_coefficient(options_.reduce, options_.normalize, problem.batch_size(),
                                      counted.valid, counted.weight);
    };
    coefficient_ = coefficient_of(sums);
    const Pass pass = run_pass<T>(problem, t, options_, {*coefficient_, problem.sample_weight},
                                  reduce ? nullptr : losses.data<T>(), keep ? gradient.data<T>() : nullptr);
    sums.loss = pass.loss;
    int exponent = 0;
    if (std::is_same_v<T, double> && detail::beyond_range(sums, options_.reduce, options_.normalize)) {
      exponent = add_up_again(x, t, options_, class_weight, sample_weight, sums);
      coefficient_ = coefficient_of(sums);
      gradient = Array();  // it had another divisor
    }
    loss_ = *coefficient_ == 0 ? 0 : sums.loss * *coefficient_;
    if (exponent != 0) loss_ = std::ldexp(loss_, exponent);
    class_weight_ = std::move(class_weight);
    sample_weight_ = std::move(sample_weight);
    gradient_ = std::move(gradient);
    gradient_keeps_digits_ = pass.keeps_digits;
    if (reduce) losses.fill(loss_);
    return {losses};
  });
}

Arrays SoftmaxCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  const Array& t = xs[1];
  if (!coefficient_) forward_cpu(xs);
  check_gradient(x, gys[0]);
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, class_weight_, sample_weight_);
    const T* const gy = gys[0].data<T>();
    const bool each = options_.reduce == Reduce::no;
    const auto all_gy = [&](auto condition) { return std::all_of(gy, gy + gys[0].size(), condition); };
    const bool all_ones = all_gy([](T value) { return value == T{1}; });
    const bool all_finite = all_gy([](T value) { return std::isfinite(value); });
    const Scale<T> without_gy{*coefficient_, problem.sample_weight};
    const Scale<T> with_gy{*coefficient_, problem.sample_weight, gy, each};

    // The gradient for gy = 1 is multiplied with gy, unless it may lose digits: then gy is part of the
    // factors.
    bool multiply_later = all_ones || (all_finite && gradient_keeps_digits_);
    Array gx = detail::take_kept_gradient(*this, gradient_, x);
    const bool is_computed = gx && multiply_later;
    if (!gx) gx = new_gradient(0, x);
    if (!is_computed) {
      if (!is_floating(t.dtype())) check_labels(*this, t, x.shape()[1], options_.ignore_label);
      const auto compute = [&](const Scale<T>& scale) {
        return run_pass<T>(problem, t, options_, scale, nullptr, gx.data<T>(), false);
      };
      multiply_later = multiply_later && (compute(without_gy).keeps_digits || all_ones);
      if (!multiply_later) compute(with_gy);
    }
    if (multiply_later && !all_ones) {
      if (each) {
        multiply_by_positions(problem.lines, gy, gx.data<T>());
      } else {
        multiply_by_scalar(gy[0], gx.data<T>(), gx.size());
      }
    }
    if (!is_floating(t.dtype()) || !needs_grad(1)) return {gx, Array()};
    Array gt = new_gradient(1, t);
    const bool divides = detail::divides_by_weights(options_.reduce, options_.normalize);
    target_gradients<T>(problem, t, options_, with_gy, divides ? static_cast<T>(loss_) : T{0}, gt.data<T>());
    return {gx, gt};
  });
}

TENBIN_NO_GPU(SoftmaxCrossEntropy);

}  // namespace tenbin
