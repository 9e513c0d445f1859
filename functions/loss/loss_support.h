// What the losses that are made of other losses share. Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

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

// Errors: `ldam_loss: t must be int32 or int64 labels, got float32(4, 3)`.
template <class Caller>
void require_labels(const Caller& caller, const Array& t) {
  if (t.dtype() != Dtype::int32 && t.dtype() != Dtype::int64)
    throw Error(name_of(caller), ": t must be int32 or int64 labels, got ", t);
}

enum class Sign : unsigned char { any, not_negative };

// Of floating `values`, as they will be used, in x's dtype. Errors:
// `ldam_loss: margin must be finite and not negative, got -1 at 2`.
template <class Caller>
void require_finite(const Caller& caller, const char* argument, const Array& values, Sign sign,
                    const Array& x) {
  const Array used = values.to(Device::cpu()).astype(x.dtype()).astype(Dtype::float64);
  const double* value = used.data<double>();
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!std::isfinite(value[i]) || (value[i] < 0 && sign == Sign::not_negative))
      throw Error(name_of(caller), ": ", argument, " must be finite",
                  sign == Sign::any ? "" : " and not negative", ", got ", value[i], " at ", i);
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

// One over what `reduce` divides the summed loss by; 0 if the weights add up to nothing.
inline double loss_coefficient(Reduce reduce, Normalize normalize, std::size_t batch_size,
                               std::size_t valid_count, double weight_sum) {
  if (reduce != Reduce::mean) return 1;
  switch (normalize) {
    case Normalize::valid_count:
      return 1 / static_cast<double>(std::max<std::size_t>(valid_count, 1));
    case Normalize::batch_size:
      return 1 / static_cast<double>(std::max<std::size_t>(batch_size, 1));
    case Normalize::weight_sum:
      break;
  }
  return std::isnormal(weight_sum) ? 1 / weight_sum : 0;
}

}  // namespace tenbin::detail
