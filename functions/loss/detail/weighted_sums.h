// The weights of losses: their checks, their products with losses and gradients, and sums that may exceed the
// range of double.
// Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/function.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin::detail {

// ---- checks ----------------------------------------------------------------------------------------------

// The name for an error, of a Function or of a function. Called only to throw, as it may allocate.
inline std::string name_of(const Function& function) { return function.name(); }
inline const char* name_of(const char* function) { return function; }

// Errors: `ldam_loss: margin must be float32 or float64 of shape (3), got float32(2) for float32(4, 3)`.
template <class Caller>
void require_floats(const Caller& caller, const char* argument, const Array& values, const Shape& shape,
                    const Array& x) {
  if (!values || !is_floating(values.dtype()) || values.shape() != shape)
    throw Error(name_of(caller), ": ", argument, " must be float32 or float64 of shape ", shape, ", got ",
                values, " for ", x);
}

// Checks floating `values` as they are used, in x's dtype. Errors, of values on a device at the next read:
// `ldam_loss: margin must be finite and not negative, got -1 at 2`.
template <class Caller>
void require_finite(const Caller& caller, const char* argument, const Array& values, Sign sign,
                    const Array& x) {
  if (!values.device().is_cpu())
    return accelerator::require_finite(name_of(caller), argument, values, x.dtype(), sign);
  const Array used = values.astype(x.dtype()).astype(Dtype::float64);
  const double* value = used.data<double>();
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (std::isfinite(value[i]) && (value[i] >= 0 || sign == Sign::any)) continue;
    const std::string name = name_of(caller);
    throw_not_finite((name + ": " + argument).c_str(), sign, value[i], static_cast<std::int64_t>(i));
  }
}

// The weights of an option; empty: ones. Where they and x are on a device, the loss's kernels check that they
// are finite.
template <class Caller>
void require_weights(const Caller& caller, const char* option, const Array& weights, const Shape& shape,
                     const Array& x) {
  if (!weights) return;
  require_floats(caller, option, weights, shape, x);
  if (weights.device().is_cpu() || x.device().is_cpu())
    require_finite(caller, option, weights, Sign::not_negative, x);
}

// ---- products --------------------------------------------------------------------------------------------

// Whether a weight is finite in T. A product of weights may be infinite where the other factor is 0 or small.
template <class T>
constexpr bool fits(double weight) {
  constexpr double most = std::numeric_limits<T>::max();
  return !(weight > most || weight < -most);
}

// The product of two factors of a gradient. A factor of 0, such as a weight, leaves the term out, also where
// the other one, such as gy, is infinite or NaN.
template <class T>
constexpr T product_or_zero(T a, T b) {
  return a == T{0} || b == T{0} ? T{0} : a * b;
}

// slope * scale * weight, in double; 0 stays 0.
template <class T>
constexpr T scaled(T slope, double scale, double weight) {
  return slope == T{0} ? T{0} : static_cast<T>(static_cast<double>(slope) * scale * weight);
}

// term * outer * weight of an element. If the outer factor or the weight is 0, the term is left out: it may
// be infinite or NaN. The product of both may be infinite where that of all three is not. Without branches.
constexpr double weighted(double term, double outer, double weight) {
  constexpr double most = std::numeric_limits<double>::max();
  const double factor = outer * weight;
  const bool is_infinite = factor > most || factor < -most;
  const double late = term == 0 ? 0 : term * outer * weight;
  const double product = is_infinite ? late : factor * term;
  return outer == 0 || weight == 0 ? 0 : product;
}

// The loss of an element with weight 1, and its derivative.
template <class T>
struct Terms {
  T value;
  T slope;
};

// The weight of element i; 0 if it is ignored.
template <class Elements>
constexpr typename Elements::Scalar weight_or_zero(const Elements& elements, std::size_t i) {
  return elements.is_valid(i) ? elements.weight(i) : typename Elements::Scalar{0};
}

// The weights of label 0 and of all other valid labels; `are_all`: every weight is one of them.
template <class T>
struct TwoWeights {
  bool are_all;
  T of_zero;
  T of_others;
};

// The pointer, or null for an empty array.
template <class T>
const T* data_or_null(const Array& array) {
  return array ? array.data<T>() : nullptr;
}

// The weight of the sample at a position; `weights` null: ones.
template <class T>
double weight_or_one(const T* weights, std::size_t position) {
  return weights == nullptr ? 1 : static_cast<double>(weights[position]);
}

