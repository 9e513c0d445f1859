#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"

namespace tenbin {

Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options) {
  return apply<SoftmaxCrossEntropy>({x, t}, std::move(options));
}

// ---- checks
// ------------------------------------------------------------------------------------------------

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
  const Array host = weights.to(Device::cpu()).astype(x.dtype());  // as it will be used
  visit_floating(host.dtype(), [&](auto zero) {
    const auto* values = host.data<decltype(zero)>();
    for (std::size_t i = 0; i < host.size(); ++i)
      if (!(values[i] >= 0) || !std::isfinite(values[i]))
        throw Error(function.name(), ": ", option, " must be finite and not negative, got ", values[i],
                    " at ", i);
  });
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

// ---- one position
// ------------------------------------------------------------------------------------------

namespace {

// C values that lie `stride` apart: the class axis at one position.
template <class T>
struct Row {
  T* values;
  std::size_t stride;

  T& operator[](std::size_t c) const { return values[c * stride]; }
};

// log softmax(x)[c] = (x[c] - max) - log_sum. Kept apart: their sum would round at the magnitude of max.
template <class T>
struct LogSum {
  T max;
  T log_sum;

  // In double, where the difference of two floats cannot overflow and a sum of losses keeps their digits.
  double log_softmax(T x) const {
    return (static_cast<double>(x) - static_cast<double>(max)) - static_cast<double>(log_sum);
  }
  T softmax(T x) const { return std::exp((x - max) - log_sum); }
};

template <class T>
LogSum<T> log_sum_exp(Row<const T> x, std::size_t n_class) {
  T max = x[0];
  for (std::size_t c = 1; c < n_class; ++c) max = std::max(max, x[c]);
  // Short sums in T, their sum in double: the digits stay right for any number of classes.
  constexpr std::size_t chunk = 64;
  double sum = 0;
  for (std::size_t first = 0; first < n_class; first += chunk) {
    T part = 0;
    for (std::size_t c = first; c < std::min(first + chunk, n_class); ++c) part += std::exp(x[c] - max);
    sum += static_cast<double>(part);
  }
  return {max, std::log(static_cast<T>(sum))};
}

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

