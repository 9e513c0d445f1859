// What the losses that are made of other losses share. Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "tenbin/core/labels.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cuda/constant.h"
#include "tenbin/cuda/fault.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"

namespace tenbin::detail {

// A loss under the name of the one that is made of it, so that its errors name what the user called.
template <class Loss>
class Named : public Loss {
 public:
  template <class Options>
  Named(const char* name, Options&& options) : Loss(std::forward<Options>(options)), name_(name) {}
  std::string name() const override { return name_; }

 private:
  const char* name_;
};

// Who complains, a Function or a function; asked only when there is something to complain about.
inline std::string name_of(const Function& function) { return function.name(); }
inline const char* name_of(const char* function) { return function; }

inline constexpr const char* no_soft_targets = "; soft targets are not supported";

// Errors: `ldam_loss: t must be int32, int64 or uint8, got float32(4); did you mean t.astype(Dtype::int32)?`,
// or another hint.
template <class Caller>
void require_targets(const Caller& caller, const Array& t,
                     const char* hint = "; did you mean t.astype(Dtype::int32)?") {
  if (!is_integer(t.dtype())) require_labels(std::string(name_of(caller)).c_str(), "t", t, hint);
}

// The same for a label per position of x, (N, C, ...): t of x's shape is taken for soft targets.
template <class Caller>
void require_targets(const Caller& caller, const Array& x, const Array& t) {
  if (is_floating(t.dtype()) && t.shape() == x.shape()) return require_targets(caller, t, no_soft_targets);
  require_targets(caller, t);
}

// The label that is ignored: an option that nobody has set is -1.
inline std::int64_t ignored(const std::optional<std::int64_t>& ignore_label) {
  return ignore_label.value_or(-1);
}

// Two classes as -1 and 1, where they would be taken for ignored rows and class 1: half of the data would not
// count, and nothing would say so. Checked on the CPU only, where labels are read anyway. Errors:
// `softmax_cross_entropy: the labels in t are -1 and 1, but classes are 0 and 1, and -1 is ignored: map -1 to
// 0, or pass .ignore_label = -1 if -1 marks what is to be ignored`.
template <class Label>
void require_no_signs(const Function& function, const Label* t, std::size_t size,
                      const std::optional<std::int64_t>& ignore_label) {
  if (!ignore_label && are_signs(t, size))
    throw Error(function.name(),
                ": the labels in t are -1 and 1, but classes are 0 and 1, and -1 is ignored: map -1 to 0, or "
                "pass .ignore_label = -1 if -1 marks what is to be ignored");
}

enum class Sign : unsigned char { any, not_negative };

// Of floating `values`, as they will be used, in x's dtype. Errors, of values on a device at the next read:
// `ldam_loss: margin must be finite and not negative, got -1 at 2`.
template <class Caller>
void require_finite(const Caller& caller, const char* argument, const Array& values, Sign sign,
                    const Array& x) {
  const bool not_negative = sign == Sign::not_negative;
  if (!values.device().is_cpu())
    return gpu::require_finite(name_of(caller), argument, values, x.dtype(), not_negative);
  const Array used = values.astype(x.dtype()).astype(Dtype::float64);
  const double* value = used.data<double>();
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (std::isfinite(value[i]) && (value[i] >= 0 || !not_negative)) continue;
    gpu::Fault fault = gpu::finite_fault(name_of(caller), argument, values.shape(), not_negative);
    fault.position = static_cast<std::int64_t>(i);
    fault.value = value[i];
    fault.raise(fault);
  }
}

// One finite number per class of x, (N, C, ...). Errors: also
// `ldam_loss: margin must be float32 or float64 of shape (3), got float32(2) for float32(4, 3)`.
template <class Caller>
void require_per_class(const Caller& caller, const char* argument, const Array& values, Sign sign,
                       const Array& x) {
  const Shape shape{x.shape()[1]};
  if (!values || !is_floating(values.dtype()) || values.shape() != shape)
    throw Error(name_of(caller), ": ", argument, " must be float32 or float64 of shape ", shape, ", got ",
                values, " for ", x);
  require_finite(caller, argument, values, sign, x);
}