// What the loss, or the gradient, of each element or position is multiplied with besides the weight of its
// class: for a gradient gy times one over the divisor, and the weight of the sample. In double: the product
// may be representable where its parts are not.
template <class T>
struct Scale {
  double coefficient;
  const T* sample_weight;  // null: ones
  const T* gy = nullptr;   // null: 1
  bool gy_of_each = false;

  double operator()(std::size_t p) const {
    const double outer = gy == nullptr
                             ? coefficient
                             : product_or_zero(static_cast<double>(gy[gy_of_each ? p : 0]), coefficient);
    return sample_weight == nullptr ? outer : product_or_zero(outer, static_cast<double>(sample_weight[p]));
  }
  // The same for `count` of them, in loops that are vectorised.
  void fill(std::size_t first, std::size_t count, double* factors) const {
    if (gy != nullptr && gy_of_each) {
      for (std::size_t i = 0; i < count; ++i)
        factors[i] = product_or_zero(static_cast<double>(gy[first + i]), coefficient);
    } else {
      const double outer =
          gy == nullptr ? coefficient : product_or_zero(static_cast<double>(*gy), coefficient);
      std::fill_n(factors, count, outer);
    }
    if (sample_weight == nullptr) return;
    for (std::size_t i = 0; i < count; ++i)
      factors[i] = product_or_zero(factors[i], static_cast<double>(sample_weight[first + i]));
  }
  // Whether it is the coefficient for every position.
  bool is_constant() const { return gy == nullptr && sample_weight == nullptr; }
};

// ---- sums ------------------------------------------------------------------------------------------------

// One over the divisor of the summed loss; 0 if the divisor is 0: no valid labels, or weights that sum to 0.
constexpr double loss_coefficient(Reduce reduce, Normalize normalize, std::size_t batch_size,
                                  std::size_t valid_count, double weight_sum) {
  if (reduce != Reduce::mean) return 1;
  using Limits = std::numeric_limits<double>;
  double divisor = weight_sum;
  if (normalize == Normalize::valid_count) divisor = static_cast<double>(valid_count);
  if (normalize == Normalize::batch_size) divisor = static_cast<double>(batch_size);
  return divisor >= Limits::min() && divisor <= Limits::max() ? 1 / divisor : 0;
}

// The sum of losses: in interleaved parts, since an addition waits for the one before it.
inline double add_up(const double* losses, std::size_t count) {
  constexpr std::size_t parts = 32;
  double part[parts] = {};
  std::size_t i = 0;
  for (; i + parts <= count; i += parts)
    for (std::size_t j = 0; j < parts; ++j) part[j] += losses[i + j];
  for (std::size_t j = 0; i + j < count; ++j) part[j] += losses[i + j];
  for (std::size_t half = parts / 2; half > 0; half /= 2)
    for (std::size_t j = 0; j < half; ++j) part[j] += part[j + half];
  return part[0];
}

// The sums over some positions.
struct Sums {
  double loss = 0;
  double weight = 0;
  std::size_t valid = 0;
};

// On the CPU a sum of float64 losses or weights that is infinite is computed a second time, with weights that
// are 2^exponent times smaller. On a GPU, where this would take another launch, it stays infinite.

// With terms that are 2^sum_exponent times smaller, as many of them as fit in memory have a finite sum.
constexpr int sum_exponent = 64;

// `weights`, float64 on the CPU, divided by a power of two so that the largest is about 2^-room; its exponent
// is added to `exponent`. An empty array stays empty.
inline Array scaled_down(const Array& weights, int room, int& exponent) {
  if (!weights) return weights;
  const double* const weight = weights.data<double>();
  const double largest = std::accumulate(weight, weight + weights.size(), 0.0,
                                         [](double a, double b) { return std::max(a, b); });
  const int down = (largest > 0 ? std::ilogb(largest) : 0) + room;
  exponent += down;
  return cpu::map([down](auto w) { return std::ldexp(w, -down); }, weights);
}

constexpr bool divides_by_weights(Reduce reduce, Normalize normalize) {
  return reduce == Reduce::mean && normalize == Normalize::weight_sum;
}

// Whether the sums have to be computed a second time. A sum of weights matters where it is the divisor; then
// its inverse must be finite too.
inline bool beyond_range(const Sums& sums, Reduce reduce, Normalize normalize) {
  if (reduce == Reduce::no) return false;
  return !std::isfinite(sums.loss) || (divides_by_weights(reduce, normalize) && !std::isnormal(sums.weight));
}

}  // namespace tenbin::detail