  void gradient(Row<const T> x, LogSum<T> norm, double scale, Row<T> gx) const {
    const T factor = static_cast<T>(scale * static_cast<double>(weight));
    if (factor == T{0}) return fill_zero(gx, n_class);
    for (std::size_t c = 0; c < n_class; ++c)
      gx[c] = factor * (norm.softmax(x[c]) - (c == label ? T{1} : T{0}));
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

  void gradient(Row<const T> x, LogSum<T> norm, double scale, Row<T> gx) const {
    double sum = 0;
    bool any = false;
    for (std::size_t c = 0; c < n_class; ++c) {
      sum += static_cast<double>(amount(c));
      any = any || amount(c) != T{0};
    }
    if (scale == 0 || !any) return fill_zero(gx, n_class);
    const T total = static_cast<T>(sum);
    for (std::size_t c = 0; c < n_class; ++c)
      gx[c] = static_cast<T>(scale * static_cast<double>(total * norm.softmax(x[c]) - amount(c)));
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

// ---- all positions
// -----------------------------------------------------------------------------------------

// Pointers and sizes of one problem. Position p = i * inner + j of t is column j of block i of x.
template <class T>
struct Problem {
  const T* x;
  std::size_t batch, n_class, inner;
  Array class_weight, sample_weight;  // as T on x's device, or none

  Problem(const Array& scores, const SoftmaxCrossEntropyOptions& options)
      : x(scores.data<T>()),
        batch(scores.shape()[0]),
        n_class(scores.shape()[1]),
        inner(batch == 0 ? 0 : scores.size() / (batch * n_class)),
        class_weight(options.class_weight.to(scores.device()).astype(scores.dtype())),
        sample_weight(options.sample_weight.to(scores.device()).astype(scores.dtype())) {}

  std::size_t positions() const { return batch * inner; }
  template <class U>
  Row<U> row(U* values, std::size_t p) const {
    return {values + p / inner * n_class * inner + p % inner, inner};
  }
  T sample(std::size_t p) const { return sample_weight ? sample_weight.template data<T>()[p] : T{1}; }
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

// Calls `f(p, target)` for every position. Errors: a label out of range, before f has seen any position.
template <class T, class F>
void for_each_label(const Function& function, const Problem<T>& problem, const Array& t,
                    const SoftmaxCrossEntropyOptions& options, F f) {
  const T* weights = problem.class_weight ? problem.class_weight.template data<T>() : nullptr;
  const std::size_t n_class = problem.n_class;
  visit_integer(t.dtype(), [&](auto label_zero) {
    const auto* labels = t.data<decltype(label_zero)>();
    const auto is_ignored = [&](std::size_t p) { return std::int64_t{labels[p]} == options.ignore_label; };
    for (std::size_t p = 0; p < problem.positions(); ++p) {
      const std::int64_t label = labels[p];
      if (!is_ignored(p) && (label < 0 || static_cast<std::uint64_t>(label) >= n_class))
        throw Error(function.name(), ": ", position_name(t, p), " is ", label, ", expected a label in [0, ",
                    n_class, ") or ignore_label ", options.ignore_label);
    }
    const T smoothing = static_cast<T>(options.label_smoothing);
    for (std::size_t p = 0; p < problem.positions(); ++p) {
      const bool valid = !is_ignored(p);
      const std::size_t label = valid ? static_cast<std::size_t>(labels[p]) : 0;
      if (smoothing == T{0}) {
        f(p, LabelTarget<T>{valid, label, weights == nullptr ? T{1} : weights[label], n_class});
      } else {
        f(p, SpreadTarget<T>{valid, {nullptr, 0}, label, weights, smoothing, n_class});
      }
    }
  });
}

template <class T>
bool all_zero(Row<const T> row, std::size_t count) {
  for (std::size_t c = 0; c < count; ++c)
    if (row[c] != T{0}) return false;
  return true;
}

template <class T, class F>
void for_each_target(const Function& function, const Problem<T>& problem, const Array& t,
                     const SoftmaxCrossEntropyOptions& options, F f) {
  if (!has_soft_targets(t)) {
    for_each_label<T>(function, problem, t, options, f);
    return;
  }
  const T* weights = problem.class_weight ? problem.class_weight.template data<T>() : nullptr;
  const T smoothing = static_cast<T>(options.label_smoothing);
  for (std::size_t p = 0; p < problem.positions(); ++p) {
    const Row<const T> soft = problem.row(t.data<T>(), p);
    f(p, SpreadTarget<T>{!all_zero(soft, problem.n_class), soft, 0, weights, smoothing, problem.n_class});
  }
}

// What the summed loss is multiplied by.
double coefficient(const SoftmaxCrossEntropyOptions& options, std::size_t batch, std::size_t valid_count,
                   double weight_sum) {
  if (options.reduce != Reduce::mean) return 1;
  switch (options.normalize) {
    case Normalize::valid_count:
      return 1 / static_cast<double>(std::max<std::size_t>(valid_count, 1));
    case Normalize::batch_size:
      return 1 / static_cast<double>(std::max<std::size_t>(batch, 1));
    case Normalize::weight_sum:
      return std::isnormal(weight_sum) ? 1 / weight_sum : 0;
  }
  return 1;
}

}  // namespace

Arrays SoftmaxCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, options_);
    const bool reduce = options_.reduce != Reduce::no;
    Array losses = Array::empty(reduce ? Shape{} : position_shape(x), x.dtype());
    Array log_sums;
    if (options_.cache_score) log_sums = Array::empty({problem.positions(), 2}, x.dtype());

    double loss_sum = 0;
    double weight_sum = 0;
    std::size_t valid_count = 0;
    for_each_target(*this, problem, xs[1], options_, [&](std::size_t p, const auto& target) {
      double loss = 0;
      if (target.valid) {
        const Row<const T> row = problem.row(problem.x, p);
        const LogSum<T> norm = log_sum_exp(row, problem.n_class);
        if (log_sums) {
          log_sums.data<T>()[2 * p] = norm.max;
          log_sums.data<T>()[2 * p + 1] = norm.log_sum;
        }
        const T sample = problem.sample(p);
        if (sample != T{0}) loss = static_cast<double>(sample) * target.cross_entropy(row, norm);
        loss_sum += loss;
        weight_sum += static_cast<double>(sample) * target.unsmoothed_total();
        ++valid_count;
      }
      if (!reduce) losses.data<T>()[p] = static_cast<T>(loss);
    });

    coefficient_ = coefficient(options_, problem.batch, valid_count, weight_sum);
    loss_ = *coefficient_ == 0 ? 0 : loss_sum * *coefficient_;
    log_sums_ = log_sums;
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
  if (log_sums_ && log_sums_.size() != 2 * element_count(position_shape(x)))
    throw Error(name(), ": backward got another x than forward, ", x);
  return visit_floating(x.dtype(), [&](auto zero) -> Arrays {
    using T = decltype(zero);
    const Problem<T> problem(x, options_);
    const T* gy = gys[0].data<T>();
    const T* cached = log_sums_ ? log_sums_.data<T>() : nullptr;
    const T divided_loss = options_.reduce == Reduce::mean && options_.normalize == Normalize::weight_sum
                               ? static_cast<T>(loss_)
                               : T{0};

    Array gx = new_gradient(0, x);
    Array gt = has_soft_targets(t) && needs_grad(1) ? new_gradient(1, t) : Array();
    for_each_target(*this, problem, t, options_, [&](std::size_t p, const auto& target) {
      const Row<T> gx_row = problem.row(gx.data<T>(), p);
      if (!target.valid) {
        fill_zero(gx_row, problem.n_class);
        if (gt) fill_zero(problem.row(gt.data<T>(), p), problem.n_class);
        return;
      }
      const Row<const T> row = problem.row(problem.x, p);
      const LogSum<T> norm =
          cached != nullptr ? LogSum<T>{cached[2 * p], cached[2 * p + 1]} : log_sum_exp(row, problem.n_class);
      // In double: the product may be representable where its parts are not.
      const double scale = static_cast<double>(gy[options_.reduce == Reduce::no ? p : 0]) * *coefficient_ *
                           static_cast<double>(problem.sample(p));
      target.gradient(row, norm, scale, gx_row);
      if constexpr (std::is_same_v<std::decay_t<decltype(target)>, SpreadTarget<T>>)
        if (gt) target.target_gradient(row, norm, scale, divided_loss, problem.row(gt.data<T>(), p));
    });
    return {gx, gt};
  });
}

TENBIN_NO_GPU(SoftmaxCrossEntropy);

}  // namespace tenbin