// x's shape without the class axis.
inline Shape position_shape(const Array& x) {
  Shape shape{x.shape()[0]};
  for (std::size_t axis = 2; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  return shape;
}

// The index of an element of t, for people: `t[2]` or `t[2, 0, 1]`.
inline std::string position_name(const Shape& shape, std::size_t p) {
  const Shape index = unravel_index(p, shape);
  TextStream name;
  for (std::size_t axis = 0; axis < index.size(); ++axis) name << (axis == 0 ? "t[" : ", ") << index[axis];
  name << ']';
  return name.str();
}

// `softmax_cross_entropy: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1`, where and what to be
// filled in.
inline gpu::Fault label_fault(const Function& function, const Array& t, std::size_t n_class,
                              std::int64_t ignore_label) {
  gpu::Fault fault(function.name(), t.shape(), [](const gpu::Fault& found) {
    throw Error(found.function, ": ", position_name(found.shape, static_cast<std::size_t>(found.position)),
                " is ", found.label, ", expected a label in [0, ", found.bounds[0], ") or ignore_label ",
                found.bounds[1]);
  });
  fault.bounds[0] = static_cast<std::int64_t>(n_class);
  fault.bounds[1] = ignore_label;
  return fault;
}

// `sigmoid_cross_entropy: t must be 0, 1 or -1 (ignore_label), got 2 at position 0`, the last two to be
// filled in.
inline gpu::Fault binary_label_fault(const Function& function, std::int64_t ignore_label) {
  gpu::Fault fault(function.name(), {}, [](const gpu::Fault& found) {
    throw Error(found.function, ": t must be 0, 1 or ", found.bounds[0], " (ignore_label), got ", found.label,
                " at position ", found.position);
  });
  fault.bounds[0] = ignore_label;
  return fault;
}

// Whether a weight is finite in T. A product of weights may be infinite where the other factor is 0 or
// small.
template <class T>
constexpr bool fits(double weight) {
  constexpr double most = std::numeric_limits<T>::max();
  return !(weight > most || weight < -most);
}

// slope * scale * weight, in double; 0 stays 0.
template <class T>
constexpr T scaled(T slope, double scale, double weight) {
  return slope == T{0} ? T{0} : static_cast<T>(static_cast<double>(slope) * scale * weight);
}

// ---- sums beyond the range of double ---------------------------------------------------------------------
//
// On the CPU: where losses or weights of float64 add up to an infinity, they are added up once more with
// weights that are 2^exponent times smaller. On a GPU, which would need another launch, they are not.

// Brings a term so far down that as many of them as memory holds add up to no infinity.
constexpr int sum_exponent = 64;

// What the losses of some positions add up to.
struct Sums {
  double loss = 0;
  double weight = 0;
  std::size_t valid = 0;
};

// `weights`, float64 on the CPU, divided by a power of two so that the largest is 2^-room or a bit more; its
// exponent is added to `exponent`. None stays none.
inline Array scaled_down(const Array& weights, int room, int& exponent) {
  if (!weights) return weights;
  const double* const weight = weights.data<double>();
  const double largest = std::accumulate(weight, weight + weights.size(), 0.0,
                                         [](double a, double b) { return std::max(a, b); });
  const int down = (largest > 0 ? std::ilogb(largest) : 0) + room;
  exponent += down;
  return cpu::map([down](auto w) { return std::ldexp(w, -down); }, weights);
}

// Whether they have to be added up once more. A sum of weights counts where it is the divisor; it must not be
// so small either that its inverse is an infinity.
inline bool beyond_range(const Sums& sums, Reduce reduce, Normalize normalize) {
  const bool divides = reduce == Reduce::mean && normalize == Normalize::weight_sum;
  return reduce != Reduce::no && (!std::isfinite(sums.loss) || (divides && !std::isnormal(sums.weight)));
}

// One over what `reduce` divides the summed loss by; 0 if the weights add up to nothing.
constexpr double loss_coefficient(Reduce reduce, Normalize normalize, std::size_t batch_size,
                                  std::size_t valid_count, double weight_sum) {
  if (reduce != Reduce::mean) return 1;
  using Limits = std::numeric_limits<double>;
  double divisor = weight_sum;
  if (normalize == Normalize::valid_count)
    divisor = static_cast<double>(std::max<std::size_t>(valid_count, 1));
  if (normalize == Normalize::batch_size) divisor = static_cast<double>(std::max<std::size_t>(batch_size, 1));
  return divisor >= Limits::min() && divisor <= Limits::max() ? 1 / divisor : 0;
}

}  // namespace tenbin::detail
